"""What runs Kafka's programs: a Java, the jars, and the archive of what that Java loads from them."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from xqueue_embedded.brokers.class_archive import ClassArchive
from xqueue_embedded.brokers.kafka_settings import JVM_OPTIONS
from xqueue_embedded.fetch.artifact import kafka_jars
from xqueue_embedded.fetch.java import find_java
from xqueue_embedded.fetch.maven import fetch_jars
from xqueue_embedded.processes.launch import Launch


@dataclass(frozen=True)
class KafkaRuntime:
    """All that this machine needs to run Kafka."""

    java: Path
    class_path: str
    archive: ClassArchive

    def broker(self, settings: Path) -> Launch:
        """How to run the broker."""
        return self._launch(self.archive.broker_options(), "kafka.Kafka", str(settings))

    def storage_tool(self, *arguments: str) -> Launch:
        """How to run the program that formats a broker's folder."""
        return self._launch(self.archive.tool_options(), "kafka.tools.StorageTool", *arguments)

    def _launch(self, options: tuple[str, ...], main: str, *arguments: str) -> Launch:
        return Launch(argv=(self.java, *JVM_OPTIONS, *options, "-cp", self.class_path, main, *arguments))


async def find_runtime() -> KafkaRuntime:
    """Find a Java and the jars, or fetch them."""
    jars, java = await asyncio.gather(fetch_jars(kafka_jars(), title="Kafka"), find_java())
    class_path = os.pathsep.join(str(jar) for jar in jars)
    return KafkaRuntime(java.program, class_path, ClassArchive(java=java, class_path=class_path))
