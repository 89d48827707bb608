"""The operations on artifacts."""

from xqueue_common.artifacts import Artifact
from xqueue_common.registry.records import Role
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.query import NameQuery

_ALL = "/api/v1/artifacts"
_ONE = f"{_ALL}/{{id}}"

ARTIFACT_OPERATIONS = (
    Operation(
        Role.SUBMIT,
        "upload_artifact",
        "POST",
        _ALL,
        "Upload a file: the body is its bytes, Content-Type its type",
        {201: Artifact},
        (400, 413, 415, 422, 503),
        query=NameQuery,
        body=bytes,
        bodiless=True,
    ),
    Operation(
        Role.READ,
        "get_artifact",
        "GET",
        _ONE,
        "Download a file, or the part that a Range header asks for",
        {200: bytes, 206: bytes, 304: None},
        (404, 416, 422, 503),
    ),
    Operation(
        Role.READ,
        "head_artifact",
        "HEAD",
        _ONE,
        "Ask how large a file is and of what type",
        {200: None},
        (404, 422, 503),
    ),
    Operation(Role.ADMIN, "delete_artifact", "DELETE", _ONE, "Delete a file", {204: None}, (404, 422, 503)),
)
