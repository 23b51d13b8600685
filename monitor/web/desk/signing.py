"""Logging in, logging out, and another password."""

import asyncio
import secrets
from collections.abc import Callable
from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from monitor import accounts
from monitor.accounts import FIRST, FIRST_PASSWORD_FILE, Throttle
from monitor.store import accounts as kept
from monitor.web.desk.guard import TOKEN, Desk, cookie_name, form_of, with_cookie
from monitor.web.desk.rendering import elsewhere, page, visitor_of

LOGIN_COOKIE: Final = "netvigil-login"
_LONGEST_NAME = 100
_TOKEN_LENGTH = len(secrets.token_urlsafe(24))


def inward(path: str) -> str:
    """`path` where it is one of our pages, else the wall: nobody is led away by a link to our login."""
    parts = urlsplit(path)
    is_inward = path.startswith("/") and not path.startswith("//") and not parts.netloc and path.isprintable()
    return path if is_inward and "\\" not in path else "/"


class Signing:
    """The pages of the door; remembers who tried too often."""

    def __init__(self, desk: Desk, counted: Callable[[str], None]) -> None:
        """A door at which nobody has knocked yet; `counted` is told how each login ended."""
        self._desk = desk
        self._counted = counted
        self._throttle = Throttle()
        self._one = asyncio.Semaphore(1)  # a check of a password takes 64 MiB; who tries many waits in line

    async def asked(self, request: Request) -> Response:
        """The form to log in."""
        if visitor_of(request).account is not None:
            return elsewhere("/")
        return self._form(request, inward(request.query_params.get("to", "/")))

    async def came(self, request: Request) -> Response:
        """Somebody gives a name and a password."""
        desk, form, visitor = self._desk, await form_of(request), visitor_of(request)
        name, to, now = form.get("name", "")[:_LONGEST_NAME].strip(), inward(form.get("to", "/")), desk.clock()
        address = request.client.host if request.client else ""
        known = request.cookies.get(LOGIN_COOKIE, "")
        carried = form.get(TOKEN, "").encode("utf-8", "replace")
        if not known or not compare_digest(carried, accounts.form_token(known).encode()):
            return self._form(request, to, visitor.say("login_again"), name, 403)
        if self._throttle.is_shut(name, address, now):
            self._counted("locked")
            return self._form(request, to, visitor.say("login_too_often"), name, 429)
        self._throttle.failed(name, address, now)  # counted before it is looked at: many at once count, too
        account = await desk.store.ask(lambda disk: kept.named(disk, name))
        async with self._one:
            password = form.get("password", "")[: accounts.LONGEST + 1]
            is_right = await asyncio.to_thread(accounts.is_right, account, password)
        if account is None or not is_right:
            self._counted("failed")
            return self._form(request, to, visitor.say("login_wrong"), name, 403)
        self._counted("ok")
        self._throttle.succeeded(name, address)
        answer = await self._begun(elsewhere(to), account.name, visitor.digest)
        return with_cookie(answer, desk.settings, "", name=LOGIN_COOKIE)

    async def left(self, request: Request) -> Response:
        """Somebody logs out."""
        digest = visitor_of(request).digest
        await self._desk.store.do(lambda disk: kept.ended(disk, digest))
        return with_cookie(elsewhere("/login"), self._desk.settings, "")

    async def password(self, request: Request) -> Response:
        """The form for another password."""
        return page(request, "password.html", problem="")

    async def changed(self, request: Request) -> Response:
        """Somebody gives themselves another password; all their sessions end, and a new one begins."""
        desk, form, visitor = self._desk, await form_of(request), visitor_of(request)
        account = visitor.account
        if account is None:
            raise LookupError("the guard lets nobody in without an account")
        old, new = form.get("old", ""), form.get("new", "")
        address, now = request.client.host if request.client else "", desk.clock()
        if self._throttle.is_shut(account.name, address, now):
            return page(request, "password.html", 429, problem=visitor.say("login_too_often"))
        async with self._one:
            is_right = await asyncio.to_thread(accounts.is_right, account, old)
        if not is_right:
            self._throttle.failed(account.name, address, now)
            return page(request, "password.html", 403, problem=visitor.say("password_wrong"))
        if refusal := accounts.refusal(new, form.get("again", ""), old):
            return page(request, "password.html", 400, problem=visitor.say(refusal))
        hashed = await asyncio.to_thread(accounts.hashed, new)
        await desk.store.do(lambda disk: kept.password_set(disk, account.name, hashed, must_change=False))
        if account.name == FIRST:
            (desk.settings.daemon.state / FIRST_PASSWORD_FILE).unlink(missing_ok=True)
        return await self._begun(elsewhere("/"), account.name, visitor.digest)

    async def _begun(self, answer: Response, name: str, before: str) -> Response:
        """A new session, under a cookie that nobody has seen before; the one `before` ends."""
        settings, now = self._desk.settings, self._desk.clock()
        token = secrets.token_urlsafe(32)
        digest, expires = accounts.digest(token), now + settings.web.session

        def begun(disk: Connection) -> None:
            kept.ended(disk, before)
            kept.began(disk, digest, name, now, expires)

        await self._desk.store.do(begun)
        return with_cookie(answer, settings, token, name=cookie_name(settings))

    def _form(self, request: Request, to: str, problem: str = "", name: str = "", status: int = 200) -> Response:
        token = request.cookies.get(LOGIN_COOKIE, "")  # kept, or of two pages in one browser only one could log in
        token = token if len(token) == _TOKEN_LENGTH else secrets.token_urlsafe(24)
        answer = page(
            request, "login.html", status, to=to, problem=problem, name=name, token=accounts.form_token(token)
        )
        return with_cookie(answer, self._desk.settings, token, name=LOGIN_COOKIE)
