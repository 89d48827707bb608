"""Settings, read once from the environment when a process starts.

Each service extends ``CommonSettings`` with its own frozen struct; the variable of a field is ``XQ_`` and its
name in capitals.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from xqueue_common.errors import ConfigError

PREFIX = "XQ_"

Port = Annotated[int, Meta(ge=0, le=65_535)]


class CommonSettings(Struct, frozen=True, kw_only=True, rename=lambda name: PREFIX + name.upper()):
    """What every service needs to know.

    Attributes:
        kafka_bootstrap: host:port of the Kafka brokers, comma separated.
        kafka_replication: replicas of a topic that is created at start.
        redis_url: where the cells live.
        redis_prefix: prefix of every Redis key, for several installations on one Redis.
        topic_prefix: prefix of every topic, for several installations on one Kafka.
        cells: queue patterns to cells, ``video-*=1,batch-*=2``; everything else is cell 0.
        inboxes: partitions of the dispatch topic: as many workers can be connected at once.
        ops_host: address of the health and metrics server.
        ops_port: its port; 0 takes a free one.
        log_level: least severe level that is logged.
        log_format: json for machines, console for people.
        shutdown_s: seconds that a stop may take.
        artifacts_url: where artifacts are kept, ``file:///folder`` or ``s3://bucket/prefix`` (how to reach it and
            who we are: the variables ``AWS_…``); the same for all services. Empty: nowhere.
        artifact_ttl_s: seconds for which an upload is kept; what a task writes is kept as long as the task.
        artifact_max_bytes: largest artifact.
    """

    kafka_bootstrap: str = "127.0.0.1:9092"
    kafka_replication: Annotated[int, Meta(ge=1, le=16)] = 1
    redis_url: str = "redis://127.0.0.1:6379/0"
    redis_prefix: str = ""
    topic_prefix: str = "xq."
    cells: str = ""
    inboxes: Annotated[int, Meta(ge=1, le=4096)] = 32
    ops_host: str = "127.0.0.1"
    ops_port: Port = 0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    shutdown_s: Annotated[float, Meta(gt=0, le=3600)] = 10.0
    artifacts_url: str = ""
    artifact_ttl_s: Annotated[float, Meta(ge=60, le=36_500 * 86_400)] = 7 * 86_400.0
    artifact_max_bytes: Annotated[int, Meta(ge=1, le=1 << 35)] = 1 << 30


S = TypeVar("S", bound=CommonSettings)


def load(wanted: type[S], environ: Mapping[str, str]) -> S:
    """Read settings from environment variables; empty ones count as not set.

    Raises:
        ConfigError: names the variable and what is wrong with it.
    """
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    try:
        return msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error).replace("$.", "").replace("`", "")) from error


def variables(settings: type[Struct]) -> tuple[str, ...]:
    """Return the names of the environment variables of a settings struct."""
    return tuple(field.encode_name for field in msgspec.structs.fields(settings))


def misspelt(settings: type[Struct], environ: Mapping[str, str], also_known: Mapping[str, Any]) -> dict[str, str]:
    """Return variables that look like ours but are nobody's, with the name that was probably meant.

    Args:
        settings: the struct of this service.
        environ: the environment.
        also_known: names that other parts of XQueue read.
    """
    known = {*variables(settings), *also_known}
    unknown = [name for name in environ if name.startswith(PREFIX) and name not in known]
    guesses = {name: get_close_matches(name, known, n=1, cutoff=0.88) for name in unknown}
    return {name: found[0] for name, found in guesses.items() if found}
