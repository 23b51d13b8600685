"""The page of accounts, for administrators: who may use the pages, new ones, another password, shut and open again."""

import asyncio

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from alerts.desk.refused import RefusedError, reason_of, refused
from monitor import accounts
from monitor.model import Language
from monitor.store import accounts as kept
from monitor.store.accounts import AccountRole, NoSuchAccountError
from monitor.web.desk.guard import Desk, form_of
from monitor.web.desk.rendering import page, visitor_of
from monitor.web.desk.tapping import typed


class People:
    """Accounts. A one-time password is shown once, in the answer to the form that asked for it."""

    def __init__(self, desk: Desk) -> None:
        """The page onto `desk`."""
        self._desk = desk

    async def listed(self, request: Request) -> Response:
        """All accounts, and the form for a new one."""
        return await self._page(request)

    async def _page(
        self, request: Request, status: int = 200, *, problem: str = "", name: str = "", password: str = ""
    ) -> Response:
        every = await self._desk.store.ask(kept.every)
        return page(
            request, "accounts.html", status, every=every, problem=problem, made=name, password=password,
            roles=tuple(AccountRole), languages=tuple(Language), zone=self._desk.settings.zone,
        )  # fmt: skip

    async def made(self, request: Request) -> Response:
        """A new account."""
        form, now, visitor = await form_of(request), self._desk.clock(), visitor_of(request)
        name, person = typed(form.get("name", "")), typed(form.get("person", ""))
        role, language = form.get("role", ""), form.get("language", "")
        wanted = AccountRole(role) if role in set(AccountRole) else AccountRole.ENGINEER
        spoken = Language(language) if language in set(Language) else None

        def written(disk: Connection) -> str:
            if kept.named(disk, name) is not None:
                raise RefusedError(refused("account_taken", name=name))
            try:
                return accounts.made(disk, name, person, wanted, spoken, now)[1]
            except ValueError:
                raise RefusedError(refused("account_name", name=name)) from None

        try:
            password = await self._desk.store.do(written)
        except ValueError as error:
            return await self._page(request, 400, problem=reason_of(error, visitor.language))
        return await self._page(request, name=name, password=password)

    async def changed(self, request: Request) -> Response:
        """Another one-time password, or shut, or open again. Nobody shuts themselves out."""
        visitor, name, what = visitor_of(request), request.path_params["name"], request.path_params["what"]
        is_own = visitor.account is not None and visitor.account.name == name
        if is_own:
            said = refused("account_own").said(visitor.language)
            return await self._page(request, 409, problem=said)
        password = accounts.one_time() if what == "password" else ""
        hashed = await asyncio.to_thread(accounts.hashed, password) if password else ""

        def written(disk: Connection) -> None:
            if password:
                kept.password_set(disk, name, hashed, must_change=True)
            elif what in {"disable", "enable"}:
                kept.disabled(disk, name, disabled=what == "disable")

        try:
            await self._desk.store.do(written)
        except NoSuchAccountError:
            return page(request, "message.html", 404, message=visitor.say("no_page"))
        return await self._page(request, name=name if password else "", password=password)
