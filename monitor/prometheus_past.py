"""The past as a server tells it that speaks Prometheus and scraped us: hours of the same series as the store has.

Asked by monitor/past.py where [past] names such a server (Prometheus, VictoriaMetrics, Thanos, Mimir), over the HTTP
API that all of them have: one `query_range` for each figure of each family of docs/metrics.md. A server that cannot be
asked is an error with words: what it would have told is not known, and never zero.
"""

import json
import ssl
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from http.client import HTTPException, HTTPResponse
from math import isfinite
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener
from zoneinfo import ZoneInfo

from collectors.text import cleaned
from monitor.rolling_parts import THERE
from monitor.series import UP
from monitor.series_parts import CONDITION, NUMBERS
from monitor.series_ports import COUNTED, SPEED
from monitor.series_reach import REACHABLE
from monitor.settings import Past
from monitor.store.rolled import CODES, Key, Told, scale

_HOUR: Final = 3600
_STEP: Final = 60  # seconds between two points at which the server looks whether a value was known
_PORT_STEP: Final = 300
_DAYS: Final = 62  # in one question: 1,488 points of each series, of the 11,000 that servers allow
_TOGETHER: Final = 20  # devices in one question
_OF_PORTS: Final = {"utilisation_in": "in_octets", "utilisation_out": "out_octets"}
_LOST: Final = {
    "errors_in": "in_errors",
    "errors_out": "out_errors",
    "discards_in": "in_discards",
    "discards_out": "out_discards",
}


class PastError(Exception):
    """The server of [past] could not be asked; the message says why."""


@dataclass(slots=True)
class Hours:
    """What the server told of one device: of each series its hours, by when they began (seconds since 1970)."""

    device: str
    told: dict[Key, dict[int, Told]] = field(default_factory=dict)


def hours(
    server: Past, names: Sequence[str], zone: ZoneInfo, start: date, end: date, kinds: object, aspects: object
) -> Iterator[Hours]:
    """The hours of these devices, whose clocks are all of `zone`. Raises PastError where the server does not tell.

    `kinds` and `aspects` are containers of those that are wanted; None: all.
    """
    for begin in range(0, len(names), _TOGETHER):
        several = {name: Hours(name) for name in names[begin : begin + _TOGETHER]}
        first = start
        while first < end:
            last = min(end, first + timedelta(days=_DAYS))
            edges = [datetime.combine(day, time(), zone).timestamp() for day in (first, last)]
            _asked(server, several, int(edges[0]), int(edges[1]), kinds, aspects)
            first = last
        yield from several.values()


def trouble(server: Past) -> str:
    """Why the server cannot be asked; "" where it can."""
    try:
        _answer(server, "query", {"query": "vector(1)"})
    except PastError as error:
        return str(error)
    return ""


def _asked(server: Past, into: Mapping[str, Hours], start: int, end: int, kinds: Any, aspects: Any) -> None:
    which = "|".join(_literal(name) for name in into)
    targets = f'target=~"{which}"'
    for (aspect, unit), family in NUMBERS.items():
        if aspects is None or aspect in aspects:
            series = f"{family.name}{{{targets}}}"
            _figures(server, into, _Figures(series, _STEP, aspect, unit, series), start, end, kinds)
    if aspects is None or THERE.aspect in aspects:
        names = f"{UP.name}|{REACHABLE.name}"
        series = f'max by (target) ({{__name__=~"{names}",{targets}}})'
        _figures(server, into, _Figures(series, _STEP, THERE.aspect, THERE.unit, ""), start, end, kinds)
    for aspect, column in (*_OF_PORTS.items(), *_LOST.items()):
        if (aspects is None or aspect in aspects) and (kinds is None or "interface" in kinds):
            rate = f"rate({COUNTED[column].name}{{{targets}}}[{_PORT_STEP}s])"
            unit = "per_second"
            if aspect in _OF_PORTS:
                speed = f"({SPEED.name}{{{targets}}} > 0)"
                rate, unit = f"clamp_max({rate} / on (target, interface) {speed}, 1)", "ratio"
            _figures(server, into, _Figures(rate, _PORT_STEP, aspect, unit, ""), start, end, kinds)
    _conditions(server, into, targets, start, end, kinds, aspects)


@dataclass(frozen=True, slots=True)
class _Figures:
    """What is asked of one family: the `series`, how often the server looks at it, and the `raw` one where there is."""

    series: str
    step: int
    aspect: str
    unit: str
    raw: str


def _figures(server: Past, into: Mapping[str, Hours], one: _Figures, start: int, end: int, kinds: Any) -> None:
    # a point at the very begin of an hour is of the hour before: Prometheus 2 counts both ends of a range, 3 does not
    looked = f"{one.series}[{_HOUR - 1}s:{one.step}s]"
    raw = f"{one.raw}[{_HOUR}s]" if one.raw else looked
    questions = {
        "seconds": f"count_over_time({looked})",
        "samples": f"count_over_time({raw})",
        "low": f"min_over_time({looked})",
        "mean": f"avg_over_time({looked})",
        "high": f"max_over_time({looked})",
        "last": f"last_over_time({looked})",
    }
    for what, question in questions.items():
        for labels, values in _range(server, question, start, end):
            key = _key(labels, one.aspect, one.unit)
            device = into.get(labels.get("target", ""))
            if device is None or (kinds is not None and key.kind not in kinds):
                continue
            known = device.told.setdefault(key, {})
            for at, value in values:
                told = known.setdefault(at, Told(0.0, 0))
                if what == "seconds":
                    told.seconds = min(float(_HOUR), value * one.step)
                elif what == "samples":
                    told.samples = round(value)
                else:
                    setattr(told, what, value)


def _conditions(
    server: Past, into: Mapping[str, Hours], targets: str, start: int, end: int, kinds: Any, aspects: Any
) -> None:
    units = {key[:3]: key for device in into.values() for key in device.told}
    for code, condition in enumerate(CODES):
        series = f"({CONDITION.name}{{{targets}}} == {code})"
        for labels, values in _range(server, f"count_over_time({series}[{_HOUR - 1}s:{_STEP}s])", start, end):
            aspect, device = labels.get("aspect", ""), into.get(labels.get("target", ""))
            kind, label = labels.get("kind", ""), labels.get("component", "")
            if device is None or (kinds is not None and kind not in kinds):
                continue
            if aspects is not None and aspect not in aspects:
                continue
            key = units.get((kind, label, aspect), Key(kind, label, aspect, "", 0.0))
            known = device.told.setdefault(key, {})
            for at, value in values:
                told = known.setdefault(at, Told(0.0, 0))
                told.conditions[condition] = told.conditions.get(condition, 0.0) + value * _STEP
                if not key.scale:
                    told.seconds = min(float(_HOUR), told.seconds + value * _STEP)
                    told.samples += round(value)


def _key(labels: Mapping[str, str], aspect: str, unit: str) -> Key:
    if aspect == THERE.aspect:
        return THERE
    kind, label = labels.get("kind", "interface"), labels.get("component", labels.get("interface", ""))
    return Key(kind, label, aspect, unit, scale(aspect, unit))


def _literal(name: str) -> str:
    """`name` as it stands in a regular expression (RE2) between double quotes."""
    plain = "".join(each if each.isalnum() or each in "-_" else f"\\{each}" for each in name)
    return plain.replace("\\", "\\\\").replace('"', '\\"')


def _range(
    server: Past, question: str, start: int, end: int
) -> Iterator[tuple[Mapping[str, str], list[tuple[int, float]]]]:
    """The series of the answer, each with its hours by when they began."""
    asked = {"query": question, "start": str(start + _HOUR), "end": str(end), "step": str(_HOUR)}
    for one in _answer(server, "query_range", asked):
        try:
            labels = {str(name): cleaned(str(value), 200) for name, value in one["metric"].items()}
            values = [(int(at) - _HOUR, float(value)) for at, value in one["values"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PastError(f"{server.url} told a series that is none ({error})") from error
        yield labels, [(at, value) for at, value in values if isfinite(value)]


class _Stay(HTTPRedirectHandler):
    """A server that sends us elsewhere is not asked there: it would be told our password."""

    def redirect_request(self, *_: object) -> None:
        """Nowhere."""


def _answer(server: Past, what: str, asked: Mapping[str, str]) -> Iterable[Any]:
    """What the server finds. Raises PastError with words for whoever set it up."""
    request = Request(  # noqa: S310 - settings allow http and https alone
        f"{server.url}/api/v1/{what}", data=urlencode(asked).encode(), headers=_headers(server)
    )
    context = ssl.create_default_context(cafile=str(server.authority) if server.authority else None)
    if not server.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with build_opener(_Stay, HTTPSHandler(context=context)).open(
            request, timeout=server.timeout.total_seconds()
        ) as response:
            text = _read(response, server)
    except HTTPError as error:
        said = cleaned(error.read(400), 300)
        raise PastError(f"{server.url} answered {error.code}: {said or error.reason}") from error
    except (URLError, OSError, HTTPException) as error:
        raise PastError(f"{server.url} cannot be asked: {getattr(error, 'reason', error)}") from error
    try:
        document = json.loads(text)
        if document["status"] != "success":
            raise PastError(f"{server.url} refused the question: {cleaned(str(document.get('error', '')), 300)}")
        found: list[Any] = document["data"]["result"]
    except (ValueError, KeyError, TypeError) as error:
        raise PastError(f"{server.url} does not speak as Prometheus does; is the address right?") from error
    return found


def _headers(server: Past) -> dict[str, str]:
    if server.token:
        return {"Authorization": f"Bearer {server.token}"}
    if server.user:
        return {"Authorization": f"Basic {b64encode(f'{server.user}:{server.password}'.encode()).decode()}"}
    return {}


def _read(response: HTTPResponse, server: Past) -> bytes:
    text = response.read(server.size + 1)
    if len(text) > server.size:
        raise PastError(f"{server.url} answered more than {server.size} octets; set [past] size")
    return text
