"""JSON in and out, with one error for everything that cannot be read."""

from typing import Any, Generic, TypeVar

import msgspec

from xqueue_common.errors import Undecodable

T = TypeVar("T")

encode = msgspec.json.Encoder().encode


class Reader(Generic[T]):
    """Reads one type (or union of tagged structs) from JSON: ``Reader[Command](Command)``."""

    def __init__(self, wanted: Any) -> None:
        self._decode = msgspec.json.Decoder(wanted).decode

    def __call__(self, data: bytes | None) -> T:
        """Return ``data`` as the wanted type.

        Raises:
            Undecodable: no valid JSON, no valid UTF-8, nested too deeply, or not of that type.
        """
        try:
            # msgspec.Raw takes any bytes: what is no UTF-8 must not get further than here.
            return self._decode((data or b"").decode())  # type: ignore[no-any-return]  # the decoder is of T
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            # The latter two are no DecodeError: msgspec lets them through.
            raise Undecodable(str(error) or type(error).__name__) from error
