"""`netvigil notice import|new|list|show|acknowledge|plan|accept|sources|catch-up`: notices of the makers, stored."""

import json
import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection

from alerts.notices import life
from alerts.notices.bulletin import BulletinError, bulletin, csaf
from alerts.notices.exposure import Verdict
from alerts.notices.life import Happened
from collectors.feeds.bundle import BundleError, Document
from monitor import enclosing, noticed, noticing, taking
from monitor.config import Settings, loaded
from monitor.moment import now as this_moment
from monitor.store import advisories, notices
from monitor.store.database import Store
from monitor.store.notices import Notice
from monitor.verbs import doors
from monitor.verbs.notices import notice

T = TypeVar("T")
_MOST_TYPED = 1024 * 1024
_TEMPLATE = """\
# A bulletin: save and leave the editor to store it; leave it empty to give up.
id = ""            # such as "R6348P05-1"; the same id again replaces it
title = ""
vendor = ""        # as devices tell it, see `netvigil device list`
affected = []      # "MODEL: VERSIONS", such as "S5130S-EI: <R6348P05" or "S5735: V200R021C10SPC500"
fixed = []         # the same, such as "S5130S-EI: R6348P05"
not_affected = []
text = ""
cve = ""           # such as "CVE-2026-12345", if it has one
workaround = ""
fix = ""           # what to do, in words
known_exploited = false
published = ""     # such as "2026-11-20"
reference = ""     # address of the release notes
# score = 7.5
"""
by = click.option("--by", required=True, envvar="USER", help="Who does it.")


def _settings(directory: Path) -> Settings:
    return loaded(directory, os.environ, with_secrets=False)


def _matched(store: Store, settings: Settings) -> noticing.Done:
    """Hold against each other what was not yet: reckoned first, so that the daemon waits only for the writing."""
    with store.writing() as disk:
        moved = advisories.placed(disk, noticing.fleet(disk, settings), this_moment())
    with store.reading() as disk:
        found = noticing.computed(disk)
    with store.writing() as disk:
        done = noticing.followed(disk, settings, found, this_moment(), moved)
    enclosing.enclosed(store, done.parcels, settings, this_moment())
    return done


@notice.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--source", default="", help="Name of the source; if left out, the form of each document.")
@click.option("--unchecked", is_flag=True, help="Take an archive without a SHA-256 manifest, too.")
@doors.config
@doors.as_json
def import_(path: Path, source: str, directory: Path, *, unchecked: bool, as_json: bool) -> None:
    """Take in a bundle (.tar.gz, .zip with SHA256SUMS), a folder or a document, and match it; 1 if some was refused."""
    settings = _settings(directory)
    with Store(settings.daemon.state) as store:
        try:
            taken = taking.imported(store, path, source, this_moment(), checked=not unchecked)
        except BundleError as error:
            with store.writing() as disk:
                advisories.source_failed(disk, source or path.name, "file", str(error), this_moment())
            raise LookupError(f"nothing was taken in: {error}") from None
        done = _matched(store, settings)
    told = {
        "documents": taken.documents,
        "advisories": taken.advisories,
        "changed": taken.changed,
        "sources": dict(taken.sources),
        "refused": [{"name": name, "reason": reason} for name, reason in taken.refused],
        "verdicts": done.verdicts,
        "letters": done.letters,
    }
    if as_json:
        doors.print_json(told)
    else:
        click.echo(
            f"{taken.documents} documents, {taken.advisories} advisories ({taken.changed} new or changed), "
            f"{len(taken.refused)} refused; {done.verdicts} verdicts, {done.letters} letters"
        )
        for name, reason in taken.refused[:20]:
            click.echo(f"refused: {name}: {reason}", err=True)
    sys.exit(doors.FINDINGS if taken.refused else doors.FINE)


@notice.command("new")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id", "number", default="", help="Such as R6348P05-1; the same again replaces it.")
@click.option("--title", default="")
@click.option("--vendor", default="", help="As devices tell it.")
@click.option("--affected", multiple=True, help='"MODEL: VERSIONS", such as "S5130S-EI: <R6348P05"; may be repeated.')
@click.option("--fixed", multiple=True, help="The same, of what repairs it.")
@click.option("--not-affected", multiple=True, help="The same, of what is not affected.")
@click.option("--text", default="", help="What it is.")
@click.option("--cve", default="")
@click.option("--score", type=float, default=None, help="How grave it is, 0 to 10.")
@click.option("--workaround", default="")
@click.option("--fix", default="", help="What to do, in words.")
@click.option("--published", default="", help="Such as 2026-11-20.")
@click.option("--reference", default="", help="Address of the release notes.")
@click.option("--known-exploited", is_flag=True)
@click.option("--print", "only_print", is_flag=True, help="Print the CSAF document and store nothing.")
@doors.config
@doors.as_json
def new(file: Path | None, number: str, directory: Path, *, only_print: bool, as_json: bool, **options: Any) -> None:
    """Store a bulletin (from options, a TOML or JSON FILE, or an editor) as CSAF 2.0, and match it."""
    given = {name: list(each) if isinstance(each, tuple) else each for name, each in options.items() if each}
    given |= {"id": number} if number else {}
    if file is not None and given:
        raise click.BadParameter("either a file or options, not both")
    values = _typed(file) if file is not None else given or _edited()
    settings = _settings(directory)
    try:
        made = bulletin(values)
        publisher = settings.mail.server.sender_name
        document = csaf(made, publisher, this_moment(), version("netvigil"))
    except BulletinError as error:
        raise LookupError(str(error)) from None
    raw = json.dumps(document, ensure_ascii=False, indent=1).encode()
    if only_print:
        click.echo(raw.decode())
        return
    with Store(settings.daemon.state) as store:
        one = Document(name=f"{made.id}.json", raw=raw)
        taken = taking.taken(store, [one], taking.BULLETINS, "typed", this_moment())
        if taken.refused:
            raise LookupError(taken.refused[0][1])
        done = _matched(store, settings)
    if as_json:
        doors.print_json({"id": made.id, "changed": taken.changed, "verdicts": done.verdicts, "letters": done.letters})
    else:
        click.echo(f"{made.id}: stored; {done.verdicts} verdicts, {done.letters} letters")


def _typed(file: Path) -> Mapping[str, Any]:
    with file.open("rb") as opened:
        raw = opened.read(_MOST_TYPED + 1)
    if len(raw) > _MOST_TYPED:
        raise LookupError(f"{file}: larger than {_MOST_TYPED} octets")
    try:
        text = raw.decode("utf-8-sig")
        values = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise LookupError(f"{file}: {error}") from None
    if not isinstance(values, dict):
        raise LookupError(f"{file}: must be a table")  # noqa: TRY004 - what is wrong is what was typed
    return values


def _edited() -> Mapping[str, Any]:
    text = click.edit(_TEMPLATE, extension=".toml")
    if not text or text == _TEMPLATE:
        raise LookupError("nothing was written, so nothing is stored")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LookupError(f"{error}\n{text}") from None
    return {name: each for name, each in values.items() if each not in ("", [], False)}


@notice.command("catch-up", hidden=True)
@doors.config
def catch_up(directory: Path) -> None:
    """Match what was not matched, and tell whom it concerns: what the daemon does by itself, in a process beside it."""
    settings = _settings(directory)
    with Store(settings.daemon.state) as store:
        done = _matched(store, settings)
    doors.print_json({"units": done.units, "advisories": done.advisories, "letters": done.letters})


@notice.command("list")
@click.option("--customer", default=None)
@click.option("--state", type=click.Choice([each.value for each in Happened if each is not Happened.TOLD_AGAIN]))
@doors.config
@doors.as_json
def list_(customer: str | None, state: str | None, directory: Path, *, as_json: bool) -> None:
    """What customers were told of, and how it stands."""
    settings = _settings(directory)
    with doors.reading(settings) as disk:
        rows = [_row(disk, settings, each) for each in notices.all_notices(disk, customer)]
    doors.print_rows([each for each in rows if state in {None, each["state"]}], as_json=as_json)


def _row(disk: Connection, settings: Settings, each: Notice) -> dict[str, Any]:
    known = life.told(each.events)
    times = noticed.proof(disk, each, settings, this_moment())
    return {
        "notice": each.id,
        "customer": each.customer,
        "subject": each.subject,
        "state": life.state(each.events).value,
        "affected": sum(verdict is Verdict.AFFECTED for verdict in known.devices.values()) if known else 0,
        "possible": sum(verdict is Verdict.POSSIBLE for verdict in known.devices.values()) if known else 0,
        "known_exploited": known.known_exploited if known else False,
        "fix": known.has_fix if known else False,
        "seen": times.seen and times.seen.isoformat(timespec="seconds"),
        "sent": times.sent and times.sent.isoformat(timespec="seconds"),
        "in_time": times.in_time,
    }


@notice.command("show")
@click.argument("number", type=int)
@doors.config
@doors.as_json
def show(number: int, directory: Path, *, as_json: bool) -> None:
    """One notice: its devices with verdicts and evidence, its life, and the times that prove it was in time."""
    settings = _settings(directory)
    with doors.reading(settings) as disk:
        found = notices.found(disk, number)
        told = noticed.shown(disk, settings, found, this_moment())
    if as_json:
        doors.print_json(told)
        return
    click.echo(f"notice {found.id}: {found.subject} – {found.customer} – {told['state']}")
    for line in told["titles"]:
        click.echo(f"  {line}")
    for name, value in told["times"].items():
        click.echo(f"  {name}: {value if value is not None else 'unknown'}")
    for each in told["devices"]:
        click.echo(f"  {each['verdict']}  {each['device']}  {each['model']} {each['version']} {each['patch']}".rstrip())
        for why in each["evidence"]:
            click.echo(f"    {why['verdict']}: {why['rule']}  [{why['source']}: {why['words']}]")
    click.echo("  life:")
    for each in told["events"]:
        data = ", ".join(f"{key}={value}" for key, value in each["data"].items() if value)
        click.echo(f"    {each['at']}  {each['kind']}  {each['by']}  {data}".rstrip())


def _entered(directory: Path, number: int, by: str, kind: Happened, data: Callable[[Settings], dict[str, str]]) -> None:
    settings = _settings(directory)
    with Store(settings.daemon.state) as store, store.writing() as disk:
        found = notices.found(disk, number)
        if not found.events or life.told(found.events) is None:
            raise LookupError(f"notice {number} was not sent to anybody yet")
        if life.state(found.events) is Happened.FIXED:
            raise LookupError(f"notice {number}: all its devices are repaired already")
        notices.happened(disk, number, kind, by, this_moment(), data(settings))
    click.echo(f"notice {number}: {kind.value}")


def _day(text: str, settings: Settings) -> str:
    zone = next((each.zone for each in settings.inventory.sites.values()), "UTC")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise LookupError(f'"{text}" is no day; write it as 2026-12-31') from None
    if day < datetime.now(ZoneInfo(zone)).date():
        raise LookupError(f"{text} is in the past")
    return day.isoformat()


@notice.command("acknowledge")
@click.argument("number", type=int)
@click.option("--text", default="", help="What was said.")
@by
@doors.config
def acknowledge(number: int, text: str, by: str, directory: Path) -> None:
    """Write down that the customer has taken notice."""
    _entered(directory, number, by, Happened.ACKNOWLEDGED, lambda _: {"text": text})


@notice.command("plan")
@click.argument("number", type=int)
@click.argument("day")
@click.option("--text", default="", help="What will be done.")
@by
@doors.config
def plan(number: int, day: str, text: str, by: str, directory: Path) -> None:
    """Write down for which DAY the repair is planned."""
    _entered(directory, number, by, Happened.PLANNED, lambda s: {"date": _day(day, s), "text": text})


@notice.command("accept")
@click.argument("number", type=int)
@click.option("--until", required=True, help="Day, such as 2026-12-31; after it the customer is told again.")
@click.option("--reason", required=True)
@by
@doors.config
def accept(number: int, until: str, reason: str, by: str, directory: Path) -> None:
    """Write down that the customer lives with it until a day."""
    _entered(directory, number, by, Happened.ACCEPTED, lambda s: {"until": _day(until, s), "reason": reason})


@notice.command("sources")
@click.option("--refused", is_flag=True, help="The records that could not be read, with the reason.")
@doors.config
@doors.as_json
def sources(directory: Path, *, refused: bool, as_json: bool) -> None:
    """How far each source is known: last read, newest item, what was refused, what is undetermined; 1 if one is old."""
    settings = _settings(directory)
    with doors.reading(settings) as disk:
        known = {each.name: each for each in advisories.sources(disk)}
        states = noticing.source_states(disk, this_moment())
        named = {name: advisories.refusals(disk, name) for name in known} if refused else {}
    rows: list[dict[str, Any]]
    if refused:
        rows = [{"source": n, "record": r, "reason": why} for n, each in named.items() for r, why in each]
    else:
        rows = [
            {
                "source": each.name,
                "what": known[each.name].what,
                "last_read": each.last_good and each.last_good.isoformat(timespec="seconds"),
                "newest": each.newest or None,
                "records": known[each.name].records,
                "refused": each.refused,
                "undetermined_devices": each.undetermined,
                "old": each.is_old,
                "failure": known[each.name].failure or None,
            }
            for each in states
        ]
    doors.print_rows(rows, as_json=as_json)
    sys.exit(doors.FINDINGS if any(each.is_old for each in states) else doors.FINE)


__all__ = ["notice"]
