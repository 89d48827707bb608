from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from integration.notifier.test_publisher import messages, publishing
from support.eventually import eventually
from support.mosquitto import guarded_broker, run

from xqueue_common.errors import Unavailable
from xqueue_notifier.mqtt.publisher import Publisher


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[int]:
    """The port of a Mosquitto that speaks TLS and knows one user, ``xqueue``, whose password is ``right``."""
    await run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"),
        *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{tmp_path}/key.pem", "-out", f"{tmp_path}/ca.pem"),
    )
    tls = (f"certfile {tmp_path}/ca.pem", f"keyfile {tmp_path}/key.pem")
    async with guarded_broker(tmp_path, *tls, passwords={"xqueue": "right"}) as port:
        yield port


async def test_it_publishes_over_tls_as_whom_it_says_it_is(secured: int, tmp_path: Path) -> None:
    settings = {"mqtt_tls_ca": f"{tmp_path}/ca.pem", "mqtt_username": "xqueue", "mqtt_password": "right"}
    async with publishing(mqtt_port=secured, **settings) as publisher:
        assert (await publisher.publish(messages(3_000))).acknowledged == 3_000


async def test_a_wrong_password_is_told_as_such(secured: int, tmp_path: Path) -> None:
    settings = {"mqtt_tls_ca": f"{tmp_path}/ca.pem", "mqtt_username": "xqueue", "mqtt_password": "wrong"}
    async with publishing(mqtt_port=secured, **settings) as publisher:
        assert await eventually(lambda: problem(publisher, "Not authorized"))


# paho drops a socket whose handshake failed without closing it; that happens when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_broker_that_nobody_vouches_for_is_not_trusted(secured: int) -> None:
    async with publishing(mqtt_port=secured, mqtt_tls=True, mqtt_username="xqueue") as publisher:
        assert await eventually(lambda: problem(publisher, "CERTIFICATE_VERIFY_FAILED"))


async def problem(publisher: Publisher, wanted: str) -> bool:
    with pytest.raises(Unavailable) as caught:
        await publisher.check()
    return wanted in str(caught.value)
