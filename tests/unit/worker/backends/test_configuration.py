from pathlib import Path

import pytest

from xqueue_common.errors import ConfigError
from xqueue_worker.backends.configuration import configured
from xqueue_worker.backends.settings import ServerSettings

TOML = """
[[pools]]
name = "image"
urls = ["http://a:1", { url = "http://b:2", weight = 2, concurrency = 3 }]
policy = "by_key"
timeout_s = 90

[pools.health]
path = "/ready"
every_s = 0.5

[pools.breaker]
failures = 2
"""


def written(folder: Path, text: str, name: str = "pools.toml") -> dict[str, str]:
    file = folder / name
    file.write_text(text)
    return {"XQ_BACKENDS": str(file)}


def test_without_any_there_are_none() -> None:
    assert configured({"IMAGE_GEN_URL_1": " ", "XQ_BACKENDS": ""}) == []


def test_numbered_addresses_make_the_two_known_pools_in_the_order_of_their_numbers() -> None:
    image, speech = configured(
        {"IMAGE_GEN_URL_10": "http://c:1", "IMAGE_GEN_URL_2": "http://b:1", "WHISPER_URL_1": "http://w:1"}
    )

    assert (image.name, image.urls) == ("image", ["http://b:1", "http://c:1"])
    assert (speech.name, speech.urls, speech.policy) == ("speech", ["http://w:1"], "least_busy")


def test_a_file_says_all_there_is_to_say(tmp_path: Path) -> None:
    [pool] = configured(written(tmp_path, TOML))

    assert (pool.policy, pool.timeout_s, pool.health.path, pool.health.down_after) == ("by_key", 90, "/ready", 2)
    assert pool.servers == [
        ServerSettings(url="http://a:1"),
        ServerSettings(url="http://b:2", weight=2.0, concurrency=3),
    ]


def test_json_is_read_as_well(tmp_path: Path) -> None:
    [pool] = configured(written(tmp_path, '{"pools": [{"name": "mine", "urls": ["http://a:1"]}]}', "pools.json"))

    assert pool.name == "mine"


def test_a_file_without_urls_takes_the_numbered_ones(tmp_path: Path) -> None:
    environ = written(tmp_path, '[[pools]]\nname = "image"\npolicy = "round_robin"')

    [pool] = configured({**environ, "IMAGE_GEN_URL_1": "http://a:1"})
    assert (pool.policy, pool.urls) == ("round_robin", ["http://a:1"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pools = 3", "pools"),
        ('[[pools]]\nname = "image"', "urls is empty"),
        ('[[pools]]\nname = "Image"\nurls = ["http://a"]', "name"),
        ('[[pools]]\nname = "image"\nurl = ["http://a"]', "unknown field url"),
        ('[[pools]]\nname = "image"\nurls = ["ftp://a"]', r"urls\[0\]: does not begin with http"),
        ('[[pools]]\nname = "image"\nurls = ["http://a", "http://a/"]', "http://a is given twice"),
        ('[[pools]]\nname = "image"\nurls = [{ url = "http://a", weight = 0 }]', "weight|urls"),
        ('[[pools]]\nname = "image"\nurls = ["http://a"]\nconcurrency = 0', "concurrency"),
        ('[[pools]]\nname = "image"\nurls = ["http://a"]\npolicy = "random"', "policy"),
        ('[[pools]]\nname = "a"\nurls = ["http://a"]\n' * 2, "a is named twice"),
        ("[[pools", "pools.toml"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        configured(written(tmp_path, text))
    assert "XQ_BACKENDS" in str(refused.value) or "give it once" in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"IMAGE_GEN_URL": "http://a"}, "IMAGE_GEN_URL: addresses are numbered: IMAGE_GEN_URL_1"),
        ({"WHISPER_URL_one": "http://a"}, "WHISPER_URL_one: addresses are numbered"),
        ({"WHISPER_URL_1": "a:80"}, "WHISPER_URL_1: does not begin with http"),
        ({"WHISPER_URL_1": "http://"}, "WHISPER_URL_1: names no host"),
        ({"WHISPER_URL_1": "http://a:port"}, "WHISPER_URL_1: has no usable port"),
        ({"WHISPER_URL_1": "http://a?key=1"}, "WHISPER_URL_1: has a query"),
        ({"WHISPER_URL_1": "http://a/ä"}, "WHISPER_URL_1: has spaces"),
        ({"WHISPER_URL_1": "http://a", "WHISPER_URL_01": "http://b"}, "given twice"),
        ({"XQ_BACKENDS": "/nowhere/pools.toml"}, "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_variable_is_named(environ: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        configured(environ)


def test_an_error_does_not_show_a_password() -> None:
    with pytest.raises(ConfigError) as refused:
        configured({"IMAGE_GEN_URL_1": "http://me:secret@host?x"})

    assert "secret" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_addresses_in_two_places_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has urls in .* already"):
        configured({**written(tmp_path, TOML), "IMAGE_GEN_URL_1": "http://c"})
