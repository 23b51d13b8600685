"""What the demo shows: a live picture on a terminal, plain lines elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alerts.desk import tickets as desk
from alerts.desk.clocks import clocks, nearest
from alerts.desk.contract import Contract
from alerts.desk.times import span
from monitor.demo.sink import Mail
from monitor.demo.stage import INTERVAL
from monitor.model import Fault, Language, Level, Ticket

_COLOURS = {Level.CRITICAL: "bold white on red", Level.MAJOR: "red", Level.MINOR: "yellow", Level.WARNING: "cyan"}
_MOST = 8  # lines of a table


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is shown at one moment."""

    now: datetime
    seconds: float
    devices: int
    answering: int
    faults: Sequence[Fault]
    tickets: Sequence[Ticket]
    mails: Sequence[Mail]
    broken: Sequence[str]
    places: Sequence[tuple[str, str]]


def picture(scene: Scene, contract: Contract, language: Language) -> Group:
    """The scene as tables."""
    head = Text.assemble(
        ("Netvigil demo ", "bold"),
        f"{scene.seconds:4.0f} s   {scene.answering} of {scene.devices} simulated devices answer, ",
        f"visited every {INTERVAL.total_seconds():g} s instead of every 60 s",
    )
    broken = Text("broken now: " + (", ".join(scene.broken) or "nothing"), style="dim")
    return Group(
        head,
        broken,
        Panel(_faults(scene, language), title=f"faults open: {len(scene.faults)}", title_align="left"),
        Panel(_tickets(scene, contract, language), title=f"tickets: {len(scene.tickets)}", title_align="left"),
        Panel(_mails(scene), title=f"mails accepted: {len(scene.mails)}", title_align="left"),
        _places(scene),
    )


def _faults(scene: Scene, language: Language) -> Table:
    table = _table("level", "device", "since", "why")
    for fault in list(scene.faults)[:_MOST]:
        since = span(scene.now - (fault.opened_at or fault.first_seen), language)
        why = "; ".join(reason.text.said(language) for reason in fault.reasons)
        table.add_row(Text(f" {fault.level.value} ", _COLOURS[fault.level]), fault.key.device, since, why)
    return table


def _tickets(scene: Scene, contract: Contract, language: Language) -> Table:
    table = _table("ticket", "level", "state", "part", "nearest clock")
    for ticket in list(scene.tickets)[-_MOST:]:
        clock = nearest(clocks(ticket, contract, scene.now))
        due = f"{clock.title.said(language)} {span(clock.remaining, language)}" if clock and clock.remaining else ""
        level = desk.level(ticket)
        part = f"{ticket.fault.device} {ticket.fault.kind} {ticket.fault.label}".strip()
        table.add_row(ticket.id, Text(f" {level.value} ", _COLOURS[level]), desk.state(ticket).value, part, due)
    return table


def _mails(scene: Scene) -> Table:
    table = _table("to", "subject")
    for mail in list(scene.mails)[-_MOST:]:
        table.add_row(mail.to, mail.subject)
    return table


def _places(scene: Scene) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, place in scene.places:
        table.add_row(Text(name, style="dim"), Text(place, overflow="fold"))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, expand=True, pad_edge=False, show_edge=False)
    for column in columns:
        # Words of devices are shown as they are, never read as markup of the terminal.
        wide = column in {"why", "subject", "part"}
        table.add_column(column, style="", header_style="dim", no_wrap=not wide, ratio=1 if wide else None)
    return table
