"""The catalogues of updates that makers publish in XML forms of their own, behind one door."""

from typing import Final

from collectors.quirks import dell_catalog
from monitor.model import Advisory

SOURCES: Final = {"dell_catalog": "dell"}
"""The name of the source by the form of its advisories."""
TITLE: Final = "Dell's catalogue"


def advisories(raw: bytes) -> tuple[Advisory, ...]:
    """The advisories of a catalogue; what is none raises NotAnAdvisoryError."""
    return dell_catalog.advisories(raw)
