"""What an error of an object store means: it is away, full, or refuses us."""

from collections.abc import Iterator
from contextlib import contextmanager

from xqueue_common.errors import Unavailable


@contextmanager
def translated(*, reading: bool = False) -> Iterator[None]:
    """Turn errors of the store and its library into ours.

    Raises:
        Unavailable: the same may work later.
        FileNotFoundError: there is no such object, while reading one.
    """
    from obstore.exceptions import BaseError  # noqa: PLC0415  # loaded by the first use of a store, see objects.py

    try:
        yield
    except (BaseError, OSError) as error:  # a TimeoutError is an OSError
        if reading and isinstance(error, FileNotFoundError) and not _no_bucket(error):
            raise
        part = "artifacts"
        raise Unavailable(part, str(error).partition("\n")[0] or "it does not answer") from error


@contextmanager
def missing_will_do() -> Iterator[None]:
    """Pass over that an object is not there, but not that its whole bucket is not."""
    try:
        yield
    except FileNotFoundError as error:
        if _no_bucket(error):
            raise


def _no_bucket(error: FileNotFoundError) -> bool:
    # The library tells one 404 of S3 from the other only in words.
    return "NoSuchBucket" in str(error)
