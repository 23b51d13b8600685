"""`netvigil report …`: the documents that leave the house, and the archive of them."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from alerts.papers.forms import Form
from alerts.papers.returned import ReturnedError, read_blanks
from alerts.reports import fault_report, inspection, tracking_card, unit_file, visit_sheet
from monitor import after_archive, archiving, press
from monitor.archiving import Wanted, Written
from monitor.config import Settings, loaded
from monitor.model import Language
from monitor.moment import now as this_moment
from monitor.store import papers
from monitor.store.database import Store
from monitor.store.papers import About, Kept
from monitor.verbs import doors

_FORMS = ", ".join(Form)


class _Forms(click.ParamType[tuple[Form, ...]]):
    """Forms with commas between them."""

    name = "forms"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Form, ...]:
        """The forms. Ends the command where one is not known."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(Form(word.strip().lower()) for word in str(value).split(",") if word.strip())
        except ValueError:
            self.fail(f"{value} has a form that is not known; there are {_FORMS}", param, ctx)


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """What every command says that writes files of papers: in which language, as what, where to, and how it answers."""

    language: str | None
    wanted: tuple[Form, ...] | None
    output: Path | None
    directory: Path
    as_json: bool


def _made(command: Callable[..., None]) -> Callable[..., None]:
    """The options of commands that write files of papers, which they get as one value: `how`."""

    @wraps(command)
    def run(
        language: str | None,
        wanted: tuple[Form, ...] | None,
        output: Path | None,
        directory: Path,
        *,
        as_json: bool,
        **own: Any,
    ) -> None:
        how = _How(language=language, wanted=wanted, output=output, directory=directory, as_json=as_json)
        command(how=how, **own)

    decorated: Callable[..., None] = doors.config(doors.as_json(run))
    for option in (
        click.option("--output", type=click.Path(path_type=Path), help="Folder of the files instead of our own."),
        click.option("--format", "wanted", type=_Forms(), help=f"Of {_FORMS}, with commas; else as configured."),
        click.option(
            "--language",
            type=click.Choice([*(each.value for each in Language), "both"]),
            help="Else as configured.",
        ),
    ):
        decorated = option(decorated)
    return decorated


@click.group()
def report() -> None:
    """The documents that leave the house."""


@report.command("inspection")
@click.option("--customer", default="", help="A customer of the inventory; needed where no site is named.")
@click.option("--site", default="", help="One site; without it all sites of the customer.")
@click.option("--month", required=True, help='Such as "2026-11".')
@click.option("--why", default="", help="Why a new version is made, for its record of revisions.")
@_made
def report_inspection(
    customer: str,
    site: str,
    month: str,
    why: str,
    how: _How,
) -> None:
    """The monthly inspection report of a site, or of all sites of a customer.

    Made again from the same facts it is the version in the archive; from other facts it is a new version.
    """
    settings = loaded(how.directory, os.environ, with_secrets=False)
    wish = Wanted(customer=customer or _customer(site, settings), site=site, month=month)
    wish.sites(settings)
    with Store(settings.daemon.state) as store:
        try:
            kept = archiving.made(
                store, settings, wish, _languages(how.language, wish, settings), this_moment(), why=why
            )
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--month") from error
        _filed(store, settings, wish, kept, how)


def _customer(site: str, settings: Settings) -> str:
    """Whose site it is."""
    stock = settings.inventory
    if site in stock.sites:
        return stock.sites[site].customer
    if site:
        raise LookupError(f'no site "{site}" in the inventory; it has {", ".join(stock.sites)}')
    if len(stock.customers) == 1:
        return next(iter(stock.customers))
    raise LookupError(f"name a customer with --customer, or a site with --site; there are {', '.join(stock.customers)}")


def _languages(language: str | None, wish: Wanted, settings: Settings) -> tuple[Language, ...]:
    if language is None:
        return settings.report.of(wish.customer).languages
    return tuple(Language) if language == "both" else (Language(language),)


def _filed(
    store: Store,
    settings: Settings,
    wish: Wanted,
    kept: tuple[Kept, ...],
    how: _How,
) -> None:
    """Write the files and say where they lie. Ends with code 1 where one could not be made."""
    target = how.output or archiving.folder(settings.report, wish)
    if target.exists() and not target.is_dir():
        raise click.BadParameter(f"{target} is no folder", param_hint="--output")
    forms = how.wanted or settings.report.of(wish.customer).forms
    dress = settings.dress(wish.customer)
    _told(archiving.written(store, kept, forms, target, this_moment(), dress), as_json=how.as_json)


def _told(every: Sequence[Written], *, as_json: bool) -> None:
    if as_json:
        doors.print_json([_document(each) for each in every])
    for each in every:
        for form, file in each.files:
            if not as_json:
                click.echo(str(file))
            del form
        for form, reason in each.failed:
            click.echo(f"netvigil: no {form.value}: {reason}", err=True)
    if any(each.failed for each in every):
        sys.exit(doors.FINDINGS)


def _document(each: Written) -> dict[str, object]:
    return {
        **_row(each.kept),
        "files": {form.value: str(file) for form, file in each.files},
        "failed": {form.value: reason for form, reason in each.failed},
    }


def _row(kept: Kept) -> dict[str, Any]:
    return {
        "paper": kept.id,
        "kind": kept.about.kind,
        "number": kept.number,
        "version": kept.version,
        "language": kept.language.value,
        "customer": kept.about.customer,
        "site": kept.about.site or None,
        "period": kept.about.period,
        "made_at": _iso(kept.made_at),
        "why": kept.why,
        "facts": kept.facts,
        "sha256": dict(kept.forms),
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


@report.command("attainment")
@click.option("--customer", default="", help="A customer of the inventory.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day, included.")
@_made
def report_attainment(
    customer: str,
    first: datetime,
    last: datetime,
    how: _How,
) -> None:
    """What was kept of the contract: each promise with its counts, and the evidence of each clock."""
    settings = loaded(how.directory, os.environ, with_secrets=False)
    wish = Wanted(customer=customer or _customer("", settings), site="", month=f"{first:%Y-%m-%d}_{last:%Y-%m-%d}")
    languages = _languages(how.language, wish, settings)
    with Store(settings.daemon.state) as store:
        try:
            kept = archiving.attained(
                store, settings, wish.customer, first.date(), last.date(), languages, this_moment()
            )
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--to") from error
        _filed(store, settings, wish, kept, how)


@report.command("fault")
@click.argument("ticket")
@click.option("--analysis", is_flag=True, help="The technical analysis in place of the summary.")
@click.option("--why", default="", help="Why a new version is made.")
@_made
def report_fault(
    ticket: str,
    why: str,
    *,
    analysis: bool,
    how: _How,
) -> None:
    """What is written after a fault: its summary, or with --analysis the technical analysis (contract 4.10)."""
    kind = fault_report.ANALYSIS if analysis else fault_report.SUMMARY
    _about_ticket(kind, ticket, why, how)


@report.command("card")
@click.argument("ticket")
@_made
def report_card(
    ticket: str,
    how: _How,
) -> None:
    """The service tracking card of a ticket (contract 4.1, 4.5)."""
    _about_ticket(tracking_card.KIND, ticket, "", how)


def _about_ticket(
    kind: str,
    ticket: str,
    why: str,
    how: _How,
) -> None:
    settings = loaded(how.directory, os.environ, with_secrets=False)
    with Store(settings.daemon.state) as store:
        about = after_archive.about_ticket(store, kind, ticket)
        _after(store, settings, about, how, why=why)


@report.command("assets")
@click.option("--customer", default="", help="A customer of the inventory.")
@_made
def report_assets(
    customer: str,
    how: _How,
) -> None:
    """The asset file of a customer with all that happened to each unit (contract 2.15)."""
    settings = loaded(how.directory, os.environ, with_secrets=False)
    about = About(kind=unit_file.KIND, customer=customer or _customer("", settings), site="", period="all")
    with Store(settings.daemon.state) as store:
        _after(store, settings, about, how)


@report.command("visit")
@click.option("--customer", default="", help="A customer of the inventory.")
@click.option("--quarter", required=True, help='Such as "2026-Q4".')
@_made
def report_visit(
    customer: str,
    quarter: str,
    how: _How,
) -> None:
    """The sheet for the quarterly visit: the quarter in figures, and room for what is said (contract 2.11)."""
    settings = loaded(how.directory, os.environ, with_secrets=False)
    about = About(kind=visit_sheet.KIND, customer=customer or _customer("", settings), site="", period=quarter)
    with Store(settings.daemon.state) as store:
        try:
            _after(store, settings, about, how)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--quarter") from error


def _after(
    store: Store,
    settings: Settings,
    about: About,
    how: _How,
    *,
    why: str = "",
    filled: Mapping[str, str] | None = None,
) -> None:
    wish = Wanted(customer=about.customer, site=about.site, month=about.period)
    languages = _languages(how.language, wish, settings)
    kept = after_archive.made(store, settings, about, languages, this_moment(), why=why, filled=filled)
    _filed(store, settings, wish, kept, how)


@report.command("list")
@click.option("--kind", default="", help="Only these, such as inspection.")
@click.option("--customer", default="", help="Only of this customer.")
@click.option("--site", default="", help="Only of this site.")
@click.option("--period", default="", help='Only of this period, such as "2026-11".')
@doors.config
@doors.as_json
def report_list(kind: str, customer: str, site: str, period: str, directory: Path, *, as_json: bool) -> None:
    """Every version of every paper in the archive."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        found = papers.listed(disk, kind=kind, customer=customer, site=site, period=period)
    rows = [_row(each) for each in found]
    if not as_json:
        rows = [{**row, "facts": row["facts"][:12], "sha256": ", ".join(row["sha256"])} for row in rows]
    doors.print_rows(rows, as_json=as_json)


@report.command("show")
@click.argument("paper", type=int)
@click.option("--facts", "with_facts", is_flag=True, help="The facts that it was made of, as canonical JSON.")
@click.option("--format", "wanted", type=_Forms(), help=f"Write files of {_FORMS}, with commas.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder of the files.")
@doors.config
@doors.as_json
def report_show(
    paper: int, wanted: tuple[Form, ...] | None, output: Path, directory: Path, *, with_facts: bool, as_json: bool
) -> None:
    """A paper of the archive by its number in `report list`: as JSON, or as files."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with Store(settings.daemon.state) as store:
        with store.reading() as disk:
            kept, body = papers.found(disk, paper), papers.document(disk, paper)
            told = papers.paper(disk, paper)
        if with_facts:
            click.echo(body.decode())
        elif wanted:
            dress = settings.dress(kept.about.customer)
            _told(archiving.written(store, [kept], wanted, output, this_moment(), dress), as_json=as_json)
        elif as_json:
            doors.print_json({**_row(kept), "paper_json": archiving.as_document(told)})
        else:
            for name, value in _row(kept).items():
                click.echo(f"{name:10} {value}")


@report.command("fill")
@click.argument("workbook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--paper", type=int, help="Its number in `report list`; else the workbook says of which it is.")
@_made
def report_fill(
    workbook: Path,
    paper: int | None,
    how: _How,
) -> None:
    """Take in a workbook in which people filled the blanks of a report, as the next version of it."""
    settings = loaded(how.directory, os.environ, with_secrets=False)
    try:
        filled = read_blanks(workbook.read_bytes())
    except ReturnedError as error:
        raise click.BadParameter(f"{workbook}: {error}", param_hint="WORKBOOK") from error
    with Store(settings.daemon.state) as store:
        with store.reading() as disk:
            kept = papers.found(disk, paper) if paper else archiving.of_workbook(disk, filled)
        wish = Wanted(customer=kept.about.customer, site=kept.about.site, month=kept.about.period)
        strangers = archiving.strangers(store, kept, filled)
        if strangers:
            names = ", ".join(strangers[:5])
            raise click.BadParameter(f"{workbook}: {kept.number} has no blanks {names}", param_hint="WORKBOOK")
        if kept.about.kind in after_archive.KINDS:
            own = replace(how, language=how.language or kept.language.value)
            _after(store, settings, kept.about, own, why="filled", filled=filled)
            return
        if kept.about.kind != inspection.KIND:
            raise click.BadParameter(f"{kept.number} is of a kind that is not filled in", param_hint="WORKBOOK")
        languages = _languages(how.language, wish, settings) if how.language else (kept.language,)
        made = archiving.made(store, settings, wish, languages, this_moment(), why="filled", filled=filled)
        _filed(store, settings, wish, made, how)


@report.command("due")
@doors.config
@doors.as_json
def report_due(directory: Path, *, as_json: bool) -> None:
    """Make the reports whose day has come and that are not there yet, and mail them. The daemon does this by itself."""
    press.modest()
    settings = loaded(directory, os.environ, with_secrets=False)
    with Store(settings.daemon.state) as store:
        _told(archiving.caught_up(store, settings, this_moment()), as_json=as_json)
