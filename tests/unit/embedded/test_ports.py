import socket
from pathlib import Path

import pytest

from xqueue_embedded.ports import free_port, is_free, kept_port


def test_the_same_port_is_chosen_the_next_time(tmp_path: Path) -> None:
    note = tmp_path / "kafka" / "port"

    assert kept_port(note) == kept_port(note)


def test_a_port_that_somebody_took_meanwhile_is_not_chosen_again(tmp_path: Path) -> None:
    note = tmp_path / "port"
    port = kept_port(note)
    with socket.create_server(("127.0.0.1", port)):
        assert kept_port(note) != port


def test_an_unreadable_note_is_no_obstacle(tmp_path: Path) -> None:
    note = tmp_path / "port"
    note.write_text("no number")

    assert is_free(kept_port(note))


def test_a_wish_is_granted(tmp_path: Path) -> None:
    wish = free_port()

    assert kept_port(tmp_path / "port", wanted=wish) == wish


@pytest.mark.parametrize("_", range(20))
def test_no_port_is_one_that_the_system_lends_to_clients(_: int) -> None:
    assert free_port() < 32_768


def test_ports_that_nobody_has_opened_yet_are_not_given_to_others() -> None:
    ports = [free_port() for _ in range(500)]

    assert len(set(ports)) == len(ports)
