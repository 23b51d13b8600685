"""Before every page of the desk: who is it, may they, and does the form come from us? What is not opened here is shut.

A session is a cookie that only HTTP sees (HttpOnly, SameSite=Strict, Secure over HTTPS); the disk knows its digest. A
form is taken where it carries the token that follows from the cookie, and where the browser says that it is our own.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Final, Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor import accounts
from monitor.config import Settings
from monitor.model import Language
from monitor.store import accounts as kept
from monitor.store.accounts import AccountRole
from monitor.store.database import Store
from monitor.web.desk.rendering import Visitor, elsewhere, page, preferred

LONGEST_FORM: Final = 300_000
FIELDS: Final = 60
OPEN: Final = frozenset({"/healthz", "/login", "/desk.css", "/favicon.ico"})
"""Pages without a login, besides the signed links of mails."""
LINKS: Final = "/a/"
CHANGE: Final = "/password"
UPLOAD: Final = "/attach"
TOKEN: Final = "token"  # noqa: S105 - the name of a field
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^;\s]{1,200}))')
_PART_NAME = re.compile(r'[;\s]name="([^"]*)"')
_FILE_NAME = re.compile(r'[;\s]filename="([^"]*)"')
ADMIN: Final = "/accounts"
"""What only administrators see."""
_CROSS = {"cross-site", "same-site"}
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Desk(Protocol):
    """What the pages look at; asked anew at every request, because a reload replaces the settings."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def store(self) -> Store:
        """The disk."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """What time it is."""

    def trouble(self, language: Language = Language.EN) -> str | None:
        """Why the daemon does not get on; None where it does."""


class FormError(ValueError):
    """What was sent is no form of ours."""


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form; read once. Raises FormError where it is too long or none."""
    if "form" not in request.scope:
        kind = request.headers.get("content-type", "")
        if (most := request.scope.get("file_most")) is not None and kind.startswith("multipart/form-data"):
            fields, file = parted(await _body(request, most + LONGEST_FORM), kind)
            request.scope["form"], request.scope["file"] = fields, file
            return fields
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            raise FormError("not a form")
        body = await _body(request, LONGEST_FORM)
        try:
            pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="replace")
        except ValueError:
            raise FormError("not a form") from None
        request.scope["form"] = dict(pairs)
    found: Mapping[str, str] = request.scope["form"]
    return found


async def _body(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise FormError("too long")
    return bytes(body)


def parted(body: bytes, kind: str) -> tuple[Mapping[str, str], tuple[str, bytes] | None]:
    """The fields of a form with a file, and its name and octets (RFC 7578). Raises FormError where it is none."""
    told = _BOUNDARY.search(kind)
    if told is None:
        raise FormError("not a form")
    fields: dict[str, str] = {}
    file: tuple[str, bytes] | None = None
    mark = b"--" + (told[1] or told[2]).encode()
    # A browser chooses a boundary that stands nowhere in the form; the line end before it is not of the part.
    parts = (b"\r\n" + body).split(b"\r\n" + mark)[1:-1]
    if len(parts) > FIELDS:
        raise FormError("too many fields")
    for part in parts:
        head, found, content = part.partition(b"\r\n\r\n")
        said = head.decode("utf-8", "replace")
        name = _PART_NAME.search(said)
        if not found or name is None:
            raise FormError("not a form")
        if (called := _FILE_NAME.search(said)) is not None:
            file = (called[1], content)
        else:
            fields[name[1]] = content.decode("utf-8", "replace")
    return fields, file


def cookie_name(settings: Settings) -> str:
    """A browser lets nobody but us set a cookie of the first name (RFC 6265bis, 4.1.3.2)."""
    return "__Host-netvigil" if settings.web.is_secure else "netvigil"


def with_cookie(answer: Response, settings: Settings, token: str, *, name: str = "") -> Response:
    """`answer`, that gives the browser `token`; an empty one takes the cookie away."""
    seconds = int(settings.web.session.total_seconds()) if token else 0
    answer.set_cookie(
        name or cookie_name(settings), token, max_age=seconds, path="/", secure=settings.web.is_secure,
        httponly=True, samesite="strict",
    )  # fmt: skip
    return answer


def is_ours(request: Request, settings: Settings) -> bool:
    """Whether the browser says that a form was sent from our own pages; one that says nothing is not believed."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    if origin is None or (origin == "null" and site is not None):  # so it is said where the page sends no referrer
        return site is not None
    if settings.web.url:
        told, wanted = urlsplit(origin), urlsplit(settings.web.url)
        return (told.scheme, told.netloc) == (wanted.scheme, wanted.netloc)
    return urlsplit(origin).netloc == request.headers.get("host", "")


class Guard:
    """The door: tells the pages who asked (`request.state.visitor`), and turns away who may not."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self.app = app
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in place of the page, or let it answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if self.desk.settings.web.is_secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                else:
                    # Over plain HTTP browsers send no Sec-Fetch-Site, and without a referrer "null" for an origin
                    # (Fetch standard, 3.2): nothing would be left to tell our own forms by.
                    headers["Referrer-Policy"] = "same-origin"
            await send(message)

        if scope["path"].endswith(UPLOAD):
            scope["file_most"] = self.desk.settings.attachment
        request = Request(scope, receive)
        visitor = await self._visitor(request)
        request.state.visitor = visitor
        refused = await self._refused(request, visitor)
        if refused is None:
            await self.app(scope, request.receive, guarded)
        else:
            await refused(scope, receive, guarded)

    async def _visitor(self, request: Request) -> Visitor:
        desk = self.desk
        token = request.cookies.get(cookie_name(desk.settings), "")
        language = preferred(request)
        if not token or request.url.path in {"/desk.css", "/favicon.ico"}:
            return Visitor(language=language)
        digest, now = accounts.digest(token), desk.clock()
        found = await desk.store.ask(lambda disk: kept.of_session(disk, digest, now))
        if found is None:
            return Visitor(language=language)
        account, is_long_ago = found
        if is_long_ago:
            await desk.store.do(lambda disk: kept.touched(disk, digest, now))
        return Visitor(
            language=account.language or language,
            account=account,
            form_token=accounts.form_token(token),
            digest=digest,
        )

    async def _refused(self, request: Request, visitor: Visitor) -> Response | None:
        """What is answered instead of the page; None where the page may answer."""
        path, account = request.url.path, visitor.account
        is_open = path in OPEN or path.startswith(LINKS)
        if account is None and not is_open:
            return _to_login(request)
        if request.method not in {"GET", "HEAD"}:
            if (problem := await self._no_form(request, visitor, is_open=is_open)) is not None:
                return problem
            if account is not None and not account.may_act and path not in {CHANGE, "/logout"} and not is_open:
                return page(request, "message.html", 403, message=visitor.say("may_only_look"))
        if path.startswith(ADMIN) and account is not None and account.role is not AccountRole.ADMIN:
            return page(request, "message.html", 403, message=visitor.say("admin_only"))
        if account is not None and account.must_change and not is_open and path not in {CHANGE, "/logout"}:
            return elsewhere(CHANGE)
        return None

    async def _no_form(self, request: Request, visitor: Visitor, *, is_open: bool) -> Response | None:
        """Why what was sent is not taken; None where it is one of our forms."""
        # The address of a signed link is a secret that no other page knows; browsers in mail programs say little.
        if not request.url.path.startswith(LINKS) and not is_ours(request, self.desk.settings):
            return page(request, "message.html", 403, message=visitor.say("foreign_form"))
        try:
            form = await form_of(request)
        except FormError:
            return page(request, "message.html", 400, message=visitor.say("no_form"))
        if is_open:  # the login form has a token of its own; the address of a signed link is one
            return None
        if not compare_digest(form.get(TOKEN, "").encode("utf-8", "replace"), visitor.form_token.encode()):
            return page(request, "message.html", 403, message=visitor.say("foreign_form"))
        return None


def _to_login(request: Request) -> Response:
    if request.method != "GET":
        return PlainTextResponse("log in first\n", 401)
    if request.headers.get("sec-fetch-site") in _CROSS:
        # Who follows the link of a mail or of another page brings no cookie (SameSite=Strict), though they may be
        # logged in. One step on a page of ours, and the browser brings it.
        return HTMLResponse(
            '<!DOCTYPE html><html><head><meta charset="utf-8"><meta http-equiv="refresh" content="0">'
            "<title>Netvigil</title></head><body></body></html>"
        )
    query = f"?{request.url.query}" if request.url.query else ""
    path = request.url.path
    return elsewhere("/login" if path == "/" and not query else f"/login?to={quote(path + query, safe='')}")
