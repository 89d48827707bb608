"""Kafka: one node that is broker and controller (KRaft), from jars that we pin."""

import secrets
from base64 import urlsafe_b64encode
from pathlib import Path

from xqueue_embedded.brokers.broker import Broker
from xqueue_embedded.brokers.kafka_metadata import knows_its_cluster
from xqueue_embedded.brokers.kafka_runtime import KafkaRuntime, find_runtime
from xqueue_embedded.brokers.kafka_settings import broker_settings
from xqueue_embedded.ports import LOOPBACK
from xqueue_embedded.processes.command import run_to_end
from xqueue_embedded.processes.launch import Launch

_FORMAT_TIMEOUT_S = 60


class Kafka(Broker):
    """A Kafka broker; topics are created by whoever needs them, never by being mentioned."""

    kind = "kafka"
    stop_patience_s = 20.0
    _found: KafkaRuntime | None = None

    @property
    def bootstrap(self) -> str:
        """What its clients connect to."""
        return f"{LOOPBACK}:{self.port}"

    async def fetch(self) -> None:
        """Find a Java and the jars."""
        await self._runtime()

    async def stop(self) -> int | None:
        """End it; the first broker of a machine leaves an archive that halves the start of all later ones."""
        status = await super().stop()
        if self._found:
            self._found.archive.keep(status)
        return status

    async def _runtime(self) -> KafkaRuntime:
        if self._found is None:
            self._found = await find_runtime()
        return self._found

    async def _launch(self) -> Launch:
        runtime = await self._runtime()
        self.folder.mkdir(parents=True, exist_ok=True)
        data = self.folder / "data"
        settings = self.folder / "server.properties"
        settings.write_text(
            broker_settings(port=self.port, controller_port=self._kept("controller-port"), data=data)
        )
        if not (data / "meta.properties").exists():
            await self._format(runtime, settings)
        return runtime.broker(settings)

    async def _format(self, runtime: KafkaRuntime, settings: Path) -> None:
        cluster_id = urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
        launch = runtime.storage_tool(
            "format", "--ignore-formatted", f"--cluster-id={cluster_id}", "--config", str(settings)
        )
        await run_to_end("kafka-storage format", launch, log=self.log, timeout_s=_FORMAT_TIMEOUT_S)

    async def _answers(self) -> bool:
        return await knows_its_cluster(LOOPBACK, self.port)
