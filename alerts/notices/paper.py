"""An early notice as a document: the same facts as the letter, complete, as a Paper for PDF and Word."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256

from alerts.locale import words
from alerts.notices import saying
from alerts.notices.exposure import Verdict
from alerts.notices.telling import Matter, Telling
from alerts.papers.paper import Block, Column, Figure, Heading, Mark, Pairs, Paper, Paragraph, Row, Table, Tone
from monitor.model import Language

KIND = "early_notice"
_MOST_UNITS = 5000
_SIGNS = {Verdict.AFFECTED: ("×", Tone.BAD), Verdict.POSSIBLE: ("△", Tone.ATTENTION)}


def paper(telling: Telling, language: Language, tool_version: str, company: str = "") -> Paper:
    """The document of a telling; the same telling is the same document."""
    said = words(language)
    say = said.table["notice_life"]
    blocks: list[Block] = [Paragraph(text=said.said("notice_life", "intro", customer=telling.customer))]
    blocks += [Heading(level=1, text=say["overview"], key="overview"), _overview(telling, say)]
    for place, each in enumerate(telling.matters, 1):
        blocks += _matter(place, each, telling, language)
    blocks.append(Heading(level=1, text=say["coverage"], key="coverage"))
    blocks += [Paragraph(text=line) for line in saying.coverage(telling, said)]
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
        blocks=tuple(blocks),
        company=company,
        customer=telling.customer,
    )


def _overview(telling: Telling, say: dict[str, str]) -> Table:
    columns = (("subject", 1.4), ("title", 2.4), ("score", 0.8), ("verdict_affected", 0.8), ("verdict_possible", 0.8))
    titles = {"subject": say["matter"], "title": say["what"]}
    return Table(
        key="overview",
        title=say["overview"],
        columns=tuple(Column(key=key, title=titles.get(key) or say[key], share=share) for key, share in columns),
        rows=tuple(
            Row(
                cells=(
                    each.subject,
                    each.title,
                    Figure(value=each.score),
                    Figure(value=each.affected),
                    Figure(value=each.possible),
                ),
                tone=Tone.BAD if each.known_exploited else Tone.PLAIN,
            )
            for each in telling.matters
        ),
        empty=say["unsaid"],
    )


def _matter(place: int, each: Matter, telling: Telling, language: Language) -> Iterator[Block]:
    said = words(language)
    say = said.table["notice_life"]
    told = saying.matter(each, telling, said, _MOST_UNITS)
    yield Heading(level=1, text=told.heading, key=f"matter-{place}")
    if told.again:
        yield Paragraph(text=told.again, tone=Tone.ATTENTION)
    yield Heading(level=2, text=say["what"], key=f"what-{place}")
    yield Paragraph(text=told.what)
    yield Pairs(key=f"facts-{place}", rows=told.facts)
    yield Heading(level=2, text=say["why"], key=f"why-{place}")
    yield Paragraph(text=told.why)
    columns = (("device", 1.2), ("site", 1.0), ("installed", 1.8), ("verdict", 1.0), ("reason", 1.6))
    yield Table(
        key=f"devices-{place}",
        title=say["devices"],
        columns=tuple(Column(key=key, title=say[key], share=share) for key, share in columns),
        rows=tuple(
            Row(
                cells=(
                    one.device,
                    one.site,
                    f"{one.model} {one.version}",
                    Mark(sign=_SIGNS[raw.verdict][0], text=one.verdict, tone=_SIGNS[raw.verdict][1]),
                    one.why,
                )
            )
            for raw, one in zip(each.units, told.units, strict=False)
        ),
        empty=say["unsaid"],
    )
    if told.more:
        yield Paragraph(text=told.more)
    yield Heading(level=2, text=say["helps"], key=f"helps-{place}")
    rows = [(say["fix"], told.fix), (say["patch"], told.patch)]
    rows += [(say["workaround"], line) for line in told.workaround]
    rows += [(say["advice"], line) for line in told.advice]
    rows += [(say["risk"], told.risk), (say["planned"], told.planned)]
    yield Pairs(key=f"helps-{place}", rows=tuple(rows))
