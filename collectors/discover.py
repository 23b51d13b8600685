"""Who is there? Addresses are asked, gently and each once, what they are; nothing is adopted and nothing is kept.

`discovered` yields what was found as it is found. A device is asked for its identity and its LLDP neighbours only. The
neighbours' management addresses (LLDP-MIB lldpRemManAddrTable) lead on where the caller wants to crawl.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from collectors.identify import of_makers
from collectors.looks import Door, LookReader, looked, recognised
from collectors.plan import Origin, Platform
from collectors.snmp.reader import Budget, Reader, Request, Silence, Target
from collectors.tables import Eye, text
from collectors.visit import Visit, visited
from monitor.model import Device, Identity

MOST_ADDRESSES = 65_536
_NEIGHBOUR = "neighbour"
_MANAGED = "managed"
# lldpRemTable: lldpRemSysName; lldpRemManAddrTable: its index ends in the subtype and the address itself (LLDP-MIB)
_LLDP = (
    Origin(table=_NEIGHBOUR, single=False, oids={"name": "1.0.8802.1.1.2.1.4.1.1.9"}, position=0),
    Origin(table=_MANAGED, single=False, oids={"kind": "1.0.8802.1.1.2.1.4.2.1.3"}, position=1),
)
_FAMILIES = {1: 4, 2: 6}  # AddressFamilyNumbers (IANA): ipV4, ipV6
_OCTETS = {4: 4, 6: 16}
_ITSELF = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One address that answered: with which of the targets tried, what it is, and whom it sees beside it.

    `neighbours` are the names that LLDP tells, `beyond` the addresses by which they are managed. `silence` is set where
    something is there that does not let us in. `redfish` is True for what answered over Redfish alone; `let_in`, where
    it let our login in there: without one it was asked nothing that needs any. `host_key` is what was shown by one that
    answered over SSH alone and let us in, in the form of known_hosts; nobody has compared it with anything yet.
    """

    address: str
    target: int | None
    identity: Identity
    neighbours: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    silence: Silence | None = None
    redfish: bool = False
    let_in: bool = False
    host_key: str = ""


Greet = Callable[[str], Awaitable[Identity | None]]
"""Asks the Redfish service at an address who it is; None where there is none."""


Knock = Callable[[str], Awaitable[tuple[Identity, str] | None]]
"""Logs in over SSH at an address: who it is, and its host key; None where nobody lets us in whom we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How gently: addresses begun a second, and addresses asked at the same time."""

    a_second: float = 50.0
    at_once: int = 64


def addresses(words: Iterable[str]) -> list[str]:
    """The addresses of `words` such as "10.1.0.0/24", "10.1.0.5-10.1.0.9" or "10.1.0.7", each once, in their order.

    Raises ValueError that names the word which is none, or which has too many.
    """
    found = dict[str, None]()
    for word in words:
        several = [str(each) for each in islice(_of_word(word), MOST_ADDRESSES + 1)]
        if len(several) > MOST_ADDRESSES:
            raise ValueError(f'"{word}" has more than {MOST_ADDRESSES} addresses; ask for smaller networks')
        found |= dict.fromkeys(several)
    return list(found)


def _of_word(word: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        if "-" in word:
            return _between(*(ipaddress.ip_address(end.strip()) for end in word.split("-", 1)))
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        example = "10.1.0.0/24 or 10.1.0.5-10.1.0.9"
        raise ValueError(f'"{word}" is no address, network or range, such as {example}') from None
    return iter([network.network_address]) if network.num_addresses == 1 else iter(network.hosts())


def _between(
    first: ipaddress.IPv4Address | ipaddress.IPv6Address, last: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    if first.version != last.version or int(last) < int(first):
        raise ValueError("a range goes up, and stays in its family")
    return (type(first)(number) for number in range(int(first), int(last) + 1))


def lean(platform: Platform) -> Platform:
    """`platform` with no more than its identity and the neighbours to ask for."""
    wanted = {source.table for several in platform.identity.values() for source in several if source.table}
    origins: list[Origin] = []
    tables: list[tuple[str, ...]] = []
    for origin in (*(o for o in platform.origins if o.table in wanted), *_LLDP):
        origins.append(replace(origin, position=len(tables)))
        if not origin.single:
            tables.append(tuple(origin.oids.values()))
    singles = {f"{oid}.0" for origin in origins if origin.single for oid in origin.oids.values()}
    scalars = {source.scalar for several in platform.identity.values() for source in several if source.scalar}
    request = Request(scalars=tuple(sorted(singles | scalars)), tables=tuple(tables))
    return replace(platform, origins=tuple(origins), parts=(), request=request)


async def discovered(
    asked: Sequence[str],
    targets: Callable[[str], Sequence[Target]],
    reader: Reader,
    platforms: dict[str, Platform],
    at: datetime,
    pace: Pace = Pace(),
    greet: Greet | None = None,
    enter: Greet | None = None,
    knock: Knock | None = None,
) -> AsyncIterator[tuple[str, Found | None]]:
    """Each of `asked` once it is known, with what was found there; None where nobody answers.

    With `greet` also those that speak Redfish, and no SNMP or none with us. `enter` asks these once more, with a login.
    `knock` asks who says nothing else over SSH.
    """
    quick = {name: lean(platform) for name, platform in platforms.items()}
    results: asyncio.Queue[tuple[str, Found | None]] = asyncio.Queue()
    room = asyncio.Semaphore(pace.at_once)

    async def one(address: str) -> None:
        try:
            found = await _found(address, targets(address), reader, quick, at, greet, enter, knock)
        finally:
            room.release()
        results.put_nowait((address, found))

    async def begin() -> None:
        async with asyncio.TaskGroup() as tasks:
            for address in asked:
                await room.acquire()
                tasks.create_task(one(address))
                await asyncio.sleep(1 / pace.a_second)

    begun = asyncio.create_task(begin())
    try:
        for _ in asked:
            told = asyncio.ensure_future(results.get())
            await asyncio.wait({told, begun}, return_when=asyncio.FIRST_COMPLETED)
            if begun.done() and begun.exception() is not None:
                told.cancel()
                begun.result()
            yield await told
    finally:
        begun.cancel()


async def introduced(
    looker: LookReader, door: Door, reader: Reader, platforms: Mapping[str, Platform], at: datetime
) -> Identity | None:
    """Who the server behind `door` is to somebody with its login; None where it does not let us in."""
    budget = Budget(seconds=door.timeout, bytes=4_000_000)
    platform = await recognised(looker, door, platforms, budget)
    wanted = {source.table for several in platform.identity.values() for source in several if source.table}
    asked = tuple(origin for origin in platform.others.get(Eye.REDFISH, ()) if origin.table in wanted)
    seen = await looked(looker, door, Eye.REDFISH, asked, at, budget, None)
    if seen.blind is not None:
        return None
    device = Device(name=door.address, address=door.address, customer="", site="", platform=platform.name)
    only = {platform.name: replace(lean(platform), others={Eye.REDFISH: asked})}
    return (await visited(device, [], reader, only, at, budget, None, {Eye.REDFISH: seen})).identity


async def behind_ssh(
    looker: LookReader, door: Door, reader: Reader, platforms: Mapping[str, Platform], at: datetime
) -> tuple[Identity, str] | None:
    """Who the switch behind `door` is to somebody with its login, and its host key; None where we know no such switch.

    Each platform that has commands asks what names it; the first whose templates read the answer is the one. The key
    that is shown first is the only one that is talked to.
    """
    budget = Budget(seconds=4 * door.timeout, bytes=4_000_000)
    for platform in platforms.values():
        wanted = {source.table for several in platform.identity.values() for source in several if source.table}
        asked = tuple(origin for origin in platform.others.get(Eye.SSH, ()) if origin.table in wanted)
        if not asked:
            continue
        seen = await looked(looker, door, Eye.SSH, asked, at, budget, None)
        if seen.blind is not None:
            return None
        door = replace(door, pin=seen.pin)
        device = Device(name=door.address, address=door.address, customer="", site="", platform=platform.name)
        only = {platform.name: replace(lean(platform), others={Eye.SSH: asked})}
        told = (await visited(device, [], reader, only, at, budget, None, {Eye.SSH: seen})).identity
        if told.model or told.version:
            return told, seen.pin
    return None


async def _found(
    address: str,
    targets: Sequence[Target],
    reader: Reader,
    platforms: dict[str, Platform],
    at: datetime,
    greet: Greet | None,
    enter: Greet | None,
    knock: Knock | None,
) -> Found | None:
    device = Device(name=address, address=address, customer="", site="")
    seen = await visited(device, targets, reader, platforms, at, Budget(seconds=30.0, rows=2_000, bytes=1_000_000))
    if seen.silence is not None and greet is not None and (told := await greet(address)) is not None:
        platform = of_makers((told.vendor,), platforms)
        name = None if platform.name.startswith("_") else platform.name
        if enter is not None and (inside := await enter(address)) is not None:
            known = replace(inside, vendor=inside.vendor or told.vendor, platform=inside.platform or name)
            return Found(address=address, target=None, identity=known, redfish=True, let_in=True)
        return Found(address=address, target=None, identity=replace(told, platform=name), redfish=True)
    if seen.silence in {Silence.TIMEOUT, Silence.REFUSED, Silence.UNRESOLVED}:
        behind = await knock(address) if knock is not None else None
        return Found(address=address, target=None, identity=behind[0], host_key=behind[1]) if behind else None
    return Found(
        address=address,
        target=seen.target,
        identity=seen.identity,
        neighbours=_names(seen),
        beyond=_beyond(seen),
        silence=seen.silence,
    )


def _names(seen: Visit) -> tuple[str, ...]:
    table = seen.tables.get(_NEIGHBOUR)
    said = (text(value) for value in table.columns["name"]) if table else ()
    return tuple(dict.fromkeys(name for name in said if name))


def _beyond(seen: Visit) -> tuple[str, ...]:
    table = seen.tables.get(_MANAGED)
    told = (_managed(index) for index in table.index) if table else ()
    return tuple(dict.fromkeys(address for address in told if address))


def _managed(index: str) -> str:
    """The address at the end of an index of lldpRemManAddrTable: timeMark.port.index.subtype.length.octets."""
    numbers = [int(number) for number in index.split(".")]
    if len(numbers) < 5:  # noqa: PLR2004 - the five that come before the octets
        return ""
    subtype, length, octets = numbers[3], numbers[4], numbers[5:]
    version = _FAMILIES.get(subtype)
    if version is None or _OCTETS[version] != length or len(octets) != length or max(octets) > 255:  # noqa: PLR2004 - an octet
        return ""
    address = ipaddress.ip_address(bytes(octets))
    nowhere = address.is_unspecified or address.is_multicast or address.is_link_local
    return "" if nowhere or str(address) in _ITSELF else str(address)
