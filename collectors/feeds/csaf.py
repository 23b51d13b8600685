"""CSAF 2.0, VEX as well: a tree of products with their names, and what each vulnerability says of which of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from collectors.feeds import ranges
from collectors.feeds.fields import NotAnAdvisoryError, odd, rows, score, table, text
from monitor.model import Advisory, Said, Span, Statement

_LONG = 20_000
_DEEPEST = 40
# the lowest score of each word (CVSS 3.1, section 5)
_SEVERITIES = {"critical": 9.0, "high": 7.0, "important": 7.0, "medium": 4.0, "moderate": 4.0, "low": 0.1}
_SAID = {
    "known_affected": Said.AFFECTED,
    "first_affected": Said.AFFECTED,
    "last_affected": Said.AFFECTED,
    "known_not_affected": Said.NOT_AFFECTED,
    "fixed": Said.FIXED,
    "first_fixed": Said.FIXED,
    "under_investigation": Said.UNDER_INVESTIGATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Product:
    vendor: str = ""
    names: tuple[str, ...] = ()
    version: str | None = None


def advisories(document: dict[str, Any]) -> Iterator[Advisory]:
    """One advisory for each vulnerability of the document; of one without any, the document itself."""
    about, tree = table(document.get("document")), table(document.get("product_tree"))
    products = dict(_products(tree))
    unread = (*odd(document.get("vulnerabilities"), "vulnerabilities"), *odd(tree.get("branches"), "branches"))
    tracking = table(about.get("tracking"))
    for place, one in enumerate(rows(document.get("vulnerabilities")) or [{}]):
        notes = (*rows(about.get("notes")), *rows(one.get("notes")), *rows(one.get("threats")))
        status = table(one.get("product_status"))
        where = f"vulnerabilities/{place}/product_status"
        strange = tuple(f"{where}/{text(key)}" for key in status if key not in {*_SAID, "recommended"})
        statements = [
            _statement(said, text(each), products, f"{where}/{key}")
            for key, said in _SAID.items()
            for each in _list(status.get(key))
        ]
        remedies = [
            f"{text(each.get('category'))}: {text(each.get('details'), _LONG)}"
            for each in rows(one.get("remediations"))
        ]
        threats = " ".join(text(each.get("details"), _LONG).lower() for each in rows(one.get("threats")))
        yield Advisory(
            name=" ".join(filter(None, (text(tracking.get("id")), text(one.get("cve"))))),
            form="csaf_2.0",
            title=text(one.get("title") or about.get("title")),
            text=" ".join(dict.fromkeys(text(each.get("text") or each.get("details"), _LONG) for each in notes))[
                :_LONG
            ],
            published=text(tracking.get("current_release_date")),
            known_exploited="actively exploited" in threats or "known exploited" in threats,
            score=score(rows(one.get("scores"))) or _severity(about),
            statements=tuple(statements),
            remedies=tuple(remedies),
            unparsed=(*unread, *strange),
        )


def _severity(about: dict[str, Any]) -> float | None:
    """The severity of a whole document, where no vulnerability has a score: a word, or a number of the CVSS."""
    word = text(table(about.get("aggregate_severity")).get("text")).strip().lower()
    if re.fullmatch(r"[0-9]|10|[0-9]\.[0-9]|10\.0", word):
        return float(word)
    return _SEVERITIES.get(word)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _statement(said: Said, number: str, products: dict[str, _Product], where: str) -> Statement:
    product = products.get(number)
    if product is None:
        words = (f"product {number} is not in the tree",)
        return Statement(said=said, products=(), spans=(), unparsed=words, source=where)
    spans: tuple[Span, ...] | None = (Span(),) if product.version is None else ranges.spans(product.version)
    if where.endswith("first_affected") and spans:
        spans = tuple(Span(low=each.low) for each in spans)
    elif where.endswith("last_affected") and spans:
        spans = tuple(Span(high=each.high, high_counts=True) for each in spans)
    return Statement(
        said=said,
        products=product.names,
        spans=spans or (),
        vendor=product.vendor,
        unparsed=() if spans else (product.version or number,),
        source=where,
    )


def _products(tree: dict[str, Any]) -> Iterator[tuple[str, _Product]]:
    found = dict(_branches(tree.get("branches"), _Product(), 0))
    for each in rows(tree.get("full_product_names")):
        name = text(each.get("name"))
        found.setdefault(text(each.get("product_id")), _named(name))
    for each in rows(tree.get("relationships")):
        whole = table(each.get("full_product_name"))
        one, other = (found.get(text(each.get(key))) for key in ("product_reference", "relates_to_product_reference"))
        if one is None or other is None:
            found[text(whole.get("product_id"))] = _named(text(whole.get("name")))
        else:
            version = one.version if one.version is not None else other.version
            joined = _Product(vendor=one.vendor or other.vendor, names=(*one.names, *other.names), version=version)
            found[text(whole.get("product_id"))] = joined
    yield from found.items()


def _named(name: str) -> _Product:
    """A product of which there is only a full name: its last words are the version, where they look like one."""
    head, _, last = name.rpartition(" ")
    return (
        _Product(names=(head, name), version=last)
        if head and any(c.isdigit() for c in last)
        else _Product(names=(name,), version="")
    )


def _branches(branches: Any, above: _Product, depth: int) -> Iterator[tuple[str, _Product]]:
    if depth > _DEEPEST:
        raise NotAnAdvisoryError("the tree of products is too deep")
    for branch in rows(branches):
        name, category = text(branch.get("name")), text(branch.get("category"))
        here = above
        if category == "vendor":
            here = _Product(vendor=name, names=above.names, version=above.version)
        elif category in {"product_version", "product_version_range", "service_pack", "patch_level"}:
            here = _Product(vendor=above.vendor, names=above.names, version=name)
        elif category in {"product_name", "product_family"}:
            here = _Product(vendor=above.vendor, names=(*above.names, name), version=above.version)
        product = table(branch.get("product"))
        if product:
            yield text(product.get("product_id")), here
        yield from _branches(branch.get("branches"), here, depth + 1)
