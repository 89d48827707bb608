"""What is told of an operation of the API."""

from typing import Any, NamedTuple

from msgspec import Struct

from xqueue_common.registry.records import Role


class Operation(NamedTuple):
    """One operation.

    Attributes:
        role: what its caller must be allowed to do; None: nobody has to say who they are.
        name: of the method that serves it; its id in the document.
        method: HTTP method.
        path: with parameters in braces.
        summary: what it does, in a few words.
        answers: the type of the body by status; None for a text, bytes for those of a file.
        problems: statuses of problems that it may answer.
        query: its query parameters.
        body: the type of its request body; bytes for those of a file.
        bodiless: whether it may come without the body.
        form: whether that comes as a form (multipart/form-data), not as JSON.
        keyed: whether it takes an ``Idempotency-Key``.
        rest: whether the last parameter takes the rest of the path, slashes and all.
    """

    role: Role | None
    name: str
    method: str
    path: str
    summary: str
    answers: dict[int, Any]
    problems: tuple[int, ...] = ()
    query: type[Struct] | None = None
    body: type[Struct] | type[bytes] | None = None
    keyed: bool = False
    rest: bool = False
    bodiless: bool = False
    form: bool = False
