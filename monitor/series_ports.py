"""The interfaces of a device as Prometheus text: their counters go from column to text as they are.

Asked by series.py at every visit; a family is rendered only where its column is another object than at the last one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from operator import itemgetter

from collectors.ports import Neighbour, Ports
from collectors.rates import bits_per_second
from collectors.snmp.reader import Value
from monitor.exposition import Family, escaped, labelled
from monitor.packing import packed

COUNTED: Mapping[str, Family] = {
    "in_octets": Family(
        name="netvigil_interface_receive_bytes_total", says="Bytes received (ifHCInOctets).", type="counter"
    ),
    "out_octets": Family(
        name="netvigil_interface_transmit_bytes_total", says="Bytes sent (ifHCOutOctets).", type="counter"
    ),
    "in_errors": Family(
        name="netvigil_interface_receive_errors_total",
        says="Packets received with errors (ifInErrors).",
        type="counter",
    ),
    "out_errors": Family(
        name="netvigil_interface_transmit_errors_total",
        says="Packets not sent because of errors (ifOutErrors).",
        type="counter",
    ),
    "in_discards": Family(
        name="netvigil_interface_receive_discards_total",
        says="Packets received and dropped without an error (ifInDiscards).",
        type="counter",
    ),
    "out_discards": Family(
        name="netvigil_interface_transmit_discards_total",
        says="Packets dropped instead of sent (ifOutDiscards).",
        type="counter",
    ),
    "oper": Family(
        name="netvigil_interface_oper_status",
        says="Operational state (ifOperStatus): 1 up, 2 down, 3 testing, 4 unknown, 5 dormant, 6 notPresent, "
        "7 lowerLayerDown.",
    ),
    "admin": Family(
        name="netvigil_interface_admin_status",
        says="What the administrator wants (ifAdminStatus): 1 up, 2 down, 3 testing.",
    ),
}
"""Which column of the table `interface` is which metric, its values as they are."""
SPEED = Family(
    name="netvigil_interface_speed_bytes_per_second",
    says="Speed of the interface (ifHighSpeed, else ifSpeed, divided by 8).",
)

_NOBODY = Neighbour(name="")
INTERFACE = Family(
    name="netvigil_interface_info",
    says="Always 1; the labels say where the interface leads: its description (ifAlias) and its neighbour by LLDP.",
)


def named(ports: Ports | None, last: Ports | None, known: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """The names of the ports between quotes; None where a row is no port, or has the name of an earlier one.

    `known` are those of the ports of the `last` visit.
    """
    if ports is None:
        return ()
    if last is not None and last.labels is ports.labels:
        return known
    taken: set[str | None] = set()
    names: list[str | None] = []
    for label in ports.labels:
        name = None if label is None else escaped(label)
        names.append(None if name in taken else name)
        taken.add(name)
    return tuple(names)


def samples(whole: str, names: tuple[str | None, ...], ports: Ports | None, before: Ports | None) -> dict[str, bytes]:
    """The samples of the interfaces in the families whose columns moved, packed; b"" where one has none.

    `before` are the ports of the last visit, where they had the same `names`.
    """
    columns = ports.columns if ports else {}
    last = before.columns if before else None
    page: dict[str, bytes] = {}
    for column, family in COUNTED.items():
        values = columns.get(column, ())
        if last is None or values is not last.get(column, ()):
            page[family.name] = _lines(family.name, whole, names, values)
    speeds = (columns.get("high_speed", ()), columns.get("speed", ()))
    if last is None or speeds[0] is not last.get("high_speed", ()) or speeds[1] is not last.get("speed", ()):
        page[SPEED.name] = _lines(SPEED.name, whole, names, [_speed(*of_row) for of_row in zip_longest(*speeds)])
    cables = ports.cables if ports else None
    if last is None or before is None or cables is not before.cables:
        page[INTERFACE.name] = packed(b"".join(_leads(whole, names, ports))) if ports else b""
    return page


def _leads(whole: str, names: Sequence[str | None], ports: Ports) -> Iterator[bytes]:
    """One sample for each interface of which is known where it leads."""
    descriptions, neighbours = ports.cables.descriptions, ports.cables.neighbours
    for label, name in zip(ports.labels, names, strict=True):
        if label is None or name is None or not (label in descriptions or label in neighbours):
            continue
        there = neighbours.get(label, _NOBODY)
        told = labelled(alias=descriptions.get(label, ""), neighbour=there.name, neighbour_port=there.port)
        yield f'{INTERFACE.name}{{{whole},interface="{name}",{told}}} 1\n'.encode()


_Rows = Callable[[Sequence[Value | float]], tuple[Value | float, ...]]
_INTEGERS = frozenset({int})


@lru_cache(maxsize=4096)  # switches of one model whose ports have the same names share them
def _form(name: str, names: tuple[str | None, ...]) -> tuple[bytes, _Rows | None]:
    """The text of a family with blanks for values and a NUL for the labels of the device; what takes its rows.

    As octets, which are filled in three times as fast as text.
    """
    rows = tuple(row for row, label in enumerate(names) if label is not None)
    lines = (f'{name}{{\0,interface="{names[row]}"}} '.replace("%", "%%") + "%d\n" for row in rows)
    return "".join(lines).encode(), itemgetter(*rows) if len(rows) > 1 else None


def _plain(name: str, whole: str, names: tuple[str | None, ...], values: Sequence[Value | float]) -> bytes | None:
    """The lines of a family all of whose rows have whole numbers, filled in at one go; None where they have not."""
    form, take = _form(name, names)
    if take is None or len(values) < len(names):
        return None
    told: tuple[int, ...] = take(values)  # type: ignore[assignment]  # if they are, as the next line asks
    if not _INTEGERS.issuperset(map(type, told)) or min(told) < 0:
        return None
    return (form % told).replace(b"\0", whole.encode())


def _lines(name: str, whole: str, names: tuple[str | None, ...], values: Sequence[Value | float]) -> bytes:
    plain = _plain(name, whole, names, values)
    if plain is not None:
        return packed(plain)
    start = f'{name}{{{whole},interface="'
    return packed(
        "".join(
            [
                f'{start}{label}"}} {value}\n'
                for label, value in zip(names, values, strict=False)
                if label is not None and isinstance(value, int | float) and value >= 0
            ]
        ).encode()
    )


def _speed(mega: Value, plain: Value) -> float | None:
    """Bytes a second; None where the interface tells no speed."""
    bits = bits_per_second(mega, plain)
    return None if bits is None else bits / 8
