# ruff: noqa: INP001  # a script to run by hand, of no package
"""Pin the jars of a Kafka release: run this by hand, with Maven installed, to move to another one.

    uv run python libs/embedded/pin_kafka_jars.py 4.3.1

Maven resolves what the release needs at run time; this writes each file's SHA-256, size and path to the manifest
that the download is checked against.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

MANIFEST = Path(__file__).parent / "src" / "xqueue_embedded" / "fetch" / "kafka-jars.txt"
SLF4J = "1.7.36"  # the line that Kafka 4 is built on; without an implementation it would log nothing
HEADER = """\
# Kafka {version} and all that it needs at run time, and slf4j-simple, which writes its log.
# Written by libs/embedded/pin_kafka_jars.py: SHA-256, bytes, path in Maven Central.
"""
POM = """\
<project>
  <modelVersion>4.0.0</modelVersion><groupId>xqueue</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{kafka}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>{slf4j}</version></dependency>
  </dependencies>
</project>
"""


def resolve(version: str, folder: Path) -> list[Path]:
    """Let Maven copy everything into a folder laid out like a repository."""
    (folder / "pom.xml").write_text(POM.format(kafka=version, slf4j=SLF4J))
    copy = ("dependency:copy-dependencies", "-DincludeScope=runtime", "-Dmdep.useRepositoryLayout=true")
    subprocess.run(["mvn", "-q", "-B", *copy, "-DoutputDirectory=jars"], cwd=folder, check=True)  # noqa: S603, S607  # ours
    return sorted((folder / "jars").rglob("*.jar"))


def row(jar: Path, root: Path) -> str:
    """One line of the manifest."""
    content = jar.read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {len(content)} {jar.relative_to(root).as_posix()}\n"


def main(version: str) -> None:
    """Write the manifest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [row(jar, folder / "jars") for jar in resolve(version, folder)]
    MANIFEST.write_text(HEADER.format(version=version) + "".join(rows))


if __name__ == "__main__":
    main(sys.argv[1])
