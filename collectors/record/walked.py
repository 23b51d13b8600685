"""All that a device tells over SNMP, as the lines of a .snmprec file (see collectors/recording.py)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from collectors.plan import Platform
from collectors.record.masks import Mask
from collectors.snmp.codec import Binding, Kind, Oid, oid_of
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Ending, Silence, Target
from collectors.snmp.sweep import Sweep
from collectors.text import decoded

ROOTS: Final = ("1.0.8802", "1.2.840.10006", "1.3.6.1", "1.3.111")
"""LLDP-MIB, IEEE8023-LAG-MIB, all of the internet's MIBs, and the newer ones of IEEE 802.1."""
_NEEDED_SECONDS: Final = 120.0
# a table or two whose index or value is the address of an interface: ifPhysAddress, lldpLocChassisId, lldpRemChassisId,
# lldpRemPortId, dot1dBaseBridgeAddress
_MACS: Final = tuple(
    oid_of(each)
    for each in (
        "1.3.6.1.2.1.2.2.1.6", "1.0.8802.1.1.2.1.3.2", "1.0.8802.1.1.2.1.4.1.1.5", "1.0.8802.1.1.2.1.4.1.1.7",
        "1.3.6.1.2.1.17.1.1",
    )
)  # fmt: skip
# sysName, lldpLocSysName, lldpRemSysName: where hosts say what they are called
_NAMES: Final = tuple(oid_of(each) for each in ("1.3.6.1.2.1.1.5", "1.0.8802.1.1.2.1.3.3", "1.0.8802.1.1.2.1.4.1.1.9"))
# sysContact, sysLocation: whom to call, and where
_PEOPLE: Final = tuple(oid_of(each) for each in ("1.3.6.1.2.1.1.4", "1.3.6.1.2.1.1.6"))
_ADDRESSED: Final = tuple(
    oid_of(each)
    for each in (
        "1.3.6.1.2.1.3", "1.3.6.1.2.1.4.20", "1.3.6.1.2.1.4.21", "1.3.6.1.2.1.4.22", "1.3.6.1.2.1.4.24",
        "1.3.6.1.2.1.4.31", "1.3.6.1.2.1.4.32", "1.3.6.1.2.1.4.34", "1.3.6.1.2.1.4.35", "1.3.6.1.2.1.4.37",
        "1.3.6.1.2.1.6.13", "1.3.6.1.2.1.6.19", "1.3.6.1.2.1.6.20", "1.3.6.1.2.1.7.5", "1.3.6.1.2.1.7.7",
        "1.3.6.1.2.1.14", "1.3.6.1.2.1.15", "1.3.6.1.2.1.16.4", "1.3.6.1.2.1.16.5", "1.3.6.1.2.1.16.6",
        "1.3.6.1.2.1.17.4.3", "1.3.6.1.2.1.17.5", "1.3.6.1.2.1.17.7.1.2", "1.3.6.1.2.1.17.7.1.3", "1.3.6.1.2.1.68",
        "1.3.6.1.2.1.83", "1.3.6.1.2.1.85", "1.3.6.1.2.1.88", "1.3.6.1.2.1.168", "1.3.6.1.6.3.10",
        "1.0.8802.1.1.2.1.4.2",
    )
)  # fmt: skip
"""Tables of the standards whose index is an address: with addresses masked, no more of them is kept than is needed."""
_WITH_PEERS: Final = frozenset({"bgp_peer", "ospf_neighbour"})
_PRINTABLE: Final = re.compile(rb"[ -~]*")
_MAC_OCTETS, _V4_OCTETS = 6, 4


@dataclass(slots=True, kw_only=True)
class Walked:
    """What the walk brought. `left_out` are subtrees with secrets that are there; nothing of them is in `values`."""

    values: Mapping[Oid, Binding] = field(default_factory=dict)
    silence: Silence | None = None
    ended: Ending | None = None
    skipped: Sequence[tuple[str, str]] = ()
    left_out: Sequence[str] = ()
    seconds: float = 0.0
    requests: int = 0
    bytes: int = 0


async def walked(
    target: Target,
    platform: Platform,
    secrets: Iterable[str],
    budget: Budget,
    heard: Callable[[int], None] = lambda _: None,
) -> Walked:
    """All that `target` tells, without the subtrees `secrets`; what `platform` asks for even where the walk was cut."""
    reader = EngineReader()
    without = [oid_of(each) for each in dict.fromkeys(secrets)]
    sweep = Sweep([oid_of(each) for each in ROOTS], without, budget.rows, heard)
    try:
        how = await reader.swept(target, sweep, budget)
        found = dict(sweep.found)
        told = Walked(
            values=found,
            silence=how.silence,
            ended=sweep.ended,
            skipped=[(_dotted(oid), str(why)) for oid, why in sweep.skipped],
            left_out=[_dotted(oid) for oid in sorted(sweep.hidden)],
            seconds=how.seconds,
            requests=how.requests,
            bytes=how.bytes,
        )
        if how.silence is None and (sweep.ended or sweep.skipped):
            again = Sweep(needed(platform), without, budget.rows)
            more = await reader.swept(target, again, Budget(seconds=_NEEDED_SECONDS, bytes=budget.bytes))
            found |= again.found
            told.seconds += more.seconds
            told.requests += more.requests
            told.bytes += more.bytes
        return told
    finally:
        await reader.close()


def needed(platform: Platform) -> list[Oid]:
    """The columns and scalars that a visit of `platform` asks for."""
    columns = {oid for origin in platform.origins for oid in origin.oids.values()}
    scalars = {oid.removesuffix(".0") for oid in platform.request.scalars}
    return sorted({oid_of(each) for each in columns | scalars})


def names_told(values: Mapping[Oid, Binding]) -> Iterator[str]:
    """The names of this host and of its neighbours."""
    for oid, _, value in values.values():
        if isinstance(value, bytes) and oid.__class__ is tuple and _below(oid, _NAMES):
            yield decoded(value)


def lines(values: Mapping[Oid, Binding], mask: Mask, platform: Platform) -> tuple[bytes, Counter[str]]:
    """The lines of the .snmprec file, by OID, without what `mask` takes out; and how many rows were left out."""
    counts: Counter[str] = Counter()
    addresses = mask.disguise
    versions = {oid_of(oid) for oid in _versions(platform)}
    of_ours = set(needed(platform))
    peers = {
        oid_of(oid)
        for name in {part.table for part in platform.parts if part.kind in _WITH_PEERS}
        for origin in platform.origins
        if origin.table == name
        for oid in origin.oids.values()
    }
    if addresses is not None:
        for _, kind, value in values.values():
            if kind is Kind.IP_ADDRESS and isinstance(value, str):
                addresses.ipv4(value)
    masked: dict[Oid, Binding] = {}
    for oid in sorted(values):
        binding = values[oid]
        place = oid
        if mask.is_named(_dotted(oid)):
            counts["left_out"] += 1
            continue
        if addresses is not None:
            ours = _column(oid, of_ours)
            if not ours and (_below(oid, _ADDRESSED) or _tells(oid, addresses.addresses)):
                counts["left_out"] += 1
                continue
            column = _column(oid, peers)
            place = _renamed(oid, len(column), mask) if column else oid
        is_version = bool(_column(oid, versions))
        masked[place] = Binding(place, binding.kind, _value(binding, mask, version=is_version))
    return b"".join(_line(each) for _, each in sorted(masked.items())), counts


def _value(binding: Binding, mask: Mask, *, version: bool) -> int | float | bytes | str | None:
    oid, kind, value = binding
    disguise = mask.disguise
    if kind is Kind.IP_ADDRESS and disguise is not None and isinstance(value, str):
        told = disguise.ipv4(value)
        mask.counts["addresses"] += told != value
        return told
    if not isinstance(value, bytes):
        return value
    value = mask.octets(value)
    return value if disguise is None else _disguised(oid, value, mask, version=version)


def _disguised(oid: Oid, value: bytes, mask: Mask, *, version: bool) -> bytes:
    disguise = mask.disguise
    assert disguise is not None  # noqa: S101 - the caller asked
    if _below(oid, _PEOPLE) and value:
        mask.counts["names"] += 1
        return b"masked"
    if len(value) == _MAC_OCTETS and (_below(oid, _MACS) or not _PRINTABLE.fullmatch(value)):
        told = disguise.mac(value)
        mask.counts["addresses"] += told != value
        return told
    if len(value) == _V4_OCTETS and tuple(value) in disguise.addresses:
        mask.counts["addresses"] += 1
        return bytes(int(part) for part in disguise.ipv4(".".join(map(str, value))).split("."))
    for encoding in ("utf-8", "gb18030"):
        try:
            said = value.decode(encoding)
        except UnicodeDecodeError:
            continue
        told_text = disguise.text(said, mask.counts, version=version)
        return value if told_text == said else told_text.encode(encoding)
    return value


def _versions(platform: Platform) -> Iterator[str]:
    """Where versions stand: what looks like an address there is none."""
    columns = {(source.table, source.column) for word in ("version", "patch") for source in platform.identity[word]}
    for origin in platform.origins:
        for name, oid in origin.oids.items():
            if (origin.table, name) in columns or name in {"software", "firmware", "hardware", "version"}:
                yield oid
    yield from (s.scalar.removesuffix(".0") for s in platform.identity["version"] if s.scalar)


def _column(oid: Oid, columns: set[Oid]) -> Oid:
    """The one of `columns` below which `oid` stands; () where there is none."""
    return next((oid[:n] for n in range(len(oid) - 1, 3, -1) if oid[:n] in columns), ())


def _below(oid: Oid, subtrees: Sequence[Oid]) -> bool:
    return any(oid[: len(each)] == each for each in subtrees)


def _tells(oid: Oid, addresses: frozenset[tuple[int, ...]]) -> bool:
    """True where an address that was met stands in the index; small numbers are slots and ports."""
    return any(
        oid[n : n + _V4_OCTETS] in addresses and (oid[n] > 9 or max(oid[n : n + _V4_OCTETS]) > 31)  # noqa: PLR2004 - slots
        for n in range(8, len(oid) - _V4_OCTETS + 1)
    )


def _renamed(oid: Oid, start: int, mask: Mask) -> Oid:
    """`oid` with other addresses in its index, which begins at `start`."""
    disguise = mask.disguise
    assert disguise is not None  # noqa: S101 - the caller asked
    found, n = list(oid), start
    while n + _V4_OCTETS <= len(found):
        four = tuple(found[n : n + _V4_OCTETS])
        if four in disguise.addresses:
            found[n : n + _V4_OCTETS] = [int(part) for part in disguise.ipv4(".".join(map(str, four))).split(".")]
            mask.counts["addresses"] += 1
            n += _V4_OCTETS
        else:
            n += 1
    return tuple(found)


def _line(binding: Binding) -> bytes:
    oid, kind, value = binding
    name = _dotted(oid).encode()
    if isinstance(value, bytes):
        plain = _PRINTABLE.fullmatch(value)
        return name + (b"|%d|%s\n" % (kind, value) if plain else b"|%dx|%s\n" % (kind, value.hex().encode()))
    return name + b"|%d|%s\n" % (kind, b"" if value is None else str(value).encode())


def _dotted(oid: Oid) -> str:
    return ".".join(map(str, oid))
