"""The Dockerfile: no findings of hadolint, and in agreement with the services that it packs."""

import json
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.our_services import ROOT, SETTINGS, known, open_to_all, ours, paths, port_of
from support.programs import hadolint

FILE = ROOT / "Dockerfile"
TEXT = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", FILE.read_text(), flags=re.MULTILINE))


def stage(name: str) -> str:
    """Return the instructions of a stage, after those of the stages that it is made from."""
    (body,) = re.findall(rf"^FROM (\S+) AS {name}\n(.*?)(?=^FROM |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    parent, own = body
    return (stage(parent) if re.search(rf"^FROM \S+ AS {re.escape(parent)}\n", TEXT, re.MULTILINE) else "") + str(
        own
    )


def environment(name: str) -> dict[str, str]:
    """Return what a stage sets."""
    lines = re.findall(r"^ENV (.*)$", stage(name), re.MULTILINE)
    return dict(word.split("=", 1) for line in lines for word in shlex.split(line))


def instruction(name: str, word: str) -> str:
    """Return the last such instruction of a stage, which is the one that counts."""
    return str(re.findall(rf"^{word} (.*)$", stage(name), re.MULTILINE)[-1])


def test_hadolint_finds_nothing() -> None:
    done = hadolint(FILE)
    assert done.status == 0, done.problems


@pytest.mark.parametrize(
    "broken",
    ["FROM debian\n", "FROM debian:12\nRUN apt-get install -y curl\n", "FROM debian:12\nFORM debian:12\n"],
    ids=["no tag", "no version", "no instruction"],
)
def test_a_broken_file_is_found(broken: str, tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(broken)
    assert hadolint(file).status == 1


@pytest.mark.parametrize("service", SETTINGS)
def test_python_is_process_one(service: str) -> None:
    program, option, module = json.loads(instruction(service, "ENTRYPOINT"))
    assert (program, option) == ("python", "-m")
    assert find_spec(f"{module}.__main__")
    assert module == f"xqueue_{service}"


@pytest.mark.parametrize("service", SETTINGS)
def test_ports_agree_and_health_is_asked(service: str) -> None:
    told = environment(service)
    assert ours(told) <= known(service)
    assert instruction(service, "EXPOSE") == str(port_of(service, told))
    # The image by itself lets no strangers in: whoever starts a gateway from it says so, or has keys.
    assert open_to_all(service, told | {"XQ_ALLOW_OPEN": "1"})
    assert "XQ_ALLOW_OPEN" not in told
    command = json.loads(instruction(service, "HEALTHCHECK").partition(" CMD ")[2])[-1]
    assert set(re.findall(r"'(/[\w/]+)'", command)) <= paths(service)
    assert set(re.findall(r"XQ_\w+", command)) <= told.keys()


@pytest.mark.parametrize("service", SETTINGS)
def test_the_user_is_a_number_and_not_root(service: str) -> None:
    # A name says nothing to Kubernetes, which then refuses `runAsNonRoot`.
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instruction(service, "USER"))


@pytest.mark.parametrize("service", SETTINGS)
def test_nothing_is_built_in_the_final_image(service: str) -> None:
    assert not re.search(r"apt-get|\buv\b|pip", stage(service))


def test_every_base_has_a_version() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", TEXT, re.MULTILINE))
    given = dict(re.findall(r"^ARG (\w+)=(.+)$", TEXT, re.MULTILINE))
    for base in re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE):
        image = given[base[2:-1]] if base.startswith("${") else base
        assert image in stages or re.search(r":v?\d+\.\d+\S*\Z", image), image


def test_what_is_copied_is_let_into_the_context() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.MULTILINE)
    assert {word for line in copied for word in line.split()} == let_in
    assert all((ROOT / name).exists() for name in let_in)


def test_our_lock_file_decides_what_is_installed() -> None:
    (sync,) = re.findall(r"uv sync .*", TEXT)
    assert {"--frozen", "--no-dev", "--no-editable", "--package"} <= set(sync.split())
