"""Which addresses of the network are public: what may be called at the wish of somebody who is not the operator."""

import ipaddress
import re
import socket
import unicodedata

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# All of these lead to some IPv4 address, or to nobody's: IPv4-compatible, mapped, NAT64, 6to4, Teredo, site-local.
_DETOURS = tuple(
    ipaddress.IPv6Network(net)
    for net in ("::/96", "::ffff:0:0/96", "64:ff9b::/32", "2001::/32", "2002::/16", "fec0::/10")
)

_NAMING = re.compile(r"[^\x00-\x20\x7f%/?#@\\]+\Z")


def is_public(address: Address) -> bool:
    """Whether an address is one of the public network, and of a single machine there."""
    detour = isinstance(address, ipaddress.IPv6Address) and any(address in net for net in _DETOURS)
    return address.is_global and not address.is_multicast and not detour


def is_private(host: str) -> bool:
    """Whether a host is written as an address that is not public, or is this very machine by name."""
    name = (resolved_as(host) or host).rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = literal(name)
    return address is not None and not is_public(address)


def resolved_as(host: str) -> str | None:
    """Return a host as resolvers are asked for it, in ASCII; None if they cannot be asked for it.

    Other alphabets have dots of their own, and circled digits are digits: whoever writes them means the plain ones.
    """
    plain = unicodedata.normalize("NFKC", host)
    if ":" in plain:
        return plain
    if not _NAMING.match(plain):
        return None
    try:
        return plain.encode("idna").decode()  # which knows the other dots
    except UnicodeError:  # an empty label, one of more than 63 characters, or no name at all
        return None


def literal(host: str) -> Address | None:
    """Return the address that a host is written as; None if it is a name."""
    try:
        return ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        # Takes every form that the system's resolver takes: 127.1, 0x7f000001, 2130706433.
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
