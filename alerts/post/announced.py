"""The letter that takes a paper along: which one it is, and that it is enclosed, or why it is not."""

from datetime import datetime
from hashlib import sha256

from alerts.locale import words
from alerts.papers.paper import Paper
from alerts.templates import harmless, rendered
from monitor.model import Enclosure, Letter

_NAME = 100  # characters of a title in a subject


def announced(
    paper: Paper, address: str, enclosures: tuple[Enclosure, ...], *, domain: str, event: int, now: datetime
) -> Letter:
    """The letter to one address about this version of a paper; made again it has the same Message-ID."""
    said = words(paper.language)
    who = sha256(f"{address.casefold()} {paper.number} {paper.version} {paper.language}".encode()).hexdigest()[:16]
    told = {
        "title": harmless(paper.title, _NAME),
        "number": harmless(paper.number, _NAME),
        "version": str(paper.version),
    }
    subject = said.said("announced", "subject", **told)
    values: dict[str, object] = {
        "lang": said.language.value.replace("_", "-"),
        "subject": subject,
        "said": said.said("announced", "enclosed" if enclosures else "not_enclosed", **told),
        "footer": said.said("letter", "automatic"),
    }
    return Letter(
        ticket="",
        event=event,
        recipient=address,
        subject=subject,
        text=rendered("trial.txt", **values),
        html=rendered("trial.html", **values),
        message_id=f"<paper.{who}@{domain}>",
        language=paper.language,
        created_at=now,
        enclosures=enclosures,
    )
