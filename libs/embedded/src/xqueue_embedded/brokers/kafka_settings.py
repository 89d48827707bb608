"""How Kafka is tuned here: one node that is broker and controller, on a small machine."""

from pathlib import Path

from xqueue_embedded.ports import LOOPBACK

JVM_OPTIONS = (
    "-Xmx256m",
    "-XX:+UseG1GC",  # as fast as the serial one and no larger here (250 MB in all), with shorter pauses
    "-XX:+ExitOnOutOfMemoryError",  # the supervisor brings it back; a broker that limps on would not be missed
    "-XX:-UsePerfData",  # no files in /tmp
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSX",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
)


def broker_settings(*, port: int, controller_port: int, data: Path) -> str:
    """The text of `server.properties`; what is not named here has Kafka's default."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        # Static voters: their address is a setting, not data, so that a port may change between two runs.
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # A broker that was killed is let in again when the session of its former life has ended: 12 s after the
        # kill with Kafka's defaults, 5 s with these (with 1.5 s, a cold start lost its own session).
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "log.cleaner.dedupe.buffer.size": str(4 * 1024 * 1024),  # the default is half of our heap
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
