import re

from xqueue_embedded.fetch.artifact import kafka_jars


def test_every_jar_is_pinned_by_size_and_sha256() -> None:
    for jar in kafka_jars():
        assert jar.size > 0
        assert re.fullmatch(r"[0-9a-f]{64}", jar.sha256)
        assert re.fullmatch(r"[\w./-]+\.jar", jar.path)


def test_the_jars_are_those_of_the_kafka_that_the_documentation_names() -> None:
    paths = [jar.path for jar in kafka_jars()]

    assert "org/apache/kafka/kafka_2.13/4.3.1/kafka_2.13-4.3.1.jar" in paths
    assert len(paths) == len(set(paths))
