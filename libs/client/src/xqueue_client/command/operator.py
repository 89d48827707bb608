"""The key of the operator of an installation on this machine, which `just up` keeps in its state directory."""

from pathlib import Path

from xqueue_client.address import operators_key_file
from xqueue_client.command.exits import Misused
from xqueue_client.errors import BadHeader
from xqueue_client.http.headers import sendable


def operators_key(url: str) -> str | None:
    """Return the operator's key of the gateway at this address; None: it is not of this machine, or has no key yet.

    Raises:
        Misused: there is one that cannot be read.
    """
    file = operators_key_file(url)
    return None if file is None else _read(file)


def _read(file: Path) -> str | None:
    try:
        return sendable("API key", file.read_text().strip())
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{file}: {error.strerror}: ask as the user that it belongs to, or set XQ_API_KEY"
        raise Misused(message) from error
    except (BadHeader, UnicodeDecodeError) as error:
        message = f"{file}: there is no API key in it: set XQ_API_KEY"
        raise Misused(message) from error
