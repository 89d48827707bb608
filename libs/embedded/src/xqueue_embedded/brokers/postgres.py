"""PostgreSQL, for the tests of what production keeps its history in."""

import asyncio
import os
import pwd
import shutil
import struct
from pathlib import Path
from signal import Signals

from xqueue_embedded.brokers.broker import Broker
from xqueue_embedded.errors import EmbeddedError
from xqueue_embedded.fetch.programs import Program, require
from xqueue_embedded.ports import LOOPBACK
from xqueue_embedded.processes.ask import ask
from xqueue_embedded.processes.command import run_to_end
from xqueue_embedded.processes.launch import Launch

_PROGRAM = Program(
    names=("postgres",),
    debian="postgresql",
    elsewhere="postgresql",
    beside_path=("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"),
)
_INIT_TIMEOUT_S = 120
_USER = "xqueue"
_PROTOCOL_3 = 3 << 16
_PARAMETERS = b"user\0%s\0database\0postgres\0\0" % _USER.encode()
_STARTUP = struct.pack(">ii", 8 + len(_PARAMETERS), _PROTOCOL_3) + _PARAMETERS


class Postgres(Broker):
    """A PostgreSQL with one superuser, `xqueue`, and no passwords; it syncs nothing, so a power cut may ruin it."""

    kind = "postgres"
    stop_request = Signals.SIGINT  # SIGTERM would wait for the last client to leave
    _found: Path | None = None

    @property
    def url(self) -> str:
        """What its clients connect to."""
        return f"postgresql://{_USER}@{LOOPBACK}:{self.port}/postgres"

    async def fetch(self) -> None:
        """Find the program."""
        await self._program()

    async def _program(self) -> Path:
        if self._found is None:
            self._found = (await require(_PROGRAM))[0].resolve()
        return self._found

    async def _launch(self) -> Launch:
        account = _account()
        self.folder.mkdir(parents=True, exist_ok=True)
        if account:
            _hand_over(self.folder, account)
        data = self.folder / "data"
        if not data.exists():
            await self._init(data, account)
        options = ("-p", str(self.port), "-h", LOOPBACK, "-k", "", "-c", "fsync=off")
        return Launch(argv=(await self._program(), "-D", data, *options), cwd=self.folder, account=account)

    async def _init(self, data: Path, account: str | None) -> None:
        begun = data.with_name("data.part")  # renamed when whole: a kill on the way leaves nothing half
        shutil.rmtree(begun, ignore_errors=True)
        options = ("--username", _USER, "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
        argv = ((await self._program()).with_name("initdb"), "--pgdata", begun, *options)
        launch = Launch(argv=argv, cwd=self.folder, account=account)
        await run_to_end("initdb", launch, log=self.log, timeout_s=_INIT_TIMEOUT_S)
        begun.rename(data)

    async def _answers(self) -> bool:
        async def let_in(reader: asyncio.StreamReader) -> bool:
            return await reader.readexactly(1) == b"R"  # asks for authentication; while it starts it sends an error

        return await ask(LOOPBACK, self.port, _STARTUP, let_in)


def _account() -> str | None:
    """The user to run as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _hand_over(folder: Path, account: str) -> None:
    """Give the folder to the user, who must also be able to walk down to it."""
    entry = pwd.getpwnam(account)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    closed = [parent for parent in folder.parents if not parent.stat().st_mode & 0o001]
    if closed:
        message = f"PostgreSQL runs as {account}, who may not enter {closed[0]}: choose another state directory"
        raise EmbeddedError(message)
