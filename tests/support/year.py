"""A year of three customers in a real store: devices, what they told, incidents with known truth, units and their past.

Everything is written by the functions with which the daemon writes it; only the devices and the passing of time are
left out. `INCIDENTS` is the truth that documents are held against: what they say is reckoned from it anew.
"""

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.desk.assets import Asset
from monitor import ticketing
from monitor.config import Settings, loaded
from monitor.model import (
    Component,
    Condition,
    DeviceEvent,
    EventKind,
    Fault,
    FaultKey,
    FaultState,
    Happened,
    Identity,
    Level,
    Limits,
    Observation,
    Reason,
    Text,
)
from monitor.store import assets, devices, faults, parts, rollups, tickets
from monitor.store.assets import What
from monitor.store.database import Store
from monitor.store.rolled import Key, Layout, Part, part_packed, scale

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2026, 5, 1), date(2026, 10, 31)
"""Of these days there are values; incidents begin half a year earlier."""
NOW = datetime(2026, 11, 1, 9, tzinfo=ZONE).astimezone(UTC)

_NETVIGIL = """
[daemon]
state = "state"
listen = "127.0.0.1:0"
[mail]
server = "127.0.0.1"
port = 25
security = "none"
sender = "netvigil@example.org"
[[mail.recipient]]
name = "值班"
address = "zhiban@example.org"
language = "zh_CN"
"""
CUSTOMERS = {
    "cdc": ("示例市疾病预防控制中心", "hefei-1", "hefei", "疾控中心机房"),
    "hospital": ("示例县人民医院", "wuhu-1", "province", "门诊楼机房"),
    "blood": ("示例中心血站 <b>&amp;</b> {{7*7}}", "fuyang-1", "province", "血站\u202e机房"),
}
_FLEET = (("core", "core", "Huawei", "S6730-H24X6C", "V200R021C00SPC100", "V200R021SPH130"),
          ("acc-1", "access", "H3C", "S5130S-28P-EI", "7.1.070, Release 6126P20", ""),
          ("acc-2", "access", "Huawei", "S5735-L24T4X-A1", "V200R019C00SPC500", ""),
          ("srv-1", "server", "Dell", "PowerEdge R740", "6.10.30.00", ""))  # fmt: skip
_PLATFORMS = {"Huawei": "huawei_vrp", "H3C": "h3c_comware", "Dell": "dell_idrac"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One thing that went wrong, and what people did: all spans count from `start`; None is what was not done."""

    device: str
    kind: str
    label: str
    aspect: str
    level: Level
    start: datetime
    responded: timedelta | None
    arrived: timedelta | None
    well: timedelta | None
    called_back: timedelta | None = None
    satisfaction: int = 0
    cause: str = ""
    handling: str = ""
    prevention: str = ""
    condition: Condition = Condition.FAILED

    @property
    def customer(self) -> str:
        """Whose device it is."""
        return self.device.split("-")[0]


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026 if month <= 10 else 2025, month, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


_MIN, _HOUR = timedelta(minutes=1), timedelta(hours=1)
INCIDENTS = (
    Incident(
        device="cdc-core", kind="psu", label="PWR1", aspect="state", level=Level.MAJOR, start=_at(11, 3, 3, 12),
        responded=4 * _MIN, arrived=38 * _MIN, well=2 * _HOUR, called_back=6 * _HOUR, satisfaction=5,
        cause="电源模块内部电容老化失效", handling="更换同型号电源模块", prevention="同批次电源列入下月巡检重点",
    ),
    Incident(
        device="cdc-srv-1", kind="disk", label="Disk 0 in Backplane 1", aspect="state", level=Level.MAJOR,
        start=_at(1, 17, 22, 5), responded=9 * _MIN, arrived=50 * _MIN, well=26 * _HOUR, called_back=30 * _HOUR,
        satisfaction=3, cause="硬盘坏道", handling="更换硬盘并重建阵列",
    ),
    Incident(
        device="cdc-core", kind="psu", label="PWR1", aspect="state", level=Level.MAJOR, start=_at(10, 6, 1, 30),
        responded=21 * _MIN, arrived=45 * _MIN, well=3 * _HOUR, called_back=5 * _HOUR, satisfaction=2,
        cause="市电波动损坏电源", handling="更换电源模块", prevention="建议客户加装稳压设备",
    ),
    Incident(
        device="cdc-acc-1", kind="fan", label="Fan 1", aspect="state", level=Level.MINOR, start=_at(10, 12, 15, 0),
        responded=3 * _MIN, arrived=None, well=4 * _HOUR, called_back=None, cause="风扇积尘", handling="清洁后恢复",
    ),
    Incident(
        device="hospital-core", kind="device", label="", aspect="answer", level=Level.CRITICAL,
        start=_at(10, 20, 11, 40), responded=2 * _MIN, arrived=6 * _HOUR, well=7 * _HOUR, called_back=24 * _HOUR,
        satisfaction=4, cause="主控板故障", handling="备机替换", prevention="建议配置双主控",
    ),
    Incident(
        device="hospital-acc-2", kind="interface", label="GigabitEthernet0/0/3", aspect="oper_status",
        level=Level.WARNING, start=_at(10, 25, 9, 0), responded=5 * _MIN, arrived=None, well=30 * _MIN,
        called_back=2 * _HOUR, satisfaction=5,
    ),
    Incident(
        device="blood-srv-1", kind="temperature", label="Inlet Temp", aspect="temperature", level=Level.MINOR,
        start=_at(10, 30, 14, 0), responded=None, arrived=None, well=None, condition=Condition.DEGRADED,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Year:
    """The house after the year. `numbers` are the tickets of `INCIDENTS`, in their order."""

    folder: Path
    settings: Settings
    numbers: tuple[str, ...]


def furnished(folder: Path) -> Settings:
    """The configuration of the house in `folder`, before anything was seen."""
    (folder / "netvigil.toml").write_text(_NETVIGIL, encoding="utf-8")
    (folder / "inventory.toml").write_text("".join(_inventory()), encoding="utf-8")
    return loaded(folder, {"COMMUNITY": "year"})


def year(folder: Path, *, seed: int = 7) -> Year:
    """Write the year into `folder`."""
    settings = furnished(folder)
    numbers: list[str] = []
    with Store(settings.daemon.state) as store:
        with store.writing() as disk:
            for name in settings.inventory.devices:
                _lived(disk, name, Random(f"{seed}/{name}"))  # noqa: S311 - numbers of a test
            _delivered(disk)
        for each in INCIDENTS:
            with store.writing() as disk:
                numbers.append(_befell(disk, each, settings))
    return Year(folder, settings, tuple(numbers))


def _inventory() -> Iterator[str]:
    yield '[credentials.read]\nversion = "2c"\ncommunity = { env = "COMMUNITY" }\n'
    for number, (name, (title, site, region, place)) in enumerate(CUSTOMERS.items(), 1):
        yield f"[[customer]]\nname = {name!r}\ntitle = {title!r}\n"
        yield f'[[site]]\nname = "{site}"\ncustomer = "{name}"\nregion = "{region}"\n'
        yield f'title = "{place.replace(chr(0x202E), "")}"\n'
        for place_, (short, role, *_) in enumerate(_FLEET, 1):
            yield (
                f'[[device]]\nname = "{name}-{short}"\naddress = "10.{number}.0.{place_}"\nsite = "{site}"\n'
                f'role = "{role}"\ncredentials = ["read"]\n'
            )


def made(name: str) -> Identity:
    """What the device of the year says it is."""
    place = [short for short, *_ in _FLEET].index(name.split("-", 1)[1])
    _, _, vendor, model, version, patch = _FLEET[place]
    serial = f"{'SVC' if vendor == 'Dell' else '2102'}{name.split('-', maxsplit=1)[0].upper()}{place}"
    return Identity(
        platform=_PLATFORMS[vendor], vendor=vendor, model=model, version=version, patch=patch or None, serial=serial
    )


_TOLD = (
    ("cpu", "CPU 0", "usage", "ratio", 0.22, 0.08, Limits(high_warning=0.8)),
    ("memory", "Memory 0", "usage", "ratio", 0.48, 0.01, Limits(high_warning=0.85)),
    ("temperature", "Inlet Temp", "temperature", "celsius", 27.0, 3.0, Limits(high_warning=42.0, high_critical=47.0)),
    ("optic", "XGigabitEthernet0/0/1", "rx_power", "dbm", -5.0, 0.2, Limits(low_warning=-14.4, low_critical=-16.0)),
    ("interface", "XGigabitEthernet0/0/1", "utilisation_in", "ratio", 0.3, 0.2, None),
)


def lived_on(disk: Connection, name: str, until: date, *, seed: int = 7) -> None:
    """What the device told after the year, until that day."""
    kinds = _kinds(name)
    random = Random(f"{seed}/{name}/after")  # noqa: S311 - numbers of a test
    _measured(disk, name, kinds, _layout(kinds), (LAST + timedelta(days=1), until), random)


_Kind = tuple[str, str, str, str, float, float, Limits | None]


def _kinds(name: str) -> tuple[_Kind, ...]:
    return _TOLD if "srv" not in name else _TOLD[:3]


def _layout(kinds: tuple[_Kind, ...]) -> Layout:
    return Layout(
        (
            Key("device", "", "reachable", "ratio", 1000.0),
            *(
                Key(kind, label, aspect, unit, scale(aspect, unit), limits.low_warning if limits else None,
                    limits.high_warning if limits else None)
                for kind, label, aspect, unit, _, _, limits in kinds
            ),
        )
    )  # fmt: skip


def _measured(
    disk: Connection, name: str, kinds: tuple[_Kind, ...], layout: Layout, days: tuple[date, date], random: Random
) -> None:
    day, last = days
    while day <= last:
        start = datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
        hours = []
        gone = name == "blood-acc-2" and day.month == 10 and day.day >= 20  # a device that fell silent: a gap is a gap
        for quarter in () if gone else range(4):
            levels = [1.0, *(_level(one, day, quarter, name, random) for one in kinds)]
            size = len(levels)
            columns = [array("f", [21600.0] * size), array("f", [360.0] * size)] + [array("f", levels)] * 4
            hours.append(
                rollups.Hour(
                    name, start + timedelta(hours=6 * quarter), f"{day}", start, layout, part_packed(Part(columns))
                )
            )
        rollups.saved(disk, hours)
        rollups.packed(disk, name, f"{day}")
        if (day + timedelta(days=1)).day == 1 and not gone:
            at = start + timedelta(hours=20)
            devices.snapshot_saved(disk, name, f"{day}", at, tuple(_snapshot(kinds, name, day, at, random)))
        day += timedelta(days=1)


def _lived(disk: Connection, name: str, random: Random) -> None:
    """What the device told over the year: it answered, values for each quarter of a day, a snapshot a month."""
    identity = made(name)
    devices.answered(disk, name, identity, NOW - timedelta(minutes=1), booted_at=_at(11, 1, 0))
    kinds = _kinds(name)
    layout = _layout(kinds)
    _measured(disk, name, kinds, layout, (FIRST, LAST), random)
    parts.happened(
        disk,
        [
            DeviceEvent(device=name, at=_at(3, 2, 2), what=Happened.REBOOTED,
                        data={"booted_at": _at(3, 2, 2).isoformat()}),
            DeviceEvent(device=name, at=_at(10, 6, 1, 29), what=Happened.LOG_ENTRY, source="log", source_id="1",
                        data={"text": "mains voltage low"}),
        ],
    )  # fmt: skip


def _level(
    one: tuple[str, str, str, str, float, float, Limits | None], day: date, quarter: int, name: str, random: Random
) -> float:
    """A value with its hours, its season, its noise; of one optic a slow creep that a forecast must see."""
    kind, _, _, unit, middle, noise, _ = one
    value = middle + noise * (math.sin(quarter * math.pi / 2) + random.gauss(0, 0.4))
    if kind == "temperature":
        value += 4 * math.sin((day.timetuple().tm_yday - 110) / 365 * 2 * math.pi)
    if kind == "optic" and name == "hospital-core":
        value -= 0.03 * max(0, (day - date(2026, 4, 1)).days)
    return min(max(value, 0.0), 1.0) if unit == "ratio" else value


def _snapshot(
    kinds: tuple[tuple[str, str, str, str, float, float, Limits | None], ...],
    name: str,
    day: date,
    at: datetime,
    random: Random,
) -> Iterator[Observation]:
    for one in kinds:
        kind, label, aspect, unit, _, _, limits = one
        value = _level(one, day, 3, name, random)
        yield Observation(
            component=Component(kind=kind, label=label), aspect=aspect, condition=Condition.OK, at=at, value=value,
            unit=unit, raw=f"{value:.2f}", source="1.3.6.1.4.1.2011.5.25.31.1.1.1.1.5", limits=limits,
        )  # fmt: skip
    for kind, label in (("fan", "Fan 1"), ("psu", "PWR1"), ("psu", "PWR2")):
        yield Observation(
            component=Component(kind=kind, label=label), aspect="state", condition=Condition.OK, at=at, raw="normal(1)",
            source="1.3.6.1.4.1.2011.5.25.31.1.1.18.1.6",
        )  # fmt: skip


def _delivered(disk: Connection) -> None:
    for customer, place in CUSTOMERS.items():
        for short, _, vendor, model, *_ in _FLEET:
            name = f"{customer}-{short}"
            accepted = date(2025, 1, 15) if short != "acc-2" else date(2023, 12, 20)
            unit = Asset(
                serial=str(made(name).serial), model=model, maker=vendor, customer=customer, site=place[1], device=name,
                delivered=accepted - timedelta(days=60), first_acceptance=accepted - timedelta(days=30),
                final_acceptance=accepted,
            )  # fmt: skip
            assets.saved(disk, None, unit, What.IMPORTED, "wang", _at(11, 1, 1), "assets.xlsx:2")


def _befell(disk: Connection, each: Incident, settings: Settings) -> str:
    """One incident from its first sight to its call-back; returns the number of its ticket."""
    component = Component(kind=each.kind, label=each.label)
    seen = Observation(
        component=component, aspect=each.aspect, condition=each.condition, at=each.start, raw="abnormal(2)",
        source="1.3.6.1.4.1.2011.5.25.31.1.1.18.1.6",
    )  # fmt: skip
    reason = Text(en=f"{each.kind} {each.label} is not well", zh_CN=f"{each.label or '设备'} 异常")
    fault = faults.saved(
        disk,
        Fault(
            key=FaultKey(device=each.device, kind=each.kind, label=each.label, aspect=each.aspect),
            component=component, condition=each.condition, level=each.level,
            reasons=(Reason(rule="year", text=reason),), evidence=seen, state=FaultState.OPEN,
            first_seen=each.start - timedelta(seconds=20), last_seen=each.start, changed_at=each.start,
            opened_at=each.start,
        ),
    )  # fmt: skip
    ticketing.opened(disk, fault, settings, each.start)
    number = tickets.unclosed(disk, fault.key)[-1].id

    def act(kind: EventKind, after: timedelta | None, data: dict[str, str] | None = None, by: str = "li") -> None:
        if after is not None:
            ticketing.acted(disk, number, kind, by, data or {}, settings, each.start + after)

    steps = sorted(
        (after, kind)
        for kind, after in ((EventKind.RESPONDED, each.responded), (EventKind.ARRIVED, each.arrived))
        if after is not None
    )
    for after, kind in steps:
        act(kind, after)
    if each.well is None:
        return number
    over = each.start + each.well
    fault = faults.saved(disk, replace(fault, state=FaultState.CLEARED, cleared_at=over, last_seen=over))
    ticketing.followed_up(disk, tickets.found(disk, number), EventKind.RECOVERED, fault, settings, over)
    if each.cause:
        act(
            EventKind.HANDLED,
            each.well + 10 * _MIN,
            {key: getattr(each, key) for key in ("cause", "handling", "prevention") if getattr(each, key)},
        )
    if each.called_back is not None:
        act(EventKind.CALLED_BACK, each.called_back, {"solved": "yes", "satisfaction": str(each.satisfaction)})
        act(EventKind.CLOSED, each.called_back + _MIN)
    return number
