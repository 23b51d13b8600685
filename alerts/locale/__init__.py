"""The words in which letters and documents speak: the TOML file of a language, and values said in that language.

It stands between the values of the house and the templates: nothing here knows what a letter or a report is.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from monitor.model import Component, Condition, Language, Limits

_DECIMALS = 2
_MOST_DECIMALS = 9
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a fault of a kind means in general, and what to check first."""

    why: str
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language. `table` is its file as read."""

    language: Language
    table: Mapping[str, Any]

    def said(self, group: str, key: str, /, **values: str) -> str:
        """The text under `key` of `group`, its placeholders filled. A missing key is our mistake: KeyError."""
        return str(self.table[group][key]).format(**values)

    def named(self, group: str, key: str) -> str:
        """Like `said`, but a key that came from a configuration and has no words here speaks for itself."""
        return str(self.table[group].get(key, key.replace("_", " ")))

    def listed(self, group: str, key: str) -> tuple[str, ...]:
        """The list of texts under `key` of `group`."""
        return tuple(self.table[group][key])

    def kind(self, kind: str) -> str:
        """What a component of this kind is called. A test wants words for every kind; no letter is lost for lack."""
        return str(self.table["kind"].get(kind, {}).get("name", kind.replace("_", " ")))

    def part(self, component: Component) -> str:
        """A component by kind and label: "power supply PSU 2", but not "fan Fan 1"."""
        name = self.kind(component.kind)
        if component.label.casefold().startswith(name.casefold()):
            return component.label
        return f"{name} {component.label}".strip()

    def aspect(self, aspect: str) -> str:
        """What an aspect is called."""
        return str(self.table["aspect"].get(aspect, {}).get("name", aspect.replace("_", " ")))

    def condition(self, aspect: str, condition: Condition) -> str:
        """A condition in the words of its aspect: "down" of a link, "does not answer" of a device."""
        own = self.table["aspect"].get(aspect, {}).get(condition.value)
        return str(own or self.table["condition"][condition.value])

    def what(self, component: Component, aspect: str, condition: Condition) -> str:
        """Which part is how: "power supply PSU 2: failed"."""
        return f"{self.part(component)}{self.said('letter', 'colon')}{self.how(component.kind, aspect, condition)}"

    def how(self, kind: str, aspect: str, condition: Condition) -> str:
        """A condition in the words of its aspect, or of that aspect of its kind where it has words of its own."""
        own = f"{kind}_{aspect}"
        return self.condition(own if own in self.table["aspect"] else aspect, condition)

    def advice(self, kind: str, aspect: str) -> Advice:
        """The advice for this aspect of this kind, else for the kind."""
        kinds = self.table["kind"]
        entry = self.table["advice"].get(f"{kind}_{aspect}") or kinds.get(kind) or kinds["system"]
        return Advice(why=str(entry["why"]), first=tuple(entry["first"]))

    def raw(self, raw: str) -> str:
        """The device's own word; our own words for a silence are said in the language."""
        return str(self.table["silence"].get(raw, raw))

    def measured(self, value: float | None, unit: str) -> str:
        """A number with its unit, as people write it: 0.93 ratio is "93 %", 0.006 amperes are "6 mA"."""
        if value is None:
            return ""
        if unit == "ratio":
            return f"{_share(value * 100)} %"
        if unit == "bytes":
            return _bytes(value)
        if unit == "timestamp":
            return _day(value)
        if unit == "amperes" and abs(value) < 1:
            return f"{_number(value * 1000)} mA"
        return f"{_number(value)} {self.table['unit'].get(unit, unit)}".strip()

    def limits(self, limits: Limits | None, unit: str) -> str:
        """The range in which a number raises no warning, "" where no limit is known."""
        if limits is None:
            return ""
        low = limits.low_critical if limits.low_warning is None else limits.low_warning
        high = limits.high_critical if limits.high_warning is None else limits.high_warning
        if low is not None and high is not None:
            return self.said("report", "between", low=self.measured(low, unit), high=self.measured(high, unit))
        if high is not None:
            return self.said("report", "at_most", value=self.measured(high, unit))
        return "" if low is None else self.said("report", "at_least", value=self.measured(low, unit))


@cache
def words(language: Language) -> Words:
    """The words of `language`."""
    text = files(__name__).joinpath(f"{language.value}.toml").read_text(encoding="utf-8")
    return Words(language=language, table=tomllib.loads(text))


def wall(moment: datetime, zone: str, *, seconds: bool = False) -> str:
    """`moment` as the clock on the wall of `zone` shows it; the zone itself is named once per letter or document.

    Minutes are cut, not rounded, so that what is due is never shown too late. A zone that this machine does not know
    gives UTC and says so: a letter with another clock is better than no letter.
    """
    shown = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    try:
        return moment.astimezone(ZoneInfo(zone)).strftime(shown)
    except (KeyError, ValueError, OSError):  # unknown (ZoneInfoNotFoundError is a KeyError), ill-formed, a folder
        return moment.astimezone(UTC).strftime(f"{shown} UTC")


def _share(value: float) -> str:
    """A share of a hundred: few errors are not 0 %, so of less than one the first two digits are told."""
    if abs(value) >= 1:
        return _number(value)
    return f"{float(f'{value:.2g}'):.{_MOST_DECIMALS}f}".rstrip("0").rstrip(".") or "0"


def _number(value: float) -> str:
    text = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _day(value: float) -> str:
    """The day of a moment in seconds since 1970; it is told to the day."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)).date().isoformat()


def _bytes(value: float) -> str:
    power = 0
    while abs(value) >= 1024 and power < len(_BINARY) - 1:  # noqa: PLR2004 - a binary prefix (IEC 80000-13)
        value, power = value / 1024, power + 1
    return f"{_number(value)} {_BINARY[power]}"
