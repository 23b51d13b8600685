"""The catalogue of what is known to be exploited: it names products and no versions, so it only says "look there"."""

from collections.abc import Iterator
from typing import Any

from collectors.feeds.fields import rows, text
from monitor.model import Advisory, Said, Statement


def advisories(catalogue: dict[str, Any]) -> Iterator[Advisory]:
    """Every entry of the catalogue."""
    for place, entry in enumerate(rows(catalogue.get("vulnerabilities"))):
        yield Advisory(
            name=text(entry.get("cveID")),
            form="kev",
            title=text(entry.get("vulnerabilityName")),
            text=text(entry.get("shortDescription"), 4000),
            published=text(entry.get("dateAdded")),
            known_exploited=True,
            statements=(
                Statement(
                    said=Said.AFFECTED,
                    products=(text(entry.get("product")),),
                    spans=(),
                    vendor=text(entry.get("vendorProject")),
                    unparsed=("the catalogue names no versions",),
                    source=f"vulnerabilities/{place}",
                ),
            ),
            remedies=(text(entry.get("requiredAction")),),
        )
