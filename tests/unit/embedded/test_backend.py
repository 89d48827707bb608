from pathlib import Path

import pytest

from xqueue_embedded.supervise.backend import NAME, backend_for

LOGS = Path("logs")


def test_workers_are_told_of_it_as_the_server_of_both_pools() -> None:
    server = backend_for({"IMAGE_GEN_URL_1": " ", "XQ_HANDLERS": "mine"}, LOGS)

    assert server is not None
    assert (server.name, server.log) == (NAME, LOGS / "backend.log")
    assert server.told() == {"IMAGE_GEN_URL_1": server.where, "WHISPER_URL_1": server.where}


@pytest.mark.parametrize("variable", ["IMAGE_GEN_URL_1", "WHISPER_URL_12", "XQ_BACKENDS", "IMAGE_GEN_URL"])
def test_who_names_servers_gets_no_other(variable: str) -> None:
    assert backend_for({variable: "http://gpu:9000"}, LOGS) is None
