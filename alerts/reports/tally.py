"""Counts of results, by items of the check sheets and by single readings: the figures of the conclusion."""

from collections import Counter
from collections.abc import Sequence

from alerts.reports.results import Result
from alerts.reports.sheets import Sheet, checks_of


def by_items(sheets: Sequence[Sheet]) -> Counter[Result]:
    """How many items of all devices had which result; those of people are not counted."""
    counts = Counter(dict.fromkeys(Result, 0))
    counts.update(line.result for one in sheets for line in one.lines if line.result is not None)
    return counts


def by_readings(sheets: Sequence[Sheet]) -> Counter[Result]:
    """The same by single readings."""
    counts = Counter(dict.fromkeys(Result, 0))
    counts.update(check.result for _, _, check in checks_of(sheets))
    return counts
