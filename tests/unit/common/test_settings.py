"""Settings come from the environment once; what is wrong is named by its variable."""

import pytest

from xqueue_common.cells import CellMap
from xqueue_common.errors import ConfigError
from xqueue_common.settings import CommonSettings, load, misspelt, variables


def test_values_are_read_and_converted() -> None:
    settings = load(CommonSettings, {"XQ_INBOXES": "7", "XQ_SHUTDOWN_S": "2.5", "XQ_TOPIC_PREFIX": "a."})
    assert (settings.inboxes, settings.shutdown_s, settings.topic_prefix) == (7, 2.5, "a.")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(CommonSettings, {"XQ_INBOXES": "", "OTHER": "x"}) == CommonSettings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XQ_INBOXES", "0"),
        ("XQ_INBOXES", "many"),
        ("XQ_OPS_PORT", "65536"),
        ("XQ_LOG_LEVEL", "loud"),
        ("XQ_SHUTDOWN_S", "0"),
        ("XQ_KAFKA_REPLICATION", "1.5"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load(CommonSettings, {name: value})


def test_a_variable_that_is_nobodys_is_told_with_the_one_that_was_meant() -> None:
    environ = {
        "XQ_REDIS_ULR": "x",
        "XQ_INBOXES": "1",
        "XQ_NOTHING_LIKE_IT": "x",
        "REDIS_ULR": "x",
        "XQ_API_PROT": "1",
    }
    assert misspelt(CommonSettings, environ, {"XQ_API_PORT": None}) == {
        "XQ_REDIS_ULR": "XQ_REDIS_URL",
        "XQ_API_PROT": "XQ_API_PORT",
    }


def test_each_field_has_a_variable() -> None:
    assert "XQ_KAFKA_BOOTSTRAP" in variables(CommonSettings)
    assert len(variables(CommonSettings)) == len(CommonSettings.__struct_fields__)


def test_the_first_pattern_that_matches_a_queue_names_its_cell() -> None:
    cells = CellMap.parse("video-hd=2, video-*=1,batch=3,")
    queues = ("video-hd", "video-4k", "batch", "batches", "video")
    assert [cells.cell_of(queue) for queue in queues] == [2, 1, 3, 0, 0]
    assert (cells.count, CellMap.parse("").count) == (4, 1)


@pytest.mark.parametrize("rule", ["video", "=1", "video=", "video=x", "video=-1", "video=4096"])
def test_a_rule_for_cells_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match="XQ_CELLS"):
        CellMap.parse(f"a=1,{rule}")
