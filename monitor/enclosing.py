"""The documents of letters of early notice and of forecasts: made after the letter is on disk, nobody waits for them.

A letter is held back for a few minutes until its documents are made. Where that fails, or we die meanwhile, it leaves
without them: the letter says all that counts.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Final

from sqlalchemy import Connection

from alerts.notices.foretelling import Foretelling
from alerts.notices.foretold_paper import paper as foretold_paper
from alerts.notices.paper import paper
from alerts.papers.fonts import FontsMissingError
from alerts.papers.forms import MEDIA_TYPES, Form, file_name, rendered_as
from alerts.papers.paper import Paper
from alerts.papers.typesetting import TypesettingError
from alerts.post.foretold import letter as foretold_letter
from alerts.post.notice import letter
from monitor.config import Settings
from monitor.model import Enclosure, Recipient
from monitor.noticing import Parcel
from monitor.store import enclosures, letters
from monitor.store.database import Store

log = logging.getLogger(__name__)
FORMS: Final = (Form.PDF, Form.DOCX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreshadowed:
    """A letter about what is foreseen that waits for its documents: what it tells, to whom, and when it may leave."""

    telling: Foretelling
    reader: Recipient
    leaves: datetime


def enclosed(store: Store, parcels: Sequence[Parcel], settings: Settings, now: datetime) -> int:
    """Make the documents of letters that wait for them, and let the letters go; returns how many got one."""
    count = 0
    for parcel in parcels:
        own = paper(parcel.telling, parcel.reader.language, version("netvigil"), settings.mail.server.sender_name)
        made = _made(own)
        with store.writing() as disk:
            kept = _kept(disk, own, made)
            whole = letter(parcel.telling, parcel.reader, settings.mail.domain, kept)
            count += letters.completed(disk, whole, now) and bool(kept)
    return count


def foretold(store: Store, parcels: Sequence[Foreshadowed], settings: Settings) -> int:
    """The same of letters about what is foreseen, each of which leaves at its own moment."""
    count = 0
    done: dict[str, tuple[Paper, dict[Form, bytes]]] = {}  # readers of one language are mostly told the same
    for parcel in parcels:
        own = foretold_paper(
            parcel.telling, parcel.reader.language, version("netvigil"), settings.mail.server.sender_name
        )
        own, made = done.setdefault(f"{own.facts} {own.language}", (own, {}))
        made.update({} if made else _made(own))
        with store.writing() as disk:
            kept = _kept(disk, own, made)
            whole = foretold_letter(parcel.telling, parcel.reader, settings.mail.domain, kept)
            count += letters.completed(disk, whole, parcel.leaves) and bool(kept)
    return count


def _made(own: Paper) -> dict[Form, bytes]:
    made: dict[Form, bytes] = {}
    for form in FORMS:
        try:
            made[form] = rendered_as(own, form)
        except (FontsMissingError, TypesettingError) as error:
            log.warning("a letter goes out without its %s: %s", form.value, error)
    return made


def _kept(disk: Connection, own: Paper, made: Mapping[Form, bytes]) -> list[Enclosure]:
    """The documents on disk, as many as a letter can take along."""
    kept: list[Enclosure] = []
    for form, body in made.items():
        try:
            kept.append(enclosures.kept(disk, file_name(own, form), MEDIA_TYPES[form], body))
        except enclosures.TooMuchEnclosedError as error:
            log.warning("a letter goes out without its %s: %s", form.value, error)
    while sum(each.size for each in kept) > enclosures.MOST:
        kept.pop()
    return kept
