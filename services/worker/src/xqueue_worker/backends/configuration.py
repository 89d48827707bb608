"""Which pools a worker has: from the file that XQ_BACKENDS names, and from numbered addresses."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from xqueue_common.errors import ConfigError
from xqueue_worker.backends.address import address_of
from xqueue_worker.backends.settings import PoolSettings

FILE = "XQ_BACKENDS"
NUMBERED = {"IMAGE_GEN_URL": "image", "WHISPER_URL": "speech"}
"""The pools that need no file: ``IMAGE_GEN_URL_1``, ``IMAGE_GEN_URL_2`` … and so on."""

_NUMBERED = re.compile(rf"({'|'.join(NUMBERED)})(?:_(.*))?\Z")
_NUMBER = re.compile(r"[0-9]{1,6}\Z")
_MOST_BYTES = 1024 * 1024


class BackendFile(Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds."""

    pools: list[PoolSettings] = []


def configured(environ: Mapping[str, str]) -> list[PoolSettings]:
    """Return the pools that the environment asks for.

    A pool of the file without addresses gets the numbered ones; one that is not in the file has the defaults.

    Raises:
        ConfigError: names the variable or field and the remedy.
    """
    file = environ.get(FILE, "").strip()
    pools = {pool.name: pool for pool in (_read(Path(file)) if file else [])}
    for name, given in _numbered(environ).items():
        known = pools.get(name, PoolSettings(name=name))
        if known.urls:
            msg = f"{next(iter(given))}: pool {name!r} has urls in {file} already: give them in one place"
            raise ConfigError(msg)
        pools[name] = structs.replace(known, urls=list(given.values()))
    for pool in pools.values():
        _check_urls(pool, file)
    return list(pools.values())


def _numbered(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the numbered addresses by pool and variable, in the order of their numbers."""
    found: dict[str, dict[int, tuple[str, str]]] = {}
    for variable, value in environ.items():
        if (match := _NUMBERED.match(variable)) and value.strip():
            if not _NUMBER.match(match[2] or ""):
                msg = f"{variable}: addresses are numbered: {match[1]}_1, {match[1]}_2 and so on"
                raise ConfigError(msg)
            _check_url(variable, value.strip())
            of_pool = found.setdefault(NUMBERED[match[1]], {})
            if int(match[2]) in of_pool:
                msg = f"{variable}: this number is given twice, see {of_pool[int(match[2])][0]}"
                raise ConfigError(msg)
            of_pool[int(match[2])] = (variable, value.strip())
    return {pool: dict(of for _, of in sorted(given.items())) for pool, given in found.items()}


def _read(file: Path) -> list[PoolSettings]:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES)
        text = data.decode()
        given = msgspec.json.decode(text) if file.suffix == ".json" else tomllib.loads(text)
        pools = msgspec.convert(given, BackendFile).pools
    except OSError as error:
        msg = f"{FILE}: {file} cannot be read: {error.strerror}: give the path of a TOML or JSON file"
        raise ConfigError(msg) from error
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        words = str(error).replace("$.", "").replace("`", "")
        msg = f"{FILE}: {file}: {words}; the fields are listed in the worker's README"
        raise ConfigError(msg) from error
    names = [pool.name for pool in pools]
    if twice := {name for name in names if names.count(name) > 1}:
        msg = f"{FILE}: {file}: pools: {', '.join(sorted(twice))} is named twice: put its urls into one pool"
        raise ConfigError(msg)
    return pools


def _check_urls(pool: PoolSettings, file: str) -> None:
    where = f"{FILE}: {file}: pools: {pool.name}"
    if not pool.urls:
        msg = f"{where}: urls is empty: give at least one"
        raise ConfigError(msg)
    bases = [_check_url(f"{where}: urls[{i}]", server.url) for i, server in enumerate(pool.servers)]
    if twice := {base for base in bases if bases.count(base) > 1}:
        msg = f"{pool.name}: {', '.join(sorted(twice))} is given twice: give it once, with a larger weight"
        raise ConfigError(msg)


def _check_url(where: str, url: str) -> str:
    try:
        return address_of(url).base
    except ValueError as error:
        msg = f"{where}: {error}"
        raise ConfigError(msg) from None  # the cause may show the address, and a password in it
