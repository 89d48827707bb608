"""The notifier's settings."""

from typing import Annotated, Literal

from msgspec import Meta

from xqueue_common.names import Share
from xqueue_common.settings import CommonSettings, Port

_MAX_EXPIRY_S = (1 << 32) - 1

MqttPrefix = Annotated[
    str, Meta(pattern=r"^(?!\$)(?:[^+#{}\x00-\x1f\x7f-\x9f]|(?<![^/])\{tenant\}/)*\Z", max_length=256)
]
"""What topics may begin with: no wildcards, no control characters, not the ``$`` of the broker's own topics.

``{tenant}`` takes a whole level, as it does in a broker's access lists. Other braces are refused: a misspelt one
would show every tenant's tasks to all.
"""


class NotifierSettings(CommonSettings, frozen=True, kw_only=True):
    """What the notifier needs to know, besides what every service does.

    Attributes:
        notifier_sinks: the sinks that this process runs, comma separated: ``history``, ``mqtt``, ``webhooks``. A
            process has one core; under heavy load give each sink a process.
        history_url: where the history is kept: ``sqlite:///path`` or ``postgresql://user:password@host/database``.
        history_retention_days: days for which ended tasks are kept; 0 keeps them for ever.
        history_payload_fields: fields of each payload that tasks can be searched by, at most; 0 keeps none.
        statistics_retention_days: days for which the hours of the statistics are kept; 0 keeps them for ever.
        audit_retention_days: days for which administrative acts are kept; 0 keeps them for ever.
        history_batch: records applied in one transaction at most.
        mqtt_host: the MQTT 5 broker.
        mqtt_port: its port.
        mqtt_prefix: what every topic begins with, ``acme/`` for instance; ``{tenant}`` in it (``acme/{tenant}/``)
            stands for the tenant of the task, so that a broker can show each tenant its own.
        mqtt_qos: quality of service of a publish; with 0 nothing is repeated after a lost connection.
        mqtt_retain: whether the broker keeps a task's terminal status for later subscribers.
        mqtt_expiry_s: seconds for which it keeps it; 0 keeps it for ever.
        mqtt_username: who we are; empty: nobody.
        mqtt_password: its proof.
        mqtt_tls: whether to speak TLS, judging the broker by the system's certificate authorities.
        mqtt_tls_ca: file of the authorities to judge it by instead; switches TLS on.
        mqtt_tls_cert: file of our certificate, where the broker wants one.
        mqtt_tls_key: file of its key.
        mqtt_window: publishes that may be unacknowledged at once; the broker may allow fewer.
        mqtt_batch: records told in one go at most.
        mqtt_lag_s: seconds behind from which on only the latest version of a task in a batch is told.
        progress_age_s: seconds after which a progress that could not be told is dropped.
        webhook_secret: what the webhooks of single tasks are signed with, ``whsec_`` and base64 or a plain text;
            several, separated by spaces, all sign. Empty: those go out unsigned. Subscriptions have their own.
        webhook_allow_private: call private addresses as well; the same for gateways.
        webhook_delays: seconds to wait before each further try, 1 to 9 of them.
        webhook_jitter: share by which each wait is lengthened at most, by chance.
        webhook_timeout_s: seconds that a call may take in all.
        webhook_per_host: calls of one host at once; ten times as many may wait in memory for their turn.
        webhook_at_once: deliveries in memory at most, of all hosts together.
        webhook_failures: calls in a row that a host leaves without an answer, or answers with a 5xx, until it is
            left alone.
        webhook_open_s: seconds for which it is left alone before one call shows whether it is well again.
    """

    notifier_sinks: str = "history,mqtt,webhooks"
    history_url: str = "sqlite:///xqueue.db"
    history_retention_days: Annotated[int, Meta(ge=0, le=36_500)] = 30
    history_payload_fields: Annotated[int, Meta(ge=0, le=32)] = 8
    statistics_retention_days: Annotated[int, Meta(ge=0, le=36_500)] = 400
    audit_retention_days: Annotated[int, Meta(ge=0, le=36_500)] = 400
    history_batch: Annotated[int, Meta(ge=1, le=100_000)] = 2_000
    mqtt_host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    mqtt_port: Port = 1883
    mqtt_prefix: MqttPrefix = ""
    mqtt_qos: Literal[0, 1, 2] = 1
    mqtt_retain: bool = True
    mqtt_expiry_s: Annotated[int, Meta(ge=0, le=_MAX_EXPIRY_S)] = 3_600
    mqtt_username: str = ""
    mqtt_password: str = ""
    mqtt_tls: bool = False
    mqtt_tls_ca: str = ""
    mqtt_tls_cert: str = ""
    mqtt_tls_key: str = ""
    mqtt_window: Annotated[int, Meta(ge=1, le=20_000)] = 1_000
    mqtt_batch: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    mqtt_lag_s: Annotated[float, Meta(ge=0, le=86_400)] = 2.0
    progress_age_s: Annotated[float, Meta(ge=0, le=3_600)] = 10.0
    webhook_secret: str = ""
    webhook_allow_private: bool = False
    webhook_delays: str = "5,300,1800,7200,18000,36000,50400,72000,86400"
    webhook_jitter: Share = 0.2
    webhook_timeout_s: Annotated[float, Meta(gt=0, le=120)] = 30.0
    webhook_per_host: Annotated[int, Meta(ge=1, le=1_000)] = 16
    webhook_at_once: Annotated[int, Meta(ge=1, le=100_000)] = 2_000
    webhook_failures: Annotated[int, Meta(ge=1, le=1_000)] = 10
    webhook_open_s: Annotated[float, Meta(gt=0, le=3_600)] = 30.0
