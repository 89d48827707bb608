import pytest

from xqueue_common.errors import ConfigError
from xqueue_common.settings import load
from xqueue_notifier.settings import NotifierSettings


def test_it_runs_without_any_setting() -> None:
    settings = load(NotifierSettings, {})

    assert settings.history_url == "sqlite:///xqueue.db"
    assert (settings.mqtt_qos, settings.mqtt_retain, settings.mqtt_expiry_s) == (1, True, 3_600)


@pytest.mark.parametrize(
    "prefix", ["a/+/", "a/#", "a\n", "$SYS/", "a\x9f", "a/{tennant}/", "a/{tenant}", "a-{tenant}/", "{}"]
)
def test_a_prefix_that_no_topic_may_begin_with_is_refused_by_name(prefix: str) -> None:
    with pytest.raises(ConfigError, match="XQ_MQTT_PREFIX"):
        load(NotifierSettings, {"XQ_MQTT_PREFIX": prefix})


@pytest.mark.parametrize("prefix", ["acme/", "a/b/", "städte/", "{tenant}/", "acme/{tenant}/tasks/"])
def test_any_other_prefix_is_taken(prefix: str) -> None:
    assert load(NotifierSettings, {"XQ_MQTT_PREFIX": prefix}).mqtt_prefix == prefix
