"""The documents that go with letters of early notice: made after the letter is on disk, so that nobody waits for them.

A letter is held back for a few minutes until its documents are made. Where that fails, or we die meanwhile, it leaves
without them: the letter says all that counts.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Final

from alerts.notices.paper import paper
from alerts.papers.fonts import FontsMissingError
from alerts.papers.forms import MEDIA_TYPES, Form, file_name, rendered_as
from alerts.papers.typesetting import TypesettingError
from alerts.post.notice import letter
from monitor.config import Settings
from monitor.noticing import Parcel
from monitor.store import enclosures, letters
from monitor.store.database import Store

log = logging.getLogger(__name__)
FORMS: Final = (Form.PDF, Form.DOCX)


def enclosed(store: Store, parcels: Sequence[Parcel], settings: Settings, now: datetime) -> int:
    """Make the documents of letters that wait for them, and let the letters go; returns how many got one."""
    count = 0
    for parcel in parcels:
        made: dict[Form, bytes] = {}
        own = paper(parcel.telling, parcel.reader.language, version("netvigil"), settings.mail.server.sender_name)
        for form in FORMS:
            try:
                made[form] = rendered_as(own, form)
            except (FontsMissingError, TypesettingError) as error:
                log.warning("an early notice goes out without its %s: %s", form.value, error)
        with store.writing() as disk:
            kept = []
            for form, body in made.items():
                try:
                    kept.append(enclosures.kept(disk, file_name(own, form), MEDIA_TYPES[form], body))
                except enclosures.TooMuchEnclosedError as error:
                    log.warning("an early notice goes out without its %s: %s", form.value, error)
            while sum(each.size for each in kept) > enclosures.MOST:
                kept.pop()
            whole = letter(parcel.telling, parcel.reader, settings.mail.domain, kept)
            count += letters.completed(disk, whole, now) and bool(kept)
    return count
