"""The operations that describe the API."""

from typing import Any

from xqueue_gateway.http.operation import Operation

DOCUMENT_OPERATIONS = (
    Operation(None, "get_openapi", "GET", "/openapi.json", "This document", {200: Any}),
    Operation(
        None,
        "get_asyncapi",
        "GET",
        "/asyncapi.yaml",
        "What is told without being asked: WebSocket, server-sent events, MQTT, Kafka (AsyncAPI 3.0)",
        {200: None},
    ),
    Operation(None, "get_docs", "GET", "/docs", "This document as a page, to read and to try", {200: None}),
    Operation(None, "get_docs_file", "GET", "/docs/{file}", "A part of that page", {200: bytes}, (404,)),
)
