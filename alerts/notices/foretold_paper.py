"""What is foreseen for a customer as a document: the facts of the letter, with the pictures that a mail cannot draw."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256

from alerts.locale import Words, words
from alerts.notices.forecast_words import drawn, told
from alerts.notices.foretelling import Foreseen, Foretelling
from alerts.papers.paper import Block, Column, Figure, Heading, Pairs, Paper, Paragraph, Row, Table, Tone
from monitor.model import Language

KIND = "foretold"
_MOST = 100  # each has a picture; the list holds all


def paper(telling: Foretelling, language: Language, tool_version: str, company: str = "") -> Paper:
    """The document of a telling; the same telling is the same document."""
    said = words(language)
    say = said.table["foretold"]
    blocks: list[Block] = [Paragraph(text=say["intro"])]
    blocks += [Heading(level=1, text=say["overview"], key="overview"), _overview(telling, said)]
    for place, each in enumerate(telling.foreseen[:_MOST], 1):
        blocks += _one(place, each, said)
    facts = sha256(json.dumps(asdict(telling), default=str, sort_keys=True).encode()).hexdigest()
    return Paper(
        kind=KIND,
        title=say["paper_title"],
        subtitle=telling.customer,
        number=telling.number,
        version=1,
        language=language,
        zone=telling.zone,
        made_at=telling.at,
        tool_version=tool_version,
        facts=facts,
        is_short=len(telling.foreseen) < 3,  # noqa: PLR2004 - a page for its cover would be most of it
        blocks=tuple(blocks),
        company=company,
        customer=telling.customer,
    )


def _overview(telling: Foretelling, said: Words) -> Table:
    say = said.table["foretold"]
    columns = (("foreseen", 3.0), ("site", 1.2), ("left", 0.8), ("soonest", 1.0), ("latest", 1.0))
    return Table(
        key="overview",
        title="",
        columns=tuple(Column(key=key, title=say[key], share=share) for key, share in columns),
        rows=tuple(_row(each, said) for each in telling.foreseen),
        empty=say["unsaid"],
    )


def _row(each: Foreseen, said: Words) -> Row:
    forecast, left = each.forecast, each.forecast.left
    soonest, latest = (forecast.reached(left.low), forecast.reached(left.high)) if left is not None else (None, None)
    unsaid = said.said("foretold", "unsaid")
    return Row(
        cells=(
            told(forecast, said.language).title,
            each.site_title,
            Figure(value=round(left.days)) if left is not None else unsaid,
            soonest.isoformat() if soonest else unsaid,
            latest.isoformat() if latest else unsaid,
        )
    )


def _one(place: int, each: Foreseen, said: Words) -> Iterator[Block]:
    say, own = said.table["foretold"], told(each.forecast, said.language, each.beside)
    yield Heading(level=1, text=own.title, key=f"foreseen-{place}")
    if each.again:
        yield Paragraph(text=say["again"], tone=Tone.ATTENTION)
    yield Paragraph(text=f"{own.what}{own.when}".strip())
    picture = drawn(each.forecast, said.language)
    if picture is not None:
        yield picture
    rows = [(say["site"], each.site_title), (say["advice"], own.advice.strip())]
    rows += [(say["parts"], own.parts.strip())] if own.parts else []
    yield Pairs(key=f"advice-{place}", rows=(*rows, (say["evidence"], own.evidence)))
