"""Dell's update catalogue (Catalog.xml, UTF-16): of each BIOS and controller the newest version, and for which models.

What is older lacks repairs that Dell calls urgent or recommended, also those of faults that have no CVE.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from collectors.feeds.fields import MOST, NotAnAdvisoryError
from collectors.text import cleaned
from monitor.model import Advisory, Said, Span, Statement

_DEEPEST = 40
_GRAVE = {"1": "recommended", "2": "urgent"}
_TEXT = 20_000
_MODELS = 500


@dataclass(slots=True)
class _Component:
    attributes: dict[str, str]
    what: str = ""
    grave: str = ""
    brand: str = ""
    words: dict[str, str] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)
    url: str = ""


class _Reader:
    """Takes the elements as they come; nothing is kept but the component that is being read."""

    def __init__(self) -> None:
        self.found: list[Advisory] = []
        self.skipped = 0
        self._path: list[str] = []
        self._now: _Component | None = None
        self._text: list[str] = []
        self._length = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise NotAnAdvisoryError("elements nest too deep")
        if len(self._path) == 1 and name != "Manifest":
            raise NotAnAdvisoryError(f"the root is {cleaned(name, 60)} and not Manifest")
        self._text, self._length = [], 0
        if name == "SoftwareComponent":
            self._now = _Component(attributes)
        elif self._now is None:
            return
        elif name == "ComponentType":
            self._now.what = attributes.get("value", "")
        elif name == "Criticality":
            self._now.grave = attributes.get("value", "")
        elif name == "Brand":
            self._now.brand = ""
        elif name == "ImportantInfo":
            self._now.url = attributes.get("URL", "")

    def text(self, words: str) -> None:
        self._length += len(words)
        if self._now is not None and self._length <= _TEXT:
            self._text.append(words)

    def end(self, name: str) -> None:
        self._path.pop()
        now, words = self._now, cleaned("".join(self._text).strip(), 1000)
        self._text, self._length = [], 0
        if now is None:
            return
        if name == "Display" and self._path:
            above = self._path[-1]
            if above == "Brand":
                now.brand = words
            elif above == "Model" and len(now.models) < _MODELS:
                now.models.append(f"{now.brand} {words}".strip())
            elif above in {"Name", "Description", "RevisionHistory", "Criticality"}:
                now.words.setdefault(above, words)
        elif name == "SoftwareComponent":
            self.found += _advisories(now)
            self._now = None
            if len(self.found) > MOST:
                raise NotAnAdvisoryError(f"more than {MOST} components")


def _advisories(component: _Component) -> Iterator[Advisory]:
    title = component.words.get("Name", "")
    is_bios = component.what.upper() == "BIOS"
    is_controller = "idrac" in title.lower() and component.what.upper() in {"FRMW", ""}
    version = cleaned(component.attributes.get("vendorVersion", ""), 100)
    if component.grave not in _GRAVE or not (is_bios or is_controller) or not version:
        return
    about = "BIOS" if is_bios else "iDRAC"
    # the statement names the models; the title says of which of their firmware it speaks (alerts/notices/products.py)
    products = tuple(f"{each} BIOS" if is_bios else each for each in component.models)
    path = cleaned(component.attributes.get("path", ""), 300).rpartition("/")[2]
    words = f"{_GRAVE[component.grave]} update to version {version}"
    identity = component.attributes.get("packageID") or path or title
    yield Advisory(
        name=f"DELL-CATALOG {about} {cleaned(identity, 100)} {version}",
        form="dell_catalog",
        title=f"{about}: {words}",
        published=cleaned(component.attributes.get("dateTime", ""), 40),
        statements=(
            Statement(
                said=Said.AFFECTED,
                products=products,
                spans=(Span(high=version),),
                vendor="Dell",
                unparsed=() if products else ("the catalogue names no models",),
                source=path or "SoftwareComponent",
            ),
        ),
        remedies=tuple(
            f"vendor_fix: {each}"
            for each in (
                component.words.get("Description", ""),
                component.words.get("RevisionHistory", ""),
                component.url,
            )
            if each
        ),
    )


def advisories(raw: bytes) -> tuple[Advisory, ...]:
    """The advisories of a catalogue. What has a document type (entities) is refused: NotAnAdvisoryError."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refused(*_: object) -> NoReturn:
        raise NotAnAdvisoryError("a document type, and with it entities, are not read")

    parser.StartDoctypeDeclHandler = refused
    parser.EntityDeclHandler = refused
    parser.ExternalEntityRefHandler = refused
    parser.StartElementHandler = reader.begin
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(raw, True)  # noqa: FBT003 - expat's own way to say that this is all
    except expat.ExpatError as error:
        raise NotAnAdvisoryError(f"not XML: {error}") from error
    return tuple(reader.found)
