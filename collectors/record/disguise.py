"""Addresses and host names in a recording, each replaced by another one, and always by the same.

The replacements are of the ranges for documentation (RFC 5737, RFC 3849, RFC 7042) as long as these last: neighbours
still find each other, and nobody learns who they are. Forms and lengths stay, so that what reads them still does.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Final

_IPV4: Final = re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\w)")
_IPV6: Final = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:(?:\.\d{1,3}){3})?(?![\w:.]*:)(?!\w)"
)
_HEX2: Final = r"[0-9A-Fa-f]{2}"
_MAC: Final = re.compile(
    rf"(?<![\w:.-])(?:{_HEX2}(?:([:-]){_HEX2}(?:\1{_HEX2}){{4}}(?:\1{_HEX2}){{0,2}})"
    r"|[0-9A-Fa-f]{4}([-.])[0-9A-Fa-f]{4}\2[0-9A-Fa-f]{4})(?![\w:-]|\.\w)"
)
_BARE: Final = re.compile(r"(?:[0-9A-Fa-f]{12}|[0-9A-Fa-f]{16})")
_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# "Version 7.10.30.00" of an iDRAC looks like an address and is none
_VERSION: Final = re.compile(
    r"(?:version|release|firmware|software|bios|boot\w*|cpld|rev|ver|v)[\"'\s:=.,(]*$", re.IGNORECASE
)
_NAME_KEY: Final = re.compile(r"host_?name|fqdn|dns\w*name|domain_?name", re.IGNORECASE)
_MAC_KEY: Final = re.compile(r"mac_?address|networkaddress|wwn|wwpn|worldwide", re.IGNORECASE)
_VERSION_KEY: Final = re.compile(r"version|firmware|bios|revision|release", re.IGNORECASE)
_BEFORE: Final = 24
_SHORTEST_NAME: Final = 3
_NO_NAMES: Final = frozenset(
    {"localhost", "localdomain", "host", "server", "switch", "router", "system", "default", "none", "unknown", "null"}
)
_V4_RANGES: Final = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "240.0.0.0/4")


class Disguise:
    """What stands in for which address and which name. `not_names` are words that are no names of hosts."""

    def __init__(self, names: Iterable[str] = (), not_names: Iterable[str] = ()) -> None:
        """The names known from the start; more may be added until the first text is disguised."""
        self._not_names = _NO_NAMES | {each.casefold() for each in not_names}
        self._names: list[str] = []
        self._aliases: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._v4: dict[str, str] = {}
        self._v6: dict[str, str] = {}
        self._macs: dict[bytes, bytes] = {}
        self._free = chain.from_iterable(ipaddress.ip_network(each).hosts() for each in _V4_RANGES)
        self.add(names)

    def add(self, names: Iterable[str]) -> None:
        """Know these names of hosts, too: as they are, and without their domain."""
        for name in names:
            for each in (name.strip(), name.strip().partition(".")[0]):
                plain = each.casefold()
                usable = len(each) >= _SHORTEST_NAME and not each.isdecimal() and plain not in self._not_names
                if usable and not _is_address(each) and plain not in self._aliases:
                    self._aliases[plain] = _alias(len(self._aliases) + 1, len(each))
                    self._names.append(each)
                    self._pattern = None

    # ------------------------------------------------------------------ one thing

    def ipv4(self, address: str) -> str:
        """What stands for `address`; masks, multicast and loopback stand for themselves."""
        if not _is_of_somebody(address):
            return address
        if address not in self._v4:
            self._v4[address] = str(next(self._free))
        return self._v4[address]

    def ipv6(self, address: str) -> str:
        """The same for IPv6."""
        found = ipaddress.IPv6Address(address)
        if found.is_unspecified or found.is_loopback or found.is_multicast:
            return address
        key = found.exploded
        if key not in self._v6:
            self._v6[key] = str(ipaddress.IPv6Address("2001:db8::") + len(self._v6) + 1)
        return self._v6[key]

    def mac(self, octets: bytes) -> bytes:
        """The same for the address of an interface, of 6 octets (or 8, of Fibre Channel)."""
        if not octets or octets[0] & 1 or not any(octets):
            return octets  # of a group, or of nobody
        if octets not in self._macs:
            number = len(self._macs)
            start = b"\x00\x00\x5e\x00\x53" if number < 256 else b"\x02\x00\x5e" + number.to_bytes(3, "big")[:2]  # noqa: PLR2004 - of an octet
            self._macs[octets] = (start + bytes([number % 256])).ljust(len(octets), b"\x00")
        return self._macs[octets]

    @property
    def addresses(self) -> frozenset[tuple[int, ...]]:
        """The octets of every IPv4 address met so far."""
        return frozenset(tuple(int(part) for part in each.split(".")) for each in self._v4)

    # ------------------------------------------------------------------ texts

    def text(self, said: str, counts: Counter[str], *, version: bool = False) -> str:
        """Free text in disguise."""

        def counted(before: str, after: str, what: str) -> str:
            counts[what] += before != after
            return after

        def v4(match: re.Match[str]) -> str:
            before = match.string[max(0, match.start() - _BEFORE) : match.start()]
            if version or _VERSION.search(before):
                return match[0]
            return counted(match[0], self.ipv4(match[0]), "addresses")

        def v6(match: re.Match[str]) -> str:
            if _MAC.fullmatch(match[0]):  # of Fibre Channel, done already
                return match[0]
            try:
                return counted(match[0], self.ipv6(match[0]), "addresses")
            except ValueError:
                return match[0]

        if self._names:
            said = self._any_name.sub(lambda m: counted(m[0], self._aliases[m[0].casefold()], "names"), said)
        if "@" in said:
            said = _MAIL.sub(lambda m: counted(m[0], "somebody@example.org", "names"), said)
        said = _MAC.sub(lambda m: counted(m[0], self._mac_text(m[0]), "addresses"), said)
        if ":" in said:
            said = _IPV6.sub(v6, said)
        return _IPV4.sub(v4, said) if "." in said else said

    def value(self, key: str, said: str, counts: Counter[str]) -> str:
        """The value of a JSON document that stands under `key`."""
        if _MAC_KEY.search(key) and _BARE.fullmatch(said):
            counts["addresses"] += 1
            return self._mac_text(said)
        return self.text(said, counts, version=bool(_VERSION_KEY.search(key)))

    def name_in(self, key: str, said: object) -> None:
        """Learn the name of a host from a JSON document."""
        if isinstance(said, str) and _NAME_KEY.search(key):
            self.add([said])

    @property
    def _any_name(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest_first = sorted(self._names, key=len, reverse=True)
            words = "|".join(_word(each) for each in longest_first)
            # what is before "/5/" is the module of a log line, whatever the host is called
            self._pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-]|/\d/)")
        return self._pattern

    def _mac_text(self, said: str) -> str:
        digits = re.sub(r"[^0-9A-Fa-f]", "", said)
        new = iter(self.mac(bytes.fromhex(digits)).hex())
        told = "".join(next(new) if each.isalnum() else each for each in said)
        return told.upper() if said.upper() == said else told


def _word(name: str) -> str:
    """`name` in a pattern: in any case of its letters, but not where it may be a common word, too."""
    return re.escape(name) if name.isalpha() else f"(?i:{re.escape(name)})"


def _alias(number: int, length: int) -> str:
    """`host-7`, as long as the name that it stands for where that is longer."""
    return f"host-{number:0{max(1, length - 5)}}"


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _is_of_somebody(address: str) -> bool:
    try:
        found = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    is_mask = int(found) >= 2**32 - 2**25 or _is_left_full(int(found))
    return not (found.is_loopback or found.is_multicast or is_mask or int(found) < 2**24)


def _is_left_full(number: int) -> bool:
    """True for a mask of a network: ones, then zeros."""
    return number > 0 and (~number & 0xFFFFFFFF) & ((~number & 0xFFFFFFFF) + 1) == 0 and number >= 2**31
