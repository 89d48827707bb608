"""The gateway's copy of what is set: never older than what was answered, and complete after a while."""

from xqueue_common.limits import Limit, QueueSettings
from xqueue_gateway.control.book import Book
from xqueue_gateway.submissions.spec import Defaults

OLD, NEW = QueueSettings(priority=1), QueueSettings(priority=2)


def test_what_nobody_has_set_has_the_defaults_of_the_installation() -> None:
    book = Book()

    assert book.defaults("images") == Defaults()
    assert book.queue("images") == QueueSettings()
    assert (book.tenant("acme"), book.key("acme", "k")) == (None, None)


def test_what_the_log_tells_is_in_force() -> None:
    book = Book()
    book.note("queue/images", 5, OLD)
    book.note("limit/tenant/acme", 5, Limit(max_size=1))
    book.note("limit/key/acme/a/b", 5, Limit(max_size=2))

    assert book.defaults("images") == Defaults(priority=1)
    assert (book.tenant("acme"), book.key("acme", "a/b")) == (Limit(max_size=1), Limit(max_size=2))


def test_the_log_does_not_take_back_what_was_answered() -> None:
    book = Book()
    book.note("queue/images", 8, NEW)  # read from the cell when it had applied all below 8

    assert not book.note("queue/images", 7, OLD)  # told by the call that had begun at 7
    assert book.defaults("images") == Defaults(priority=2)
    assert book.note("queue/images", 8, None)
    assert book.defaults("images") == Defaults()


def test_of_two_changes_in_one_call_the_last_counts() -> None:
    book = Book()
    book.note("queue/images", 5, OLD)
    book.note("queue/images", 5, NEW)

    assert book.queue("images") == NEW


def test_all_settings_at_once_bring_what_was_missed_and_take_what_is_gone() -> None:
    book = Book()
    book.note("queue/gone", 3, OLD)
    book.replace(9, {"queue/images": NEW})

    assert book.queue("images") == NEW
    assert book.queue("gone") == QueueSettings()


def test_all_settings_at_once_do_not_take_back_what_was_heard_since() -> None:
    book = Book()
    book.note("queue/images", 9, NEW)
    book.note("queue/made", 9, NEW)
    book.replace(9, {"queue/images": OLD})

    assert (book.queue("images"), book.queue("made")) == (NEW, NEW)


def test_other_settings_do_not_stand_in_it() -> None:
    assert not Book().note("schedule/nightly", 5, None)
