"""What one month's report leaves for the next, as text in the archived Paper and back."""

import json
from collections.abc import Sequence

from alerts.reports.health import Health
from alerts.reports.month import InspectionMonth, KnownProblem, Outcome
from alerts.reports.problems import Problem
from alerts.reports.sheets import Sheet
from alerts.reports.tally import by_items
from monitor.model import Text


def outcome(month: InspectionMonth, sheets: Sequence[Sheet], health: Health, problems: Sequence[Problem]) -> Outcome:
    """What the next month's report compares itself with."""
    return Outcome(
        month=month.month,
        number=month.number,
        score=health.score,
        parts={part.part.value: part.score for part in health.parts},
        counts={result.value: count for result, count in by_items(sheets).items()},
        problems=tuple(KnownProblem(key=each.key, what=each.what, level=each.urgency.value) for each in problems),
    )


def written(one: Outcome) -> str:
    """The outcome as text."""
    problems = [[each.key, each.what.en, each.what.zh_CN, each.level] for each in one.problems]
    told = {
        "month": one.month,
        "number": one.number,
        "score": one.score,
        "parts": dict(one.parts),
        "counts": dict(one.counts),
        "problems": problems,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def read(text: str) -> Outcome:
    """The outcome in `text`, as `written` wrote it."""
    told = json.loads(text)
    return Outcome(
        month=told["month"],
        number=told["number"],
        score=told["score"],
        parts=told["parts"],
        counts=told["counts"],
        problems=tuple(
            KnownProblem(key=key, what=Text(en=en, zh_CN=zh), level=level) for key, en, zh, level in told["problems"]
        ),
    )
