"""From what is foreseen for a customer to the letter of one reader, rendered once."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from alerts.locale import Words, wall, words
from alerts.notices.forecast import LEVEL
from alerts.notices.forecast_words import drawn, told
from alerts.notices.foretelling import Foreseen, Foretelling
from alerts.papers.paper import Line
from alerts.post.channels import MAIL, way
from alerts.post.letters import number
from alerts.templates import harmless, rendered
from monitor.model import Enclosure, Letter, Recipient

_DETAILED = 20
_LISTED = 200
_TITLE = 80
_FIGURES = 8  # of a picture, in a letter that may not draw it


def letter(telling: Foretelling, reader: Recipient, domain: str, enclosures: Sequence[Enclosure] = ()) -> Letter:
    """The letter to `reader`; the same telling is sent once to each address."""
    said = words(reader.language)
    of_mail = way(reader.address) == MAIL
    nearest, *rest = telling.foreseen
    title = told(nearest.forecast, reader.language, nearest.beside).title
    values = {
        "number": telling.number,
        "customer": harmless(telling.customer, _TITLE),
        "title": harmless(title, _TITLE),
        "rest": str(len(rest)),
        "count": str(len(telling.foreseen)),
    }
    subject = said.said("foretold", "subject_many" if rest else "subject", **values)
    listed = telling.foreseen[_DETAILED : _DETAILED + _LISTED]
    beyond = len(telling.foreseen) - _DETAILED - len(listed)
    shown = {
        "label": said.table["foretold"],
        "lang": reader.language.value.replace("_", "-"),
        "subject": subject,
        "first": said.said("foretold", "first", **values),
        "intro": said.said("foretold", "intro", **values),
        "foreseen": tuple(_detailed(each, said) for each in telling.foreseen[:_DETAILED]),
        "others": tuple(told(each.forecast, reader.language).title for each in listed),
        "beyond": said.said("foretold", "beyond", count=str(beyond)) if beyond > 0 else "",
        "enclosed": tuple(each.name for each in enclosures),
        "footer": (
            said.said("letter", "zone", zone=telling.zone, at=wall(telling.at, telling.zone)),
            said.said("foretold", "why_you", number=telling.number),
            said.said("letter", "automatic"),
        ),
    }
    few = {"first": subject, "place": "", "next": "", "why": shown["first"], "link": ""}
    who = sha256(reader.address.casefold().encode()).hexdigest()[:10]
    message_id = f"<forecast.{telling.number}.{who}@{domain}>"
    return Letter(
        ticket="",
        event=number(message_id),
        recipient=reader.address,
        subject=harmless(subject),
        text=rendered("foretold.txt", **shown) if of_mail else rendered("short.txt", **few),
        html=rendered("foretold.html", **shown) if of_mail else "",
        message_id=message_id,
        language=reader.language,
        created_at=telling.at,
        level=LEVEL,
        enclosures=tuple(enclosures) if of_mail else (),
    )


def _detailed(each: Foreseen, said: Words) -> Mapping[str, object]:
    """What the letter says of one forecast, with some figures of its picture."""
    own = told(each.forecast, said.language, each.beside)
    picture = drawn(each.forecast, said.language)
    lines = () if picture is None else picture.lines
    return {
        "title": own.title,
        "again": said.said("foretold", "again") if each.again else "",
        "site": each.site_title,
        "what": f"{own.what}{own.when}".strip(),
        "advice": own.advice.strip(),
        "parts": own.parts.strip(),
        "evidence": own.evidence,
        "pictured": tuple((one.name, _figures(one, each, said)) for one in lines),
    }


def _figures(line: Line, each: Foreseen, said: Words) -> str:
    """Days and values of a line, at even distances: its first and its last are among them."""
    known = [(at, value) for at, value in line.points if value is not None]
    chosen = [known[place] for place in _spread(len(known))]
    return "; ".join(f"{at:%Y-%m-%d} {said.measured(value, each.forecast.unit)}" for at, value in chosen)


def _spread(count: int) -> Sequence[int]:
    if count <= _FIGURES:
        return range(count)
    return [round(place * (count - 1) / (_FIGURES - 1)) for place in range(_FIGURES)]
