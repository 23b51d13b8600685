"""What people read of a forecast, in either language: what drifts, by how much, when it gets where, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from alerts.locale import Words, words
from alerts.notices.forecast import Forecast, Signal
from alerts.papers.paper import Chart, Line
from monitor.model import Language

_GROUP = "forecast"
_FAR = 3
"""A forecast is drawn as far ahead as it looks back at most, and no more than a third of that beyond its limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is known beside a forecast: how many spares fit and are in stock, and how long the maker's warranty holds.

    None is not known, and then nothing is said of it.
    """

    spares: int | None = None
    warranty: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A forecast in one language: a title, and sentences, of which `when` and `parts` may be ""."""

    title: str
    what: str
    when: str
    evidence: str
    advice: str
    parts: str

    @property
    def text(self) -> str:
        """All of it but the title, as one paragraph."""
        return "".join(filter(None, (self.what, self.when, self.advice, self.parts)))


def told(forecast: Forecast, language: Language, beside: Beside | None = None) -> Told:
    """`forecast` in `language`."""
    say = words(language)
    values = _values(forecast, say)
    return Told(
        title=_said(say, f"title_{_form(forecast)}", values),
        what=_said(say, f"what_{_form(forecast)}", values),
        when=_when(forecast, say, values),
        evidence=_said(say, _evidence(forecast, say), values),
        advice=_said(say, f"advice_{_advice(forecast, say)}", values),
        parts=_parts(forecast, say, beside or Beside()),
    )


def drawn(forecast: Forecast, language: Language) -> Chart | None:
    """The picture of a forecast; None where nothing was measured, as of a date."""
    if not forecast.points:
        return None
    say = words(language)
    measured = Line(name=say.said(_GROUP, "line_measured"), points=_with_gaps(forecast))
    limits = () if forecast.limit is None else ((say.said(_GROUP, "line_limit"), forecast.limit),)
    values = _values(forecast, say)
    return Chart(
        key=f"forecast/{forecast.key}",
        title=_said(say, "chart", values),
        unit=forecast.unit,
        lines=(measured, *_ahead(forecast, say)),
        limits=limits,
        note=_when(forecast, say, values).strip(),
    )


def _form(forecast: Forecast) -> str:
    """Which sentence says it: a line goes up or down, a jump likewise, a date is of something."""
    if forecast.signal is Signal.TREND:
        kind = "capacity" if forecast.capacity else "trend"
        return f"{kind}_{'falls' if (forecast.slope or 0) < 0 else 'rises'}"
    if forecast.signal is Signal.STEP:
        return "step_down" if (forecast.current or 0) < (forecast.usual or 0) else "step_up"
    if forecast.signal is Signal.UNLIKE_PEERS:
        side = "below" if float(forecast.facts["beyond"]) < 0 else "above"
        return f"unlike_{side}" if forecast.facts["peers"] else f"alone_{side}"
    if forecast.signal in {Signal.RATE, Signal.MEMORY_ERRORS}:
        return f"{forecast.signal}_{forecast.subject}" if forecast.subject in _OWN else forecast.signal
    return forecast.signal


_NAMED = frozenset({"licence", "certificate"})
"""A device may have several of them, which end on different days; of units their serial numbers stand elsewhere."""
_OWN = frozenset({"errors", "flaps", "restarts", "uncorrected", "corrected", "counted", "too_often"})


def _advice(forecast: Forecast, say: Words) -> str:
    """The advice for this subject, else for the signal."""
    table = say.table[_GROUP]
    direction = "up" if (forecast.slope or (forecast.current or 0) - (forecast.usual or 0)) > 0 else "down"
    for key in (f"{forecast.subject}_{direction}", forecast.subject):
        if f"advice_{key}" in table:
            return key
    return forecast.signal


def _evidence(forecast: Forecast, say: Words) -> str:
    """How it is known: by the subject where that has words of its own, else by the signal."""
    own = f"evidence_{forecast.signal}_{forecast.subject}"
    return own if own in say.table[_GROUP] else f"evidence_{forecast.signal}"


def _when(forecast: Forecast, say: Words, values: Mapping[str, str]) -> str:
    if forecast.signal is not Signal.TREND or forecast.left is None:
        return ""
    if forecast.reached(forecast.left.high) is None:
        return _said(say, "when_open", values)
    return _said(say, "when", values)


def _parts(forecast: Forecast, say: Words, beside: Beside) -> str:
    if forecast.signal is Signal.DATE:
        return ""
    found = []
    if beside.spares is not None:
        found.append(say.said(_GROUP, "spares" if beside.spares else "no_spares", count=str(beside.spares)))
    if beside.warranty is not None:
        ends = beside.warranty
        due = forecast.reached(forecast.left.days) if forecast.left else forecast.found
        key = "warranty_over" if ends < forecast.found else "warranty_first" if due and ends < due else "warranty"
        found.append(say.said(_GROUP, key, on=ends.isoformat()))
    return "".join(found)


def _values(forecast: Forecast, say: Words) -> dict[str, str]:
    """All that the sentences may speak of."""
    unit, left = forecast.unit, forecast.left
    now, usual, slope = forecast.current, forecast.usual, forecast.slope
    change = None if now is None or usual is None else abs(now - usual)
    times = "" if now is None or not usual else f"{now / usual:.0f}"
    return {
        "device": forecast.device,
        "part": say.part(forecast.component),
        "aspect": _aspect(forecast, say),
        "what": _ending(forecast, say),
        "now": say.measured(now, unit),
        "usual": say.measured(usual, unit),
        "limit": say.measured(forecast.limit, unit),
        "change": _difference(say, change, unit),
        "month": _difference(say, None if slope is None else abs(slope) * 30, unit),
        "times": times,
        "span": str(forecast.days),
        "samples": str(forecast.samples),
        "left": "" if left is None else f"{left.days:.0f}",
        "on": _day(forecast.reached(left.days) if left else None),
        "soonest": _day(forecast.reached(left.low) if left else None),
        "latest": _day(forecast.reached(left.high) if left else None),
        "day": str(forecast.facts.get("on", forecast.facts.get("since", ""))),
        "beyond": _difference(say, abs(float(forecast.facts.get("beyond", 0.0))), unit),
        "peers": str(forecast.facts.get("peers", "")),
        "peers_rose": _difference(say, float(forecast.facts.get("peers_rose", 0.0)), unit),
        "addresses": str(forecast.facts.get("addresses", "")),
        "lost": str(forecast.facts.get("lost", "")),
        "count": str(forecast.facts.get("count", "")),
        "chance": f"{float(forecast.facts.get('chance', 0.0)):.1g}",
    }


def _aspect(forecast: Forecast, say: Words) -> str:
    table = say.table[_GROUP]
    own = table.get(f"aspect_{forecast.aspect}") or table.get(f"aspect_{forecast.subject}")
    return str(own) if own else say.aspect(forecast.aspect)


def _ending(forecast: Forecast, say: Words) -> str:
    what, name = str(say.table[_GROUP].get(f"ends_{forecast.subject}", "")), forecast.component.label
    return say.said(_GROUP, "ends_named", what=what, name=name) if name and forecast.subject in _NAMED else what


def _difference(say: Words, value: float | None, unit: str) -> str:
    """A difference of two numbers: that of two levels in dBm is in dB, that of two shares in points."""
    if value is None:
        return ""
    if unit == "dbm":
        return f"{say.measured(value, '')} dB"
    if unit == "ratio":
        return say.said(_GROUP, "points", number=say.measured(100 * value, ""))
    return say.measured(value, unit)


def _said(say: Words, key: str, values: Mapping[str, str]) -> str:
    return say.said(_GROUP, key, **values)


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _with_gaps(forecast: Forecast) -> tuple[tuple[datetime, float | None], ...]:
    """The points by day, with None on the first day of each gap, which is drawn as one."""
    found: list[tuple[datetime, float | None]] = []
    last: date | None = None
    for day, value in forecast.points:
        if last is not None and (day - last).days > 1:
            found.append((_noon(last + timedelta(days=1)), None))
        found.append((_noon(day), value))
        last = day
    return tuple(found)


def _ahead(forecast: Forecast, say: Words) -> tuple[Line, ...]:
    """The line through the past and on to the limit, dashed, with the interval of the day on which it gets there."""
    left, slope, level, limit = forecast.left, forecast.slope, forecast.current, forecast.limit
    if forecast.signal is not Signal.TREND or left is None or slope is None or level is None or limit is None:
        return ()
    end = min(left.days, float(_FAR * forecast.days))
    points = [(_noon(day), value) for day, value in forecast.line]
    points.append((_noon(forecast.found + timedelta(days=round(end))), level + slope * end))
    fast = (limit - level) / max(left.low, 1.0)
    slow = (limit - level) / left.high if left.high else 0.0
    ends = sorted((level + fast * min(end, max(left.low, 1.0)), level + slow * end))
    band = (
        (_noon(forecast.found), level, level),
        (_noon(forecast.found + timedelta(days=round(end))), ends[0], ends[1]),
    )
    return (Line(name=say.said(_GROUP, "line_forecast"), points=tuple(points), band=band, dashed=True),)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
