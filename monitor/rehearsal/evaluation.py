"""`make evaluate`: all scenarios of a folder, and how good judgement was over them, in figures.

Rehearses each in a process of its own among several, and sums up what `comparison` found.
"""

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any

import click

from alerts.faults.rules import Policy
from monitor.config import ConfigError
from monitor.model import Condition, EventKind
from monitor.problem import check_lines
from monitor.rehearsal.account import Account
from monitor.rehearsal.chronicle import Life
from monitor.rehearsal.comparison import Comparison, Match, compared, fits
from monitor.rehearsal.driver import rehearsed

SCENARIOS = Path("tests/scenarios")
USUAL = timedelta(seconds=30)
MUST_LAST = timedelta(minutes=1)
"""Where the policy asks that a fault lasts so long or longer, its delay is the policy's, and is left out."""
NO_RECORDING = "there is no recording at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """From the cause of a fault until it was opened, and until the first letter was accepted, in seconds."""

    scenario: str
    fault: str
    told: bool
    opened: float
    letter: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One scenario in figures."""

    name: str
    skipped: str = ""
    expected: int = 0
    found: int = 0
    unexpected: int = 0
    levels_asked: int = 0
    levels_right: int = 0
    merges: int = 0
    splits: int = 0
    tickets: int = 0
    letters: int = 0
    recipients: int = 1
    visits: int = 0
    delays: tuple[Delay, ...] = ()
    differences: tuple[str, ...] = field(default=())


def measured(path: Path, root: Path, most: timedelta | None = None) -> Result:
    """Rehearse one scenario (the first `most` of it) and measure it."""
    name = path.relative_to(root).with_suffix("").as_posix() if path.is_relative_to(root) else path.stem
    try:
        account = rehearsed(path, most)
    except ConfigError as error:
        if all(NO_RECORDING in problem.reason for problem in error.problems):
            return Result(name=name, skipped="its recordings are not here")
        return Result(name=name, differences=tuple(check_lines(error.problems)))
    return _result(name, account, compared(account))


def _result(name: str, account: Account, comparison: Comparison) -> Result:
    expect = account.stage.scenario.expect
    own = [match for match in comparison.matches if match.expected.hidden_by is None]
    asked = [(match, life) for match in own for life in match.lives if match.expected.level]
    wrong = {id(life) for match, life in asked if _levels(life) != [int(level) for level in match.expected.level]}
    merged = sum(
        match.expected.times - len(match.lives)
        for match in own
        if any(fits(match.expected, life.fault.key) for life in account.symptoms)
    )
    symptoms = [key for one in expect.fault for key in one.symptoms]
    others = comparison.others if expect.nothing_else else ()
    torn = [life for life in others if any(fits(key, life.fault.key) for key in symptoms)]
    apart = [match for match in comparison.matches if match.expected.hidden_by is not None and not match.lives]
    return Result(
        name=name,
        expected=sum(match.expected.times for match in own),
        found=sum(len(match.lives) for match in own),
        unexpected=len(others),
        levels_asked=len(asked),
        levels_right=len(asked) - len(wrong),
        merges=merged,
        splits=len(torn) + len(apart),
        tickets=len(account.tickets),
        letters=sum(mail.accepted is not None and not mail.in_digest for mail in account.mails),
        recipients=len(account.stage.settings.mail.recipients),
        visits=account.visits,
        delays=tuple(_delays(name, account, own)) if _is_usual(account) else (),
        differences=tuple(one.words for one in comparison.differences),
    )


def _is_usual(account: Account) -> bool:
    """Whether delays mean anything: with the timers as shipped, a mail server that is up, and nobody's hand on us."""
    scenario = account.stage.scenario
    usual = {None, account.stage.settings.visits.interval}
    return (
        scenario.interval == USUAL
        and not scenario.settings
        and not (scenario.config or scenario.maintenance)
        and all(device.interval in usual for device in scenario.device)
        and not any(one.mail or one.daemon or one.clock or one.maintenance or one.reload for one in scenario.change)
    )


def _levels(life: Life) -> list[int]:
    return [int(level) for _, level in life.levels]


def _delays(name: str, account: Account, matches: Sequence[Match]) -> Iterator[Delay]:
    policy = account.stage.settings.policy
    for match in matches:
        for life in match.lives:
            cause = _cause(account, match, life)
            if cause is None or life.opened is None or any(by is not None for _, by in life.hidden):
                continue  # what was a symptom is told when its own cause is over, however long that lasts
            if _must_last(life, policy):
                continue
            letters = [
                mail.accepted
                for mail in account.mails
                if mail.accepted is not None
                and mail.fault == life.fault.key
                and mail.event in {EventKind.OPENED, EventKind.RELAPSED}
                and mail.accepted >= life.opened
            ]
            yield Delay(
                scenario=name,
                fault=f"{life.fault.key.device} {life.fault.key.kind} {life.fault.key.label}".strip(),
                told=cause[1],
                opened=life.opened - cause[0],
                letter=min(letters) - cause[0] if letters else None,
            )


def _must_last(life: Life, policy: Policy) -> bool:
    """Whether the policy asks that it lasts: a minute or longer; or blindness, which is a fault only when it lasts."""
    key, condition = life.fault.key, life.fault.condition
    blind = (key.kind, key.aspect, condition) == ("device", "answer", Condition.DEGRADED)
    return blind or policy.watch(key.kind, key.aspect).confirms(condition).time >= MUST_LAST


def _cause(account: Account, match: Match, life: Life) -> tuple[float, bool] | None:
    """When the fault was caused, and whether a trap or log line told of it; None where nobody can say."""
    opened, name = life.opened or 0.0, match.expected.cause
    places = account.stage.settings.inventory.devices

    def concerns(devices: Sequence[str]) -> bool:
        key = life.fault.key
        return key.device in devices or any(places[one].site == key.device for one in devices)

    before = [done for done in account.done if done.at <= opened and not done.trouble]
    mine = [done for done in before if (done.change.cause == name if name else concerns(done.devices))]
    if not mine:
        return None
    at = mine[-1].at
    told = any(
        done.at >= at and (done.change.trap or done.change.log) and concerns(done.devices) and not done.undone
        for done in before
    )
    return at, told


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest of `values` that so many of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else None


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """All results in one document."""
    ran = [one for one in results if not one.skipped]
    found, expected = sum(one.found for one in ran), sum(one.expected for one in ran)
    unexpected = sum(one.unexpected for one in ran)
    asked, right = sum(one.levels_asked for one in ran), sum(one.levels_right for one in ran)
    tickets = sum(one.tickets * one.recipients for one in ran)
    delays = [delay for one in ran for delay in one.delays]
    return {
        "scenarios": len(ran),
        "skipped": [one.name for one in results if one.skipped],
        "visits": sum(one.visits for one in ran),
        "faults_expected": expected,
        "faults_found": found,
        "faults_unexpected": unexpected,
        "precision": _share(found, found + unexpected),
        "recall": _share(found, expected),
        "levels_right": _share(right, asked),
        "wrong_merges": sum(one.merges for one in ran),
        "wrong_splits": sum(one.splits for one in ran),
        "letters_per_incident": _share(sum(one.letters for one in ran), tickets),
        "delay": {
            way: {
                to: {"count": len(values), "median": quantile(values, 0.5), "p99": quantile(values, 0.99)}
                for to, values in (
                    ("fault", [round(one.opened, 1) for one in delays if one.told is told]),
                    ("letter", [round(one.letter, 1) for one in delays if one.told is told and one.letter is not None]),
                )
            }
            for way, told in (("polled", False), ("told", True))
        },
        "slowest": [
            {
                "scenario": one.scenario,
                "fault": one.fault,
                "told": one.told,
                "seconds": round(one.opened, 1),
                "letter_seconds": None if one.letter is None else round(one.letter, 1),
            }
            for one in sorted(delays, key=lambda one: -(one.letter or one.opened))[:10]
        ],
        "differences": {one.name: list(one.differences) for one in ran if one.differences},
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _said(told: dict[str, Any]) -> Iterator[str]:
    def percent(name: str) -> str:
        return "nothing to measure" if told[name] is None else f"{told[name]:.1%}"

    skipped = f", {len(told['skipped'])} skipped (no recordings)" if told["skipped"] else ""
    yield f"scenarios             {told['scenarios']}{skipped}; {told['visits']} visits"
    yield f"precision             {percent('precision')}  ({told['faults_unexpected']} faults that nobody expected)"
    yield f"recall                {percent('recall')}  ({told['faults_found']} of {told['faults_expected']} faults)"
    yield f"right levels          {percent('levels_right')}"
    yield f"wrong merges, splits  {told['wrong_merges']}, {told['wrong_splits']}"
    yield f"letters per incident  {told['letters_per_incident']} to each recipient"
    for way, word in (("polled", "polled"), ("told", "told by a trap")):
        for to in ("fault", "letter"):
            one = told["delay"][way][to]
            if one["count"]:
                words = f"median {one['median']:.1f} s, p99 {one['p99']:.1f} s over {one['count']}"
                yield f"cause to {to:6}  {word}: {words}"
    for name, differences in told["differences"].items():
        for words in differences:
            yield f"{name}: {words}"


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes at once.")
def evaluate(paths: tuple[Path, ...], jobs: int | None, *, as_json: bool) -> None:
    """Rehearse all scenarios at PATHS (files or folders), and print how good judgement was."""
    roots = paths or (SCENARIOS,)
    files = [
        (file, root.parent if root.is_file() else root)
        for root in roots
        for file in ([root] if root.is_file() else sorted(root.rglob("*.toml")))
    ]
    with ProcessPoolExecutor(jobs, initializer=logging.disable, initargs=(logging.WARNING,)) as pool:
        results = list(pool.map(measured, *zip(*files, strict=True))) if files else []
    told = figures(results)
    click.echo(json.dumps(told, ensure_ascii=False, indent=1) if as_json else "\n".join(_said(told)))
    sys.exit(1 if told["differences"] else 0)


if __name__ == "__main__":
    evaluate()
