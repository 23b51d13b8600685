"""From what a customer is to be told of the makers' notices to the letter of one reader, rendered once."""

from collections.abc import Sequence
from hashlib import sha256

from alerts.locale import wall, words
from alerts.notices import saying
from alerts.notices.telling import Telling
from alerts.post.channels import MAIL, way
from alerts.post.letters import number
from alerts.templates import harmless, rendered
from monitor.model import Enclosure, Letter, Level, Recipient

_DETAILED = 10
_LISTED = 200
_SHOWN = 20  # devices of each matter; the document that goes with the letter has all
_TITLE = 60


def letter(telling: Telling, reader: Recipient, domain: str, enclosures: Sequence[Enclosure] = ()) -> Letter:
    """The letter to `reader`; the same telling is sent once to each address."""
    said = words(reader.language)
    of_mail = way(reader.address) == MAIL
    first, *_ = telling.matters
    rest = len(telling.matters) - 1
    values = {
        "number": telling.number,
        "customer": harmless(telling.customer, _TITLE),
        "subject": harmless(first.subject, _TITLE),
        "title": harmless(first.title, _TITLE),
        "rest": str(rest),
        "count": str(len(telling.matters)),
        "affected": str(
            len({u.device for each in telling.matters for u in each.units if u.verdict.value == "affected"})
        ),
        "devices": str(len({u.device for each in telling.matters for u in each.units})),
    }
    urgent = any(each.known_exploited for each in telling.matters)
    key = "subject_again" if all(each.again for each in telling.matters) else "subject"
    subject = said.said("notice_life", f"{key}_many" if rest else key, **values)
    if urgent:
        subject = said.said("notice_life", "urgent") + subject
    listed = telling.matters[_DETAILED : _DETAILED + _LISTED]
    beyond = len(telling.matters) - _DETAILED - len(listed)
    shown = {
        "label": said.table["notice_life"],
        "lang": reader.language.value.replace("_", "-"),
        "subject": subject,
        "first": said.said("notice_life", "first", **values),
        "colour": "#991b1b" if urgent else "#1d4f91",
        "intro": said.said("notice_life", "intro", customer=harmless(telling.customer, _TITLE)),
        "matters": tuple(saying.matter(each, telling, said, _SHOWN) for each in telling.matters[:_DETAILED]),
        "others": tuple(saying.matter(each, telling, said, 0) for each in listed),
        "beyond": said.said("notice_life", "beyond", count=str(beyond)) if beyond > 0 else "",
        "coverage": saying.coverage(telling, said),
        "enclosed": tuple(each.name for each in enclosures),
        "footer": (
            said.said("letter", "zone", zone=telling.zone, at=wall(telling.at, telling.zone)),
            said.said("notice_life", "why_you", number=telling.number),
            said.said("customer", "answer"),
        ),
    }
    who = sha256(reader.address.casefold().encode()).hexdigest()[:10]
    message_id = f"<notice.{telling.number}.{who}@{domain}>"
    few = {
        "first": subject,
        "place": "",
        "next": "",
        "why": shown["first"],
        "link": "",
    }
    return Letter(
        ticket="",
        event=number(message_id),
        recipient=reader.address,
        subject=harmless(subject),
        text=rendered("early.txt", **shown) if of_mail else rendered("short.txt", **few),
        html=rendered("early.html", **shown) if of_mail else "",
        message_id=message_id,
        language=reader.language,
        created_at=telling.at,
        level=Level.WARNING,
        enclosures=tuple(enclosures) if of_mail else (),
    )
