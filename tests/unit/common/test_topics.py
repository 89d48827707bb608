"""The topics as they are created."""

from xqueue_common.topics import STATUS_RETENTION_MS, Topics

HOUR_MS = 3_600_000
WEEK_MS = 168 * HOUR_MS


def test_what_a_cell_reads_has_a_partition_for_each_cell_and_stays_a_week() -> None:
    topics = Topics()
    layout = {topic.name: topic for topic in topics.layout(cells=3, inboxes=32)}
    for name in (topics.commands, topics.reports, topics.status):
        assert (layout[name].partitions, layout[name].retention_ms) == (3, WEEK_MS)
    assert STATUS_RETENTION_MS == WEEK_MS


def test_what_is_soft_stays_an_hour_and_what_is_dead_a_month() -> None:
    layout = {topic.name: topic for topic in Topics().layout(cells=3, inboxes=32)}
    assert layout["xq.dispatch"][1:3] == (32, HOUR_MS)
    assert layout["xq.progress"][1:3] == (3, HOUR_MS)
    assert layout["xq.dead"][1:3] == (1, 30 * 24 * HOUR_MS)


def test_only_the_registry_keeps_the_latest_of_each_id_for_ever() -> None:
    layout = Topics().layout(cells=3, inboxes=32)
    compacted = {topic.name: topic.retention_ms for topic in layout if topic.compacted}
    assert compacted == {"xq.registry": -1}


def test_all_topics_of_an_installation_have_its_prefix() -> None:
    assert {topic.name.partition(".")[0] for topic in Topics("acme.").layout(cells=1, inboxes=1)} == {"acme"}
