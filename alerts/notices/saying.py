"""A telling in the words of one language: what letters and documents say of each matter alike."""

from dataclasses import dataclass
from datetime import UTC, datetime

from alerts.locale import Words, wall
from alerts.notices.exposure import Verdict
from alerts.notices.telling import Matter, SourceState, Telling, ToldUnit

_UNITS_SHOWN = 50
_LINES = 5
_WORDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidUnit:
    """A line of the table of devices."""

    device: str
    site: str
    model: str
    version: str
    verdict: str
    why: str
    is_sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidMatter:
    """A matter as it is read."""

    heading: str
    again: str
    what: str
    facts: tuple[tuple[str, str], ...]
    why: str
    units: tuple[SaidUnit, ...]
    more: str
    fix: str
    patch: str
    workaround: tuple[str, ...]
    advice: tuple[str, ...]
    risk: str
    planned: str


def matter(each: Matter, telling: Telling, said: Words, most: int = _UNITS_SHOWN) -> SaidMatter:
    """One matter, showing `most` of its devices."""

    def say(key: str, **values: str) -> str:
        return said.said("notice_life", key, **values)

    facts = [
        (say("score"), say("scored", score=f"{each.score:g}") if each.score is not None else say("unscored")),
        (say("exploited"), say("exploited_yes" if each.known_exploited else "exploited_no")),
        (say("published"), published(each.published, telling.zone) or say("unsaid")),
        (say("seen"), wall(each.seen, telling.zone)),
        (say("source"), f"{say('comma').join(each.names)} ({say('comma').join(each.sources)})"),
    ]
    rest = len(each.units) - most
    return SaidMatter(
        heading=say("colon").join(filter(None, (each.subject, each.title if each.title != each.subject else ""))),
        again=say("again", why=say("comma").join(say(f"again_{one.value}") for one in each.again))
        if each.again
        else "",
        what=short(each.text) or say("no_text"),
        facts=tuple(facts),
        why=say("hits", affected=str(each.affected), possible=str(each.possible)),
        units=tuple(unit(one, said) for one in each.units[:most]),
        more=say("more", count=str(rest)) if rest > 0 else "",
        fix=say("fixed_in", versions=say("or").join(each.versions)) if each.versions else say("no_fix"),
        patch=say("patched_by", patches=say("or").join(each.patches)) if each.patches else say("no_patch"),
        workaround=tuple(short(one) for one in each.workarounds[:_LINES]) or (say("no_workaround"),),
        advice=tuple(short(one) for one in each.advice[:_LINES]),
        risk=say(f"risk_{each.risk}"),
        planned=each.planned.isoformat() if each.planned else say("unplanned"),
    )


def unit(one: ToldUnit, said: Words) -> SaidUnit:
    """One device."""
    names = said.table["notice_rule"]
    return SaidUnit(
        device=f"{one.device} ({one.title})" if one.title else one.device,
        site=one.site_title,
        model=f"{one.model} {one.component.upper()}".strip(),
        version=" ".join(filter(None, (one.version, one.patch))) or said.said("notice_life", "unsaid"),
        verdict=said.said("notice_life", f"verdict_{one.verdict.value}"),
        why=str(names.get(one.rule, names["other"] if one.rule else "")),
        is_sure=one.verdict is Verdict.AFFECTED,
    )


def coverage(telling: Telling, said: Words) -> tuple[str, ...]:
    """What was looked at and what not, so that silence is not taken for safety."""

    def say(key: str, **values: str) -> str:
        return said.said("notice_life", key, **values)

    lines = [say("covered", devices=str(telling.devices), unknown=str(telling.unknown))]
    if telling.undetermined:
        lines.append(say("undetermined", count=str(telling.undetermined)))
    return (*lines, *(source(each, telling.zone, said) for each in telling.sources))


def source(each: SourceState, zone: str, said: Words) -> str:
    """How far a source is known."""
    say = said.said
    at = wall(each.last_good, zone) if each.last_good else say("notice_life", "never")
    newest = published(each.newest, zone) or say("notice_life", "unsaid")
    line = say("notice_life", "source_line", name=each.name, at=at, newest=newest, refused=str(each.refused))
    return line + (say("notice_life", "source_old") if each.is_old else "")


def published(text: str, zone: str) -> str:
    """A moment as a maker writes it, on the wall clock of the reader; what is none stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if len(text) <= len("2026-11-22"):
        return text
    return wall(moment if moment.tzinfo else moment.replace(tzinfo=UTC), zone)


def short(text: str) -> str:
    """`text` on one line, of a length that is read."""
    line = " ".join(text.split())
    return line if len(line) <= _WORDS else line[: _WORDS - 1] + "…"
