"""Paths of things that have a name."""

from urllib.parse import quote

from xqueue_client.errors import NotFound


def path_of(folder: str, what: str, name: str) -> str:
    """Return where the thing of this name is.

    Raises:
        NotFound: nothing has such a name.
    """
    if name in ("", ".", ".."):  # another path, once servers and proxies have tidied it up
        raise NotFound(404, f"there is no {what} {name!r}")
    return f"{folder}/{quote(name, safe='')}"
