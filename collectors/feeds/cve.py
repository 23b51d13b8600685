"""CVE records of format 5: what the numbering authority says, and what others added to it (ADP)."""

import re
from collections.abc import Iterator
from typing import Any

from collectors.feeds import ranges
from collectors.feeds.fields import odd, rows, score, table, text
from monitor.model import Advisory, Said, Span, Statement

_LONG = 20_000


def advisory(record: dict[str, Any]) -> Advisory:
    """The advisory that a record is."""
    meta, containers = table(record.get("cveMetadata")), table(record.get("containers"))
    own = table(containers.get("cna"))
    words = " ".join(text(each.get("value"), _LONG) for each in rows(own.get("descriptions")))
    others = rows(containers.get("adp"))
    exploited = any(
        "kev" in text(table(each.get("other")).get("type")) for adp in others for each in rows(adp.get("metrics"))
    )
    statements = list(_statements(own, "cna", words))
    for place, adp in enumerate(others):
        statements += _statements(adp, f"adp/{place}", words)
    return Advisory(
        name=text(meta.get("cveId")),
        form="cve_v5",
        title=text(own.get("title")),
        text=words,
        published=text(meta.get("datePublished")),
        known_exploited=exploited,
        score=score([own.get("metrics"), *(each.get("metrics") for each in others)]),
        statements=tuple(statements),
        remedies=(
            *(f"vendor_fix: {text(each.get('value'), _LONG)}" for each in rows(own.get("solutions"))),
            *(f"workaround: {text(each.get('value'), _LONG)}" for each in rows(own.get("workarounds"))),
        ),
        unparsed=(*odd(containers.get("adp"), "adp"), *odd(own.get("affected"), "affected")),
    )


def _statements(container: dict[str, Any], source: str, words: str) -> Iterator[Statement]:
    for place, entry in enumerate(rows(container.get("affected"))):
        where = f"{source}/affected/{place}"
        vendor = text(entry.get("vendor"))
        products = tuple(each.strip() for each in text(entry.get("product"), _LONG).split(";") if each.strip())
        said_of_rest = text(entry.get("defaultStatus"))
        if said_of_rest == "affected":
            yield Statement(
                said=Said.AFFECTED, products=products, spans=(Span(),), vendor=vendor, rest=True, source=where
            )
            if not entry.get("versions"):
                continue
        read: dict[tuple[tuple[str, ...], Said], list[Span]] = {}
        unread: list[str] = list(odd(entry.get("versions"), "versions"))
        for version in rows(entry.get("versions")):
            said = {"affected": Said.AFFECTED, "unaffected": Said.NOT_AFFECTED}.get(
                text(version.get("status")), Said.UNDER_INVESTIGATION
            )
            for label, span in _spans(version, unread):
                read.setdefault(((label,) if label else products, said), []).append(span)
        if not read:
            unread = unread or ["no versions"]
            yield Statement(
                said=Said.AFFECTED, products=products, spans=(), vendor=vendor, unparsed=tuple(unread), source=where
            )
        for (named, said), spans in read.items():
            loose = len(named) > 1 and len(spans) > 1
            pairs = (_pairs(_legacy(container), named, spans) or _pairs(words, named, spans)) if loose else {}
            for product in named if pairs else (named,):
                yield Statement(
                    said=said,
                    products=(product,) if isinstance(product, str) else product,
                    spans=tuple(pairs[product]) if isinstance(product, str) else tuple(spans),
                    vendor=vendor,
                    unparsed=tuple(unread),
                    loose=loose and not pairs,
                    source=where,
                )


def _spans(version: dict[str, Any], unread: list[str]) -> Iterator[tuple[str, Span]]:
    """The ranges of one entry, each with the product that its own words name."""
    low = text(version.get("version"), _LONG)
    for key, counts in (("lessThan", False), ("lessThanOrEqual", True)):
        high = text(version.get(key), _LONG).strip()
        if not high:
            continue
        begin = "" if ranges.nothing(low) or low == "*" else low
        if high == "*":
            yield "", Span(low=begin)
        elif pairs := ranges.labelled(high):
            yield from ((label, Span(low=begin, high=bound, high_counts=counts)) for label, bound in pairs)
        else:
            bound = ranges.spans(high)
            if bound is None:
                unread.append(high)
            elif bound == (ranges.exactly(high),):
                yield "", Span(low=begin, high=high, high_counts=counts)
            else:
                yield from (("", each) for each in bound)
        return
    for one in (each.strip() for each in re.split(r"[;,]", low)):
        if pairs := ranges.labelled(one):
            yield from ((label, ranges.exactly(bound)) for label, bound in pairs)
        elif (found := ranges.spans(one)) is None:
            unread.append(one or "no version")
        else:
            yield from (("", each) for each in found)


def _pairs(words: str, products: tuple[str, ...], spans: list[Span]) -> dict[str, list[Span]]:
    """Which version belongs to which product, by the text; nothing where it does not tell of all of them."""
    exact = {each.low.lower(): each for each in spans if each.low == each.high}
    known = {each.lower(): each for each in products}
    out: dict[str, list[Span]] = {each: [] for each in products}
    current = ""
    longest_first = sorted([*exact, *known], key=len, reverse=True)
    names = "|".join(re.escape(each) for each in longest_first if each)
    for found in re.finditer(rf"(?<![a-z0-9])(?:{names})(?![a-z0-9])", words.lower()):
        current = known.get(found[0], current)
        if current and found[0] in exact and exact[found[0]] not in out[current]:
            out[current].append(exact[found[0]])
    told = {each.low.lower() for listed in out.values() for each in listed}
    return out if all(out.values()) and len(exact) == len(spans) and told == set(exact) else {}


def _legacy(container: dict[str, Any]) -> str:
    """The pairs of product and version in the record of format 4 that some keep beside, as words."""
    out = []
    affects = table(table(table(container.get("x_legacyV4Record")).get("affects")).get("vendor"))
    for vendor in rows(affects.get("vendor_data")):
        for product in rows(table(vendor.get("product")).get("product_data")):
            versions = rows(table(product.get("version")).get("version_data"))
            told = ", ".join(text(each.get("version_value"), _LONG) for each in versions)
            out.append(f"{text(product.get('product_name'), _LONG)} {told}")
    return "; ".join(each for each in out if each.partition(" V")[0].count(";") == 0)
