"""Variables of a trap that stand BER-encoded inside a text, as some devices keep their alarms; read leniently.

What is no BER has none; what is cut has those before the cut. Nothing here raises.
"""

from collections.abc import Iterator

from collectors.snmp.codec import oid_text
from collectors.text import cleaned

_SEQUENCE = b"\x30"
_CONSTRUCTED = 0x20
_INTEGER, _OCTETS, _OID = 0x02, 0x04, 0x06
_NUMBERS = {_INTEGER, 0x41, 0x42, 0x43, 0x46}
_DEEP = 6


def varbinds(told: bytes) -> Iterator[tuple[str, str]]:
    """Name (without its ".0") and text of each variable in `told`."""
    name = ""
    for tag, content in _primitives(told, _DEEP):
        if tag == _OID and not name:
            name = _oid(content).removesuffix(".0")
        elif name:
            yield name, _said(tag, content)
            name = ""


def _said(tag: int, content: bytes) -> str:
    if tag in _NUMBERS:
        return str(int.from_bytes(content, signed=tag == _INTEGER)) if content else ""
    return _oid(content) if tag == _OID else cleaned(content) if tag == _OCTETS else ""


def _oid(content: bytes) -> str:
    try:
        return oid_text(content)
    except ValueError:
        return ""


def _primitives(told: bytes, depth: int) -> Iterator[tuple[int, bytes]]:
    """The tagged values in `told` one after the other; nothing where it does not begin as a sequence of them."""
    if depth == _DEEP and told[:1] != _SEQUENCE:
        return
    place = 0
    while place + 2 <= len(told):
        tag, length, place = told[place], told[place + 1], place + 2
        if length & 0x80:
            size = length & 0x7F
            length, place = int.from_bytes(told[place : place + size]), place + size
        if place + length > len(told):
            return
        content, place = told[place : place + length], place + length
        if tag & _CONSTRUCTED:
            if depth:
                yield from _primitives(content, depth - 1)
        else:
            yield tag, content
