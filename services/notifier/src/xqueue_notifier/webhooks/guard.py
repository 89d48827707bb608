"""No connection to an address that is not public, whatever name led there: judged as it is opened."""

import ipaddress
import socket
from typing import Any

from xqueue_common.addresses import is_public

AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


class NotPublic(OSError):
    """An address that no webhook may lead to."""


def guarded_socket(info: AddressInfo) -> socket.socket:
    """Return a socket for an address as resolved, just before it is connected.

    Raises:
        NotPublic: the address is none of the public network.
    """
    family, kind, protocol, _, address = info
    if not is_public(ipaddress.ip_address(str(address[0]).partition("%")[0])):
        msg = "its address is not public"
        raise NotPublic(msg)
    return socket.socket(family, kind, protocol)


def refused_in(error: BaseException | None) -> bool:
    """Whether a connection failed because of an address that is not public."""
    while error is not None:
        if isinstance(error, NotPublic) or str(NotPublic("its address is not public")) in str(error):
            return True
        error = error.__cause__
    return False
