"""From plain lines to rows: TextFSM templates, ours and those of ntc-templates; a step of reader.py and folder.py.

A template takes an output apart completely or not at all. What it cannot read is unknown, never healthy.
"""

import io
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from textfsm import TextFSM, TextFSMError  # type: ignore[import-untyped]  # ships no types

from collectors.cli.counted import WORDS as COUNTED
from collectors.cli.counted import alarms, log_lines
from collectors.cli.output import Refusal, lines, refusal
from collectors.plan import Origin
from collectors.snmp.reader import Budget, Ending, Rows

Row = Mapping[str, str]
WORD = " | "
"""Between the command and the word of its template, as `Origin.oids` and the source of an observation have it."""

TAKERS: Mapping[str, Callable[[Sequence[Row]], list[Row]]] = {"alarms": alarms, "log_lines": log_lines}
"""What makes few rows of many, where the single rows come and go: after the templates, "vrp_alarm > alarms"."""
CONFIGURATION = "configuration"
"""The one template that is no TextFSM: the configuration is compared and kept whole (configuration.py)."""

_NOTHING = (
    "no patch", "no alarm", "no active alarm", "no license", "no licence", "no record", "no information", "no log",
    "there is no", "info: there is no", "info: no ", "none",
)  # fmt: skip
_mine = threading.local()  # a TextFSM holds the state of its last parse: each thread has its own


class UnreadableError(ValueError):
    """No template takes this output apart."""


@cache
def source(name: str) -> str:
    """The text of the template `name`: one of ours, or "ntc/…". Raises FileNotFoundError where there is none."""
    kind, _, rest = name.rpartition("/")
    folder = files("ntc_templates") if kind == "ntc" else files("collectors.cli")
    return (folder / "templates" / f"{rest}.textfsm").read_text(encoding="utf-8")


@cache
def template_words(template: str) -> frozenset[str]:
    """The words of `template`, as a platform file names it. Raises OSError or ValueError where it is none."""
    if template == CONFIGURATION:
        return frozenset({"SAVED", "LINES", "VERSIONS", "DOORS"})
    names, _, taker = template.partition(">")
    try:
        words = frozenset(value.name for name in names.split() for value in _template(name).values)
    except TextFSMError as error:
        raise ValueError(str(error)) from None
    if taker and taker.strip() not in TAKERS:
        raise ValueError(f'there is no "{taker.strip()}" (there is: {", ".join(sorted(TAKERS))})')
    return COUNTED if taker else words


def rows(template: str, text: str) -> tuple[tuple[str, ...], list[Row]]:
    """Index and rows of `text`, by the first of the templates named in `template` that takes it apart.

    The index of a row are its values of the words marked as Key, else its number. Raises UnreadableError.
    """
    names, _, taker = template.partition(">")
    index, found = _parsed(names.split(), text)
    if taker.strip():
        found = TAKERS[taker.strip()](found)
        index = tuple(str(n) for n in range(1, len(found) + 1))
    return index, found


def _parsed(names: Sequence[str], text: str) -> tuple[tuple[str, ...], list[Row]]:
    if not text.strip() or ("\n" not in text.strip() and text.strip().lower().startswith(_NOTHING)):
        return (), []
    wrong = []
    for name in names:
        fsm = _template(name)
        try:
            found = [dict(zip(fsm.header, row, strict=True)) for row in fsm.ParseText(text)]
        except TextFSMError as error:
            wrong.append(f"{name}: {str(error)[:200]}")
            continue
        keys = [value.name for value in fsm.values if "Key" in value.OptionNames()]
        if found:
            told: list[Row] = [{word: _joined(value) for word, value in row.items()} for row in found]
            return _unique(
                "/".join(row[key] for key in keys if row[key]) if keys else str(n) for n, row in enumerate(told, 1)
            ), told
        wrong.append(f"{name}: no rows")
    raise UnreadableError("; ".join(wrong))


def table(origin: Origin, raw: bytes | str, budget: Budget) -> Rows:
    """The rows of `origin` out of what its command printed."""
    text = lines(raw, origin.where, logs="log_lines" in origin.template)
    match refusal(text):
        case Refusal.UNKNOWN:
            return no_rows(origin, None)
        case Refusal.NOT_ALLOWED:
            return no_rows(origin, Ending.NOT_ALLOWED)
        case Refusal.BUSY:
            return no_rows(origin, Ending.TIMEOUT)
    try:
        index, found = rows(origin.template, text)
    except UnreadableError:
        return no_rows(origin, Ending.UNREADABLE)
    return filled(origin, index[: budget.rows], found[: budget.rows], Ending.ROWS if len(found) > budget.rows else None)


def filled(origin: Origin, index: Sequence[str], found: Sequence[Row], ended: Ending | None = None) -> Rows:
    """The words of `found` under what `origin` calls them; what a row leaves empty has no value."""
    words = {oid: oid.rpartition(WORD)[2] for oid in origin.oids.values()}
    told = {oid: tuple(row.get(word, "").encode() or None for row in found) for oid, word in words.items()}
    return Rows(index=tuple(index), columns=told, ended=ended)


def no_rows(origin: Origin, ended: Ending | None) -> Rows:
    """A table that told nothing."""
    return Rows(index=(), columns=dict.fromkeys(origin.oids.values(), ()), ended=ended)


def _template(name: str) -> TextFSM:
    known: dict[str, TextFSM] = _mine.__dict__.setdefault("templates", {})
    if name not in known:
        known[name] = TextFSM(io.StringIO(source(name)))
    fsm = known[name]
    fsm.Reset()
    return fsm


def _joined(value: str | list[str]) -> str:
    return " ".join(value) if isinstance(value, list) else value.strip()


def _unique(index: Iterable[str]) -> tuple[str, ...]:
    """Each name once: a second row of the same name has its number behind it."""
    often: dict[str, int] = {}
    found = []
    for name in index:
        often[name] = often.get(name, 0) + 1
        found.append(name if often[name] == 1 else f"{name}#{often[name]}")
    return tuple(found)
