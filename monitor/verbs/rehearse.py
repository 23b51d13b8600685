"""`netvigil rehearse`: a scenario in virtual time through the daemon's own pipeline, held against what is expected."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from monitor.config import ConfigError
from monitor.model import Language
from monitor.problem import check_lines
from monitor.rehearsal.account import Account, after, lines
from monitor.rehearsal.comparison import Comparison, compared
from monitor.rehearsal.driver import parts_of, rehearsed
from monitor.rehearsal.told import told
from monitor.verbs import doors

_LANGUAGES = [each.value for each in Language]


@click.command()
@click.argument("scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--parts", "only_parts", is_flag=True, help="Run nothing; print the parts of all devices.")
@click.option("--explain", type=click.Choice(_LANGUAGES), help="Say of each fault what `netvigil explain` says.")
@doors.as_json
def rehearse(scenario: Path, *, only_parts: bool, explain: str | None, as_json: bool) -> None:
    """Run SCENARIO (a TOML file) in virtual time, and print what happened and each difference from what it expects."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # the account says it all, in virtual time
    try:
        if only_parts:
            doors.print_rows(list(_parts(scenario)), as_json=as_json)
            return
        account = rehearsed(scenario)
    except ConfigError as error:
        if as_json:
            doors.print_json({"problems": [doors.problem_told(each) for each in error.problems]})
        for line in check_lines(error.problems):
            click.echo(line, err=True)
        sys.exit(doors.BAD_USAGE)
    finally:
        logging.disable(before)
    comparison = compared(account)
    if as_json:
        doors.print_json(told(account, comparison))
    else:
        _print(scenario, account, comparison, Language(explain) if explain else None)
    sys.exit(doors.FINDINGS if comparison.differences else doors.FINE)


def _parts(scenario: Path) -> Iterator[dict[str, Any]]:
    for device, observations in parts_of(scenario).items():
        for one in observations:
            yield {
                "device": device,
                "kind": one.component.kind,
                "label": one.component.label,
                "aspect": one.aspect,
                "condition": one.condition.value if one.condition else None,
                "value": one.value,
                "source": one.source,
            }


def _print(scenario: Path, account: Account, comparison: Comparison, explain: Language | None) -> None:
    if account.stage.scenario.title:
        click.echo(account.stage.scenario.title)
    for line in lines(account):
        click.echo(line)
    end = after(account.stage.scenario.duration.total_seconds())
    count = len(account.stage.actors)
    click.echo(f"{end}  end, after {account.visits} visits of {count} device{'' if count == 1 else 's'}")
    for life in account.faults if explain else ():
        click.echo("\n" + account.explanation(life, explain or Language.EN))
    for one in comparison.differences:
        place = f"{scenario}:{one.line}" if one.line is not None else str(scenario)
        click.echo(f"{place}: {one.words}")
    count = len(comparison.differences)
    click.echo(f"{count} difference{'' if count == 1 else 's'}" if count else "as expected")
