"""`netvigil vendor …`: cases at the makers: which are open, whom to press for them, and what was heard."""

import os
from pathlib import Path

import click

from alerts.desk import ladder
from alerts.desk.actions import ACTIONS
from alerts.desk.clocks import ClockName, ClockState, clocks
from monitor.config import loaded
from monitor.moment import now as this_moment
from monitor.store import tickets
from monitor.verbs import doors
from monitor.verbs.handling import acting

_OWED = {ClockState.RUNNING, ClockState.PAUSED, ClockState.MISSED}
"""How the promise to tell the maker stands where nobody has told it."""


@click.group()
def vendor() -> None:
    """Cases at the makers: which are open, whom to press for them, and what was heard."""


@vendor.command("list")
@doors.config
@doors.as_json
def vendor_list(directory: Path, *, as_json: bool) -> None:
    """Open cases, with the next news that is promised; and tickets for which a case has to be opened."""
    settings, now = loaded(directory, os.environ, with_secrets=False), this_moment()
    with doors.reading(settings) as disk:
        every = tickets.unclosed(disk)
    rows = []
    for each in every:
        found = ladder.case(each, settings.contract, now, well_too=True)
        due = next((one for one in clocks(each, settings.contract, now) if one.name is ClockName.VENDOR_REPORT), None)
        if found is None and (due is None or due.due is None or due.state not in _OWED):
            continue
        rung = found.rung if found else None
        rows.append(
            {
                "ticket": each.id,
                "device": each.fault.device or None,
                "maker": each.events[0].data.get("maker") or None,
                "case": (found.number or None) if found else None,
                "opened_at": found.opened_at.isoformat(timespec="seconds") if found else None,
                "open_by": due.due.isoformat(timespec="seconds") if not found and due and due.due else None,
                "next_due": (found.next_due or None) if found else None,
                "press": " ".join(filter(None, (rung.title.en, rung.phone))) if rung else None,
            }
        )
    doors.print_rows(rows, as_json=as_json)


for verb, name in (("report-vendor", "open"), ("vendor-update", "update"), ("vendor-close", "close")):
    vendor.add_command(next(acting(each, name) for each in ACTIONS if each.name == verb))
