"""The names of what an attempt may hold a slot in, as cells have them (``lua/scope.lua``)."""


def queue_scope(queue: str) -> str:
    """Return the scope of a queue."""
    return f"q/{queue}"


def tenant_scope(tenant: str) -> str:
    """Return the scope of a tenant."""
    return f"n/{tenant}"


def open_scope(tenant: str) -> str:
    """Return the name under which all open tasks of a tenant are counted; nobody holds a slot in it."""
    return f"o/{tenant}"


def type_scope(task_type: str) -> str:
    """Return the scope of a task type."""
    return f"t/{task_type}"


def key_scope(tenant: str, key: str) -> str:
    """Return the scope of a tenant's concurrency key."""
    return f"k/{tenant}/{key}"
