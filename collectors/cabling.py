"""Where the cable of an interface leads: its description, and the neighbour that LLDP names (IEEE 802.1AB, LLDP-MIB).

Asked by the pipeline after each visit, for the words of mail and for Prometheus. A port that has gone down keeps the
neighbour that it had, because the device forgets it then, and that is when somebody wants to know it.
"""

from collections.abc import Iterator, Mapping

from collectors.ports import NO_CABLING, TABLE, Cabling, Neighbour, Ports, ports
from collectors.snmp.reader import Value
from collectors.tables import Table, text
from collectors.visit import Told

NEIGHBOURS, LOCAL = "lldp", "lldp_port"
_UP = 1
_MAC_CHASSIS, _MAC_PORT = 4, 3  # LldpChassisIdSubtype, LldpPortIdSubtype
_OCTETS = 6
_LONGEST = 80  # of a description or a name in a sentence


def cabling(found: Told, before: Cabling = NO_CABLING) -> Cabling:
    """Where the cables of the device lead; `before` itself where nothing says otherwise."""
    told = ports(found)
    if told is None:
        return before if found.visit.silence is not None else NO_CABLING
    tables, columns = found.visit.tables, told.columns
    far, near = tables.get(NEIGHBOURS), tables.get(LOCAL)
    made_of = (told.labels, columns.get("alias"), columns.get("oper"), far, near)
    if len(before.made_of) == len(made_of) and all(a is b for a, b in zip(made_of, before.made_of, strict=True)):
        return before
    descriptions = dict(_descriptions(told))
    neighbours = dict(_kept(told, before)) | dict(_neighbours(told, tables[TABLE], far, near))
    labels = [label for label in told.labels if label in descriptions or label in neighbours]
    notes = {label: _note(descriptions.get(label, ""), neighbours.get(label)) for label in labels if label is not None}
    return Cabling(made_of=made_of, descriptions=descriptions, neighbours=neighbours, notes=notes)


def _note(description: str, neighbour: Neighbour | None) -> str:
    there = f"→ {neighbour.name} {neighbour.port}".strip() if neighbour else ""
    return ", ".join(one for one in (description, there) if one)


def _descriptions(told: Ports) -> Iterator[tuple[str, str]]:
    for label, alias in zip(told.labels, told.columns.get("alias", ()), strict=False):
        if label is not None and (said := text(alias)[:_LONGEST]) and not _is_default(said, label):
            yield label, said


def _is_default(said: str, label: str) -> bool:
    """True for what nobody wrote: "GigabitEthernet1/0/1 Interface", or that behind the name of a series of switches."""
    return said == label or said.endswith(f"{label} Interface")


def _kept(told: Ports, before: Cabling) -> Iterator[tuple[str, Neighbour]]:
    """The neighbours of ports that are not up."""
    for label, oper in zip(told.labels, told.columns.get("oper", ()), strict=False):
        if label is not None and oper != _UP and (known := before.neighbours.get(label)):
            yield label, known


def _neighbours(told: Ports, table: Table, far: Table | None, near: Table | None) -> Iterator[tuple[str, Neighbour]]:
    """The neighbour of each port; the one told first where there are several, as behind a telephone."""
    if far is None or not far.index:
        return
    local = _local(told, table, near)
    taken: set[str] = set()
    for row, index in enumerate(far.index):
        numbers = index.split(".")  # lldpRemTimeMark, lldpRemLocalPortNum, lldpRemIndex
        label = local.get(numbers[1]) if len(numbers) > 1 else None
        neighbour = _neighbour({name: column[row] for name, column in far.columns.items()})
        if label is not None and label not in taken and neighbour is not None:
            taken.add(label)
            yield label, neighbour


def _local(told: Ports, table: Table, near: Table | None) -> Mapping[str, str]:
    """The label of the interface for each lldpLocPortNum: by the name that stands there, for the number may be any."""
    if near is None or not near.index:
        return {index: label for index, label in zip(table.index, told.labels, strict=True) if label is not None}
    called: dict[str, str] = {}
    for column in ("descr", "name"):
        for said, label in zip(told.columns.get(column, ()), told.labels, strict=False):
            if label is not None and said:
                called[text(said)] = label
    found: dict[str, str] = {}
    for column in ("descr", "id"):
        for number, said in zip(near.index, near.columns.get(column, ()), strict=False):
            label = called.get(text(said))
            if label is not None:
                found[number] = label
    return found


def _neighbour(told: Mapping[str, Value]) -> Neighbour | None:
    name = text(told.get("name")) or _said(told.get("chassis"), told.get("chassis_kind") == _MAC_CHASSIS)
    if not name:
        return None
    is_mac = told.get("port_kind") == _MAC_PORT
    port = _said(told.get("port"), is_mac)
    if is_mac or port.isdecimal():
        port = text(told.get("descr")) or port
    return Neighbour(name=name[:_LONGEST], port=port[:_LONGEST])


def _said(value: Value, is_mac: bool) -> str:  # noqa: FBT001 - one answer of the device about the other
    if is_mac and isinstance(value, bytes) and len(value) == _OCTETS:
        return value.hex(":")
    return text(value)
