"""Records of the national database: JSON 1.1 as of old, and 2.0 with its other names for the same things."""

import re
from collections.abc import Iterator
from typing import Any

from collectors.feeds import ranges
from collectors.feeds.fields import NotAnAdvisoryError, odd, rows, score, table, text
from monitor.model import Advisory, Said, Span, Statement

_LONG = 20_000
_PART = re.compile(r"(?<!\\):")
_DEEPEST = 8
_VENDOR, _PRODUCT, _VERSION, _FIELDS = 3, 4, 5, 13


def advisory(record: dict[str, Any]) -> Advisory:
    """The advisory that a record is, of either edition."""
    cve = table(record.get("cve"))
    old = "configurations" in record or "CVE_data_meta" in cve
    described = rows(table(cve.get("description")).get("description_data")) if old else rows(cve.get("descriptions"))
    configurations = [table(record.get("configurations"))] if old else rows(cve.get("configurations"))
    unread: list[str] = []
    statements: list[Statement] = []
    for place, configuration in enumerate(configurations):
        unread += odd(configuration.get("nodes"), "nodes")
        nodes = rows(configuration.get("nodes"))
        if configuration.get("operator") == "AND":
            nodes = [{"operator": "AND", "children": nodes}]
        for number, node in enumerate(nodes):
            statements += _statements(node, f"configurations/{place}/nodes/{number}", unread)
    return Advisory(
        name=text(table(cve.get("CVE_data_meta")).get("ID") or cve.get("id")),
        form="nvd_1.1" if old else "nvd_2.0",
        text=" ".join(text(each.get("value"), _LONG) for each in described if each.get("lang") == "en"),
        published=text(record.get("publishedDate") or cve.get("published")),
        known_exploited=bool(cve.get("cisaExploitAdd")),
        score=score([record.get("impact"), cve.get("metrics")]),
        statements=tuple(statements),
        unparsed=tuple(unread),
    )


def _statements(node: dict[str, Any], where: str, unread: list[str]) -> Iterator[Statement]:
    found = list(_names(node, 0, unread))
    hardware = tuple(_parts(each)[_PRODUCT] for each in found if each.get("vulnerable") is False and _parts(each))
    grouped: dict[tuple[str, str], tuple[list[Span], list[str]]] = {}
    for each in found:
        if each.get("vulnerable") is False:
            continue
        parts = _parts(each)
        if not parts:
            unread.append(text(str(each)))
            continue
        spans, odd_words = grouped.setdefault((parts[_VENDOR], parts[_PRODUCT]), ([], []))
        read = _span(each, parts[_VERSION])
        if read is None:
            odd_words.append(text(each.get("cpe23Uri") or each.get("criteria")))
        else:
            spans.append(read)
    if node.get("negate") is True:
        unread.append(f"{where}: negate")
    for (vendor, product), (spans, words) in grouped.items():
        yield Statement(
            said=Said.AFFECTED,
            products=(product, *hardware) if hardware and not product.endswith("_firmware") else (product,),
            spans=tuple(spans),
            vendor=vendor,
            unparsed=tuple(words),
            source=where,
        )


def _names(node: dict[str, Any], depth: int, unread: list[str]) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        raise NotAnAdvisoryError("configurations nest too deep")
    for key in ("cpe_match", "cpeMatch"):
        unread += odd(node.get(key), key)
        yield from rows(node.get(key))
    for key in ("children", "nodes"):
        for child in rows(node.get(key)):
            yield from _names(child, depth + 1, unread)


def _parts(match: dict[str, Any]) -> list[str]:
    parts = _PART.split(text(match.get("cpe23Uri") or match.get("criteria")))
    return [re.sub(r"\\(.)", r"\1", each) for each in parts] if len(parts) == _FIELDS else []


def _span(match: dict[str, Any], version: str) -> Span | None:
    bounds = {key: text(match.get(key)) for key in match if key.startswith("version")}
    low = bounds.get("versionStartIncluding") or bounds.get("versionStartExcluding", "")
    high = bounds.get("versionEndIncluding") or bounds.get("versionEndExcluding", "")
    if low or high:
        counts = "versionStartExcluding" not in bounds
        return Span(low=low, low_counts=counts, high=high, high_counts="versionEndIncluding" in bounds)
    if version == "*":
        return Span()
    return None if ranges.nothing(version) else ranges.exactly(version)
