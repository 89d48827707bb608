"""A body of one type: read, or refused with every field that is wrong."""

from typing import Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from xqueue_gateway.problems import Problem, bad_json
from xqueue_gateway.submissions.faults import Hints, fault
from xqueue_gateway.submissions.json_text import MAX_NESTING, broken, text_of

S = TypeVar("S", bound=Struct)


class Form(Generic[S]):
    """The form of a body, and what its fields take, in words.

    A hint for a field that the form lacks says why it cannot be set.
    """

    def __init__(self, wanted: type[S], hints: Hints) -> None:
        self._wanted = wanted
        self._hints = hints
        self._decoder = msgspec.json.Decoder(wanted)

    def read(self, body: bytes) -> S:
        """Return what a request body says.

        Raises:
            Problem: 400 no JSON; 422 fields that break a rule, all of them by name.
        """
        return self.read_text(text_of(body))

    def read_text(self, text: str | Raw) -> S:
        """Return what a JSON text says.

        Raises:
            Problem: as ``read``.
        """
        try:
            return self._decoder.decode(text)
        except msgspec.ValidationError as error:
            raise fault(self._wanted, text, error, self._hints) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise broken(text, error) from error
        except RecursionError as error:
            raise too_deep() from error


def too_deep() -> Problem:
    """Return the problem of JSON that is nested without end."""
    return bad_json(f"nested more than {MAX_NESTING} levels deep")
