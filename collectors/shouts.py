"""What a device shouts between two visits: traps and log lines as plain values. Bytes in, `Shout` out; nothing raises.

Syslog comes as RFC 5424, as RFC 3164, and in the forms of switches: `%%01MODULE/4/MNEMONIC(l)[12]:text` behind a
header, or `%Apr 26 12:00:00:000 2026 NAME MODULE/4/MNEMONIC: text`. The moment in it is not read: clocks are wrong more
often than datagrams are late.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from collectors.snmp.codec import Binding, Kind
from collectors.text import cleaned

TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"  # SNMPv2-MIB
_TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"  # SNMP-COMMUNITY-MIB: the agent, where a proxy passed its trap on
_UP_TIME = "1.3.6.1.2.1.1.3.0"
LONGEST_LINE = 8192  # octets; RFC 5424 asks for 2,048
_MOST_VALUES = 64
_LONGEST_VALUE = 512
_LAST_PRIORITY = 191  # RFC 5424 section 6.2.1: facility 23, severity 7
_PRIORITY = re.compile(r"<(\d{1,3})>")
# "%%01", "%%10": the version of the form. Behind the mnemonic: the kind of log, its number, or nothing.
_MARKED = re.compile(
    r"%%\d\d(?P<module>[\w-]{1,64})/(?P<severity>\d)/(?P<mnemonic>[\w-]{1,96})"
    r"(?:\([a-zA-Z]{1,3}\))?(?:\[\d{1,10}\])?\s?:\s?(?P<text>.*)"
)
_STAMPED = re.compile(
    r"%(?:[A-Z][a-z]{2}\s+\d{1,2}\s+[\d:.]{8,16}(?:\s+\d{4})?|[\d-]{8,10}[T ][\d:.+-]{8,20})\s+(?P<host>\S{1,255})\s+"
    r"(?P<module>[\w-]{1,64})/(?P<severity>\d)/(?P<mnemonic>[\w-]{1,96})(?:\([a-zA-Z]{1,3}\))?\s?:\s?(?P<text>.*)"
)
_RFC5424 = re.compile(
    r"1 (?:-|\d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|[+-]\d\d:\d\d)) (?P<host>\S{1,255}) (?P<app>\S{1,48}) \S{1,128} "
    r"(?P<id>\S{1,32}) ?(?P<rest>.*)"
)
_RFC3164 = re.compile(
    r"(?:[A-Z][a-z]{2}\s{1,2}\d{1,2}\s(?:\d{4}\s)?\d\d:\d\d:\d\d\S{0,10}\s(?:\d{4}\s)?(?P<host>\S{1,255})\s)?"
    r"(?P<rest>.*)"
)
_TAG = re.compile(r"(?P<tag>[\w./-]{1,48})(?:\[\d{1,10}\])?:\s?")
_ELEMENTS = re.compile(r'(?:\[[^\s\]="]{1,32}(?: [^\s\]="]{1,32}="(?:[^"\\\]]|\\.)*")*\])+ ?')
_FROM = re.compile(r"-DevIP=(?P<address>[\da-fA-F.:]{2,45})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shout:
    """One trap or log line. `log` is "MODULE/4/MNEMONIC" or who wrote the line.

    `trap` is the OID of a trap, and `either` another that it may have (trap_v1.py). `about` is the address that the
    message itself names, where it was passed on by somebody else. `severity` is that of syslog, 0 (gravest) to 7.
    `values` are the bindings of a trap, by OID.
    """

    source: str
    trap: str = ""
    either: str = ""
    log: str = ""
    text: str = ""
    about: str = ""
    severity: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)


def trap_said(source: str, bindings: Iterable[Binding]) -> Shout | None:
    """The trap that `bindings` are; None where they name none."""
    trap, about, values = "", "", dict[str, str]()
    for oid, kind, value in bindings:
        name = ".".join(map(str, oid))
        if name == TRAP_OID:
            trap = str(value) if kind is Kind.OBJECT_IDENTIFIER else ""
        elif name == _TRAP_ADDRESS and kind is Kind.IP_ADDRESS:
            about = str(value)
        elif name != _UP_TIME and len(values) < _MOST_VALUES and value is not None:
            values[name] = str(value) if isinstance(value, int | float) else cleaned(value, _LONGEST_VALUE)
    if not trap:
        return None
    text = ", ".join(said for said in values.values() if said)
    return Shout(source=source, trap=trap.strip("."), text=text[:_LONGEST_VALUE], about=about, values=values)


def line_said(source: str, line: bytes) -> Shout | None:
    """The log line that `line` is; None where it is none."""
    said = cleaned(line[:LONGEST_LINE])
    priority = _PRIORITY.match(said)
    if priority is None or int(priority[1]) > _LAST_PRIORITY:
        return None
    rest, severity = said[priority.end() :].lstrip(), int(priority[1]) % 8
    for form in (_MARKED, _STAMPED):
        if match := form.search(rest):
            log = f"{match['module']}/{match['severity']}/{match['mnemonic']}"
            passed_on = _FROM.search(match["text"])
            about = passed_on["address"] if passed_on else ""
            return Shout(
                source=source, log=log, text=match["text"], about=about, severity=min(int(match["severity"]), 7)
            )
    if match := _RFC5424.fullmatch(rest):
        text = match["rest"].removeprefix("-").lstrip()
        elements = _ELEMENTS.match(text)
        return Shout(
            source=source, log=match["app"], text=text[elements.end() :] if elements else text, severity=severity
        )
    match = _RFC3164.fullmatch(rest)
    text = match["rest"] if match else rest
    tag = _TAG.match(text)
    if not text:
        return None
    return Shout(
        source=source, log=tag["tag"] if tag else "", text=text[tag.end() :] if tag else text, severity=severity
    )


class Frames:
    """The lines of one TCP connection: octet-counted or ended by LF, as each begins (RFC 6587 section 3.4)."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipping = False
        self.broken = 0

    def fed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes. What is longer than a line may be is cut, and counted in `broken`."""
        self._buffer += data
        found: list[bytes] = []
        while self._buffer:
            if not self._skipping and 0x31 <= self._buffer[0] <= 0x39:  # noqa: PLR2004 - a digit, not 0: octet counting
                head, blank, _ = self._buffer[:8].partition(b" ")
                if not blank and len(self._buffer) < 8 and head.isdigit():  # noqa: PLR2004 - more of it is to come
                    return found
                if head.isdigit() and blank and int(head) <= LONGEST_LINE:
                    end = len(head) + 1 + int(head)
                    if len(self._buffer) < end:
                        return found
                    found.append(bytes(self._buffer[len(head) + 1 : end]))
                    del self._buffer[:end]
                    continue
            end = self._buffer.find(b"\n")
            if end < 0:
                if len(self._buffer) > LONGEST_LINE:
                    if not self._skipping:
                        found.append(bytes(self._buffer[:LONGEST_LINE]))
                        self.broken += 1
                    self._skipping = True
                    self._buffer.clear()
                return found
            line = bytes(self._buffer[:end]).strip(b"\r\0 ")
            del self._buffer[: end + 1]
            if line and not self._skipping:
                found.append(line[:LONGEST_LINE])
            self._skipping = False
        return found
