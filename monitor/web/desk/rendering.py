"""Values in, pages out: the Jinja2 environment of the desk's pages, their language, and answers of the right kind.

Every expression passes `shown` (Jinja's `finalize`) and HTML escaping after it, so that no template can forget either.
"""

from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alerts.desk.times import span, wall
from alerts.locale import Words, words
from alerts.templates import harmless
from monitor.model import Language, Text
from monitor.store.accounts import Account

CAP_LINES, CAP = 200, 10_000
SEE_OTHER = 303


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who looks at the pages, and what the forms of their session carry. `account` None: nobody is logged in."""

    language: Language
    account: Account | None = None
    form_token: str = ""
    digest: str = ""

    @property
    def words(self) -> Words:
        """All words in the visitor's language."""
        return words(self.language)

    def say(self, key: str, /, **values: str) -> str:
        """A text of the pages. A missing key is our mistake: KeyError."""
        return str(self.words.table["page"]["say"][key]).format(**values)

    def named(self, group: str, key: str) -> str:
        """What a word of a group of the pages is called; one without words speaks for itself."""
        return str(self.words.table["page"][group].get(key, key.replace("_", " ")))

    def of(self, text: Text) -> str:
        """A text of the house in the visitor's language."""
        return text.zh_CN if self.language is Language.ZH_CN else text.en

    def wall(self, moment: datetime, zone: str) -> str:
        """A moment as the clock on the wall of a site shows it."""
        return wall(moment, zone, self.language)

    def span(self, begin: datetime, end: datetime) -> str:
        """The time between two moments, without a sign."""
        return span(abs(end - begin), self.language)


def visitor_of(request: Request) -> Visitor:
    """Who asked, as the guard found out."""
    found: Visitor = request.state.visitor
    return found


def preferred(request: Request) -> Language:
    """The language that the browser asks for first and we speak."""
    for wanted in request.headers.get("accept-language", "").lower().split(","):
        if wanted.strip().startswith("zh"):
            return Language.ZH_CN
        if wanted.strip().startswith("en"):
            return Language.EN
    return Language.EN


def page(request: Request, template: str, /, status: int = 200, **values: object) -> Response:
    """A page of the desk."""
    visitor = visitor_of(request)
    text = _ENVIRONMENT.get_template(template).render(visitor=visitor, say=visitor.say, path=request.url.path, **values)
    return HTMLResponse(text.encode("utf-8", "replace"), status)


def elsewhere(path: str) -> Response:
    """Go there, by GET."""
    return RedirectResponse(path, SEE_OTHER)


def shown(text: str) -> str:
    """`text` without what plays tricks (control, bidi, surrogates), its lines kept, cut where it is endless."""
    if "\n" not in text:
        return harmless(text, CAP)
    lines = text[: CAP * 4].splitlines()[:CAP_LINES]
    whole = "\n".join(harmless(line, CAP) for line in lines)
    return whole if len(whole) <= CAP else whole[: CAP - 1] + "…"


def _finalized(value: object) -> object:
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = Environment(
    loader=PackageLoader("monitor.web.desk", "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_finalized,
    trim_blocks=True,
    lstrip_blocks=True,
)
