"""A Paper as JSON and back: what the archive keeps, and what a customer's programs read.

The same Paper gives the same bytes. Moments are ISO 8601 in UTC, numbers carry the unit of the house, tables stand
under their keys and each row under the keys of its columns (docs/papers.md has the words).
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from alerts.papers.paper import (
    Blank,
    Block,
    Cell,
    Chart,
    Column,
    Diagram,
    Evidence,
    Figure,
    Heading,
    Line,
    Link,
    Mark,
    Moment,
    Node,
    PageBreak,
    Pairs,
    Paper,
    Paragraph,
    Row,
    Signatures,
    Table,
    Tone,
)
from monitor.model import Language

FORMAT = 1
"""Grows by one where a reader of the last one would misread the new one."""

Json = dict[str, Any]
_PLAIN = ("kind", "title", "subtitle", "number", "version", "zone", "tool_version", "facts")
_FRAME = ("company", "customer", "confidential")


class PaperError(ValueError):
    """These bytes are no Paper that this version can read; the message says why."""


def paper_json(paper: Paper) -> bytes:
    """`paper` as canonical JSON: the same paper gives the same bytes."""
    tables: dict[str, Json] = {}
    blocks = [_block(block, tables) for block in paper.blocks]
    told = {
        "netvigil_paper": FORMAT,
        **{key: getattr(paper, key) for key in _PLAIN},
        "language": paper.language.value,
        "made_at": _iso(paper.made_at),
        **{key: getattr(paper, key) for key in _FRAME},
        **({"short": True} if paper.is_short else {}),
        "terms": _pairs(paper.terms),
        "data": dict(sorted(paper.data.items())),
        "blocks": blocks,
        "tables": tables,
    }
    text = json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # no text of ours has half of a surrogate pair, but one would make the whole document unreadable
    return text.encode("utf-8", "replace") + b"\n"


def paper_of(raw: bytes) -> Paper:
    """The Paper of these bytes. Raises PaperError."""
    try:
        told = json.loads(raw)
        _check_format(told["netvigil_paper"])
        return Paper(
            **{key: told[key] for key in (*_PLAIN, *_FRAME)},
            language=Language(told["language"]),
            made_at=_moment(told["made_at"]),
            is_short=told.get("short", False) is True,
            terms=_pairs_of(told["terms"]),
            data=told["data"],
            blocks=tuple(_block_of(each, told["tables"]) for each in told["blocks"]),
        )
    except PaperError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PaperError(f"not a paper ({type(error).__name__}: {str(error)[:100]})") from error


def _check_format(found: object) -> None:
    if found != FORMAT:
        raise PaperError(f"this is format {str(found)[:40]}, and only {FORMAT} can be read")


def _block(block: Block, tables: dict[str, Json]) -> Json:  # noqa: PLR0911 - one for each kind of block
    match block:
        case Heading():
            return {"block": "heading", "level": block.level, "text": block.text, "key": block.key}
        case Paragraph():
            return {"block": "paragraph", "text": block.text, **_tone(block.tone)}
        case Pairs():
            return {"block": "pairs", "key": block.key, "rows": _pairs(block.rows)}
        case Table():
            key = _free(block.key, tables)
            tables[key] = _table(block)
            return {"block": "table", "table": key}
        case Chart():
            return _chart(block)
        case Diagram():
            return _diagram(block)
        case Evidence():
            return {"block": "evidence", "title": block.title, "text": block.text}
        case Signatures():
            return {"block": "signatures", "roles": list(block.roles)}
        case PageBreak():
            return {"block": "page_break"}


def _free(key: str, tables: Mapping[str, Json]) -> str:
    """`key`, or with a number where an earlier table has it: no table is lost for a key that stands twice."""
    at, free = 1, key
    while free in tables:
        at += 1
        free = f"{key}#{at}"
    return free


def _table(table: Table) -> Json:
    keys = [column.key for column in table.columns]
    if len(set(keys)) < len(keys):
        raise PaperError(f"table {table.key}: two columns have one key")
    return {
        "key": table.key,
        "title": table.title,
        "group": table.group,
        "columns": [{"key": each.key, "title": each.title, "share": each.share} for each in table.columns],
        "rows": [
            {"cells": {key: _cell(cell) for key, cell in zip(keys, row.cells, strict=True)}, **_tone(row.tone)}
            for row in table.rows
        ],
        "empty": table.empty,
    }


def _chart(chart: Chart) -> Json:
    return {
        "block": "chart",
        "key": chart.key,
        "title": chart.title,
        "unit": chart.unit,
        "lines": [
            {
                "name": line.name,
                "points": [[_iso(at), _number(value)] for at, value in line.points],
                "band": [[_iso(at), _number(low), _number(high)] for at, low, high in line.band],
                "dashed": line.dashed,
            }
            for line in chart.lines
        ],
        "limits": [[name, value] for name, value in chart.limits],
        "note": chart.note,
    }


def _diagram(diagram: Diagram) -> Json:
    return {
        "block": "diagram",
        "key": diagram.key,
        "title": diagram.title,
        "levels": [
            [
                {"key": each.key, "name": each.name, "sign": each.sign, "outside": each.outside, **_tone(each.tone)}
                for each in level
            ]
            for level in diagram.levels
        ],
        "links": [
            {"one": each.one, "other": each.other, "count": each.count, "dashed": each.dashed} for each in diagram.links
        ],
        "note": diagram.note,
    }


def _pairs(rows: Iterable[tuple[str, Cell]]) -> list[Json]:
    return [{"name": name, "value": _cell(cell)} for name, cell in rows]


def _cell(cell: Cell) -> str | Json:
    match cell:
        case str():
            return cell
        case Figure():
            return {"number": _number(cell.value), "unit": cell.unit}
        case Moment():
            return {"at": None if cell.at is None else _iso(cell.at), **({"day": True} if cell.day else {})}
        case Mark():
            return {"sign": cell.sign, "text": cell.text, **_tone(cell.tone)}
        case Blank():
            return {"blank": cell.key, "filled": cell.filled}


def _number(value: float | None) -> float | None:
    """JSON has no word for what is not a number: nothing is known of it."""
    return value if value is not None and math.isfinite(value) else None


def _tone(tone: Tone) -> Json:
    return {} if tone is Tone.PLAIN else {"tone": tone.value}


def _iso(at: datetime) -> str:
    if at.tzinfo is None:
        raise PaperError(f"{at} has no zone")
    return at.astimezone(UTC).isoformat()


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise PaperError(f"{text[:40]} has no zone")
    return at


def _block_of(told: Json, tables: Json) -> Block:  # noqa: PLR0911 - one for each kind of block
    match told["block"]:
        case "heading":
            return Heading(level=told["level"], text=told["text"], key=told["key"])
        case "paragraph":
            return Paragraph(text=told["text"], tone=_tone_of(told))
        case "pairs":
            return Pairs(key=told["key"], rows=_pairs_of(told["rows"]))
        case "table":
            return _table_of(tables[told["table"]])
        case "chart":
            return _chart_of(told)
        case "diagram":
            return _diagram_of(told)
        case "evidence":
            return Evidence(title=told["title"], text=told["text"])
        case "signatures":
            return Signatures(roles=tuple(told["roles"]))
        case "page_break":
            return PageBreak()
        case other:
            raise PaperError(f"there is no block {str(other)[:40]}")


def _table_of(told: Json) -> Table:
    columns = tuple(Column(key=each["key"], title=each["title"], share=each["share"]) for each in told["columns"])
    return Table(
        key=told["key"],
        title=told["title"],
        group=told["group"],
        columns=columns,
        rows=tuple(
            Row(cells=tuple(_cell_of(row["cells"][each.key]) for each in columns), tone=_tone_of(row))
            for row in told["rows"]
        ),
        empty=told["empty"],
    )


def _chart_of(told: Json) -> Chart:
    return Chart(
        key=told["key"],
        title=told["title"],
        unit=told["unit"],
        lines=tuple(
            Line(
                name=line["name"],
                points=tuple((_moment(at), value) for at, value in line["points"]),
                band=tuple((_moment(at), low, high) for at, low, high in line["band"]),
                dashed=line["dashed"],
            )
            for line in told["lines"]
        ),
        limits=tuple((name, value) for name, value in told["limits"]),
        note=told["note"],
    )


def _diagram_of(told: Json) -> Diagram:
    return Diagram(
        key=told["key"],
        title=told["title"],
        levels=tuple(
            tuple(
                Node(
                    key=each["key"],
                    name=each["name"],
                    sign=each["sign"],
                    tone=_tone_of(each),
                    outside=each["outside"],
                )
                for each in level
            )
            for level in told["levels"]
        ),
        links=tuple(
            Link(one=each["one"], other=each["other"], count=each["count"], dashed=each["dashed"])
            for each in told["links"]
        ),
        note=told["note"],
    )


def _pairs_of(rows: Sequence[Json]) -> tuple[tuple[str, Cell], ...]:
    return tuple((each["name"], _cell_of(each["value"])) for each in rows)


def _cell_of(told: str | Json) -> Cell:
    if isinstance(told, str):
        return told
    if "number" in told:
        return Figure(value=told["number"], unit=told["unit"])
    if "at" in told:
        return Moment(at=None if told["at"] is None else _moment(told["at"]), day=told.get("day", False))
    if "blank" in told:
        return Blank(key=told["blank"], filled=told["filled"])
    return Mark(sign=told["sign"], text=told["text"], tone=_tone_of(told))


def _tone_of(told: Json) -> Tone:
    return Tone(told.get("tone", Tone.PLAIN))
