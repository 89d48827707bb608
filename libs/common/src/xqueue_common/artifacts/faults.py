"""What an error of an object store means: it is away, full, or refuses us."""

from collections.abc import Iterator
from contextlib import contextmanager

from xqueue_common.errors import Unavailable


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of the store and its library into ours; that an object is not there passes through.

    Raises:
        Unavailable: the same may work later.
        FileNotFoundError: there is no such object.
    """
    from obstore.exceptions import BaseError  # noqa: PLC0415  # loaded by the first use of a store, see objects.py

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:  # a TimeoutError is an OSError
        part = "artifacts"
        raise Unavailable(part, str(error).partition("\n")[0] or "it does not answer") from error
