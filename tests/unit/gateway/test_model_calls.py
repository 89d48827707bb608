import msgspec
import pytest

from xqueue_gateway.problems import Problem
from xqueue_gateway.submissions.model_calls import (
    HINTS,
    ImageOrder,
    SpeechForm,
    image_submission,
    read_image,
    read_speech,
    speech_seal,
    speech_submission,
)


def payload(raw: object) -> object:
    assert isinstance(raw, msgspec.Raw)
    return msgspec.json.decode(raw)


def test_a_picture_becomes_a_task_with_what_was_given_and_nothing_else() -> None:
    order = read_image(b'{"prompt": "a fox", "seed": 7, "queue": "art", "priority": 9, "labels": {"k": "v"}}')

    submission = image_submission(order)

    assert (submission.type, submission.queue, submission.priority) == ("image.generate", "art", 9)
    assert (submission.labels, submission.max_retry) == ({"k": "v"}, msgspec.UNSET)
    assert payload(submission.payload) == {"prompt": "a fox", "seed": 7}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "prompt"),
        (b'{"prompt": ""}', "prompt"),
        (b'{"prompt": "a", "width": 8}', "width"),
        (b'{"prompt": "a", "seed": -1}', "seed"),
        (b'{"prompt": "a", "promt": "a"}', "promt"),
        (b'{"prompt": "a", "queue": "no such name"}', "queue"),
        (b'{"prompt": "a", "type": "noop"}', "type"),
    ],
)
def test_a_field_that_is_wrong_is_named(body: bytes, field: str) -> None:
    with pytest.raises(Problem) as refused:
        read_image(body)

    [error] = refused.value.errors
    assert (error.field, refused.value.kind.status, bool(error.hint)) == (field, 422, True)


def test_the_texts_of_a_form_are_read_as_what_its_fields_are() -> None:
    order = read_speech(
        {"language": "pt-BR", "queue": "7", "priority": "3", "queue_timeout": "null", "labels": '{"a": "b"}'}
    )

    assert (order.language, order.queue, order.priority) == ("pt-BR", "7", 3)
    assert (order.queue_timeout, order.labels) == (None, {"a": "b"})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"priority": "high"}, "priority"),
        ({"priority": "300"}, "priority"),
        ({"language": "English"}, "language"),
        ({"lang": "en"}, "lang"),
        ({"labels": "{"}, "labels"),
        ({"labels": "[" * 5000}, "labels"),
        ({"webhook": "https://example.com"}, "webhook"),
    ],
)
def test_a_text_that_is_wrong_is_named(fields: dict[str, str], field: str) -> None:
    with pytest.raises(Problem) as refused:
        read_speech(fields)

    assert [error.field for error in refused.value.errors] == [field]


def test_audio_becomes_a_task_with_its_artifact() -> None:
    submission = speech_submission(read_speech({"language": "en"}), "art_1")

    assert (submission.type, payload(submission.payload)) == (
        "speech.transcribe",
        {"audio": "art_1", "language": "en"},
    )


def test_the_same_bytes_and_fields_have_the_same_seal_whatever_their_artifact() -> None:
    english, quick = read_speech({"language": "en"}), read_speech({"language": "en", "priority": "1"})

    assert speech_seal(english, "abc") == speech_seal(read_speech({"language": "en"}), "abc")
    assert len({speech_seal(english, "abc"), speech_seal(english, "abd"), speech_seal(quick, "abc")}) == 3


def test_every_field_has_a_hint() -> None:
    assert {*ImageOrder.__struct_fields__, *SpeechForm.__struct_fields__} <= HINTS.keys()
