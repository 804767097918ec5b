"""Which addresses Entrepot calls: public ones over HTTPS, and in a sandbox its own machine's.

A URL comes from whoever may subscribe, so without this anybody who may could have the service
call whatever it can reach: a cloud's metadata, a database's port, a colleague's printer. The
address is checked that a connection is about to be made to: a name may resolve to something else
each time it is asked.
"""

import errno
import ipaddress
from enum import StrEnum
from urllib.parse import urlsplit

from entrepot import limits

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Some of these ranges Python's own tables came to know with the years; they are few.
_FORBIDDEN = tuple(
    map(
        ipaddress.ip_network,
        ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
         "240.0.0.0/4", "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
         "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fec0::/10", "ff00::/8"),
    )
)  # fmt: skip


class Reach(StrEnum):
    """Where requests may go."""

    PUBLIC = "PUBLIC"
    """Public addresses over HTTPS."""
    SANDBOX = "SANDBOX"
    """Those, and the machine's own loopback, over HTTP too."""


class AddressForbidden(OSError):  # noqa: N818 - raised where only an OSError is understood
    """A connection was about to be made that must not be; raised before anything is sent."""

    def __init__(self, sentence: str) -> None:
        """Say why."""
        super().__init__(errno.EACCES, sentence)


def check_url(url: str) -> str | None:
    """Tell in a sentence why no request could ever go to a URL; None when one could."""
    if len(url) > limits.SUBSCRIPTION_URL_CHARS_MAX:
        return f"A URL has at most {limits.SUBSCRIPTION_URL_CHARS_MAX} characters."
    if not url.isascii() or not url.isprintable() or " " in url:
        return "A URL is of printable ASCII characters; international names are written as xn--…"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "That is not a URL."
    if "\\" in parts.netloc:  # some read it as a slash, so the server's name is in doubt
        return "That is not a URL."
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        return "A URL begins with https:// and the name of a server."
    if parts.username is not None or parts.password is not None:
        return "A URL must not contain a user or a password: it is shown in lists and logs."
    if parts.fragment:
        return "A URL for notifications has no fragment (#)."
    return "A port is a number from 1 to 65535." if port == 0 else None


def check_address(text: str, reach: Reach, *, encrypted: bool) -> None:
    """Make sure that a connection to an address may be made.

    Args:
        text: the address, as the connection is about to use it.
        reach: where requests may go.
        encrypted: whether it is HTTPS.

    Raises:
        AddressForbidden: it may not.
    """
    # A scope (fe80::1%eth0) is part of link-local addresses only, and changes nothing.
    address = ipaddress.ip_address(text.partition("%")[0])
    if reach is Reach.SANDBOX and _is_own(address):
        return
    if not encrypted:
        raise AddressForbidden("only HTTPS is called, but for the own machine in a sandbox")
    for one in _meant(address):
        if not _is_public(one):
            raise AddressForbidden(f"{text} is not a public address")


def _meant(address: IpAddress) -> tuple[IpAddress, ...]:
    """Give an address, or what it stands for: IPv4 can be written within IPv6 in many ways."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    inner: tuple[IpAddress | None, ...] = (address.ipv4_mapped, address.sixtofour)
    if address in _NAT64:
        inner += (ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF),)
    inner += address.teredo or ()
    found = tuple(one for one in inner if one is not None)
    return found or (address,)


def _is_own(address: IpAddress) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _is_public(address: IpAddress) -> bool:
    forbidden = any(
        address in network for network in _FORBIDDEN if network.version == address.version
    )
    return address.is_global and not (forbidden or address.is_multicast)
