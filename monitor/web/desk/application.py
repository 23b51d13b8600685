"""The desk's pages as one application. Who may see what is decided before, in `guard`; what they do is in `tapping`.

/                          the wall
/tickets                   a list with filters
/tickets/NUMBER            one ticket; POST …/NUMBER/VERB writes into it
/attachments/SHA           what is attached, to be kept and never shown by the browser
/new                       what a customer asks for, by the response centre
/assets /assets/SERIAL     the asset file, and one unit; POST changes it
/spares /spares/S1         what is in the stores, and one piece; POST moves pieces
/maintenance               windows, and a form for one
/accounts                  who may use the pages; administrators alone
/a/TOKEN                   the signed link of a mail
/login /logout /password   the door
/healthz /desk.css /favicon.ico   open to all
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from urllib.parse import quote

from fastapi import FastAPI
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from alerts.desk import tickets as desk_tickets
from alerts.desk.refused import reason_of
from monitor.model import EventKind, Level, TicketKind
from monitor.store import attachments, faults, tickets
from monitor.store.attachments import NoSuchAttachmentError
from monitor.store.tickets import NoSuchTicketError
from monitor.web.desk.guard import Desk, Guard, form_of
from monitor.web.desk.linking import Acknowledging, Linking
from monitor.web.desk.people import People
from monitor.web.desk.planning import Planning
from monitor.web.desk.rendering import elsewhere, page, visitor_of
from monitor.web.desk.shelves import Shelves
from monitor.web.desk.signing import Signing
from monitor.web.desk.stocks import Stocks
from monitor.web.desk.tapping import BY_NAME, acted, requested
from monitor.web.desk.thread import thread
from monitor.web.desk.wall import MOST, Line, lines, wall

_REFRESH = 30
_BACK, _TICK = timedelta(days=31), timedelta(seconds=1)  # of now itself, too
_SHOWN = {"open": False, "call-back": False, "late": False, "mine": False, "all": True}


def desk_application(
    desk: Desk, links: Acknowledging | None = None, logins: Callable[[str], None] = lambda _: None
) -> FastAPI:
    """The pages onto `desk`; `links` reads the signed links of mails, `logins` is told how each login ended."""
    app = FastAPI(title="Netvigil", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, desk=desk)
    signing, pages, linking = Signing(desk, logins), _Pages(desk), Linking(desk, links)
    shelves, stocks, planning, people = Shelves(desk), Stocks(desk), Planning(desk), People(desk)
    app.add_exception_handler(404, pages.nothing)
    for path, endpoint, method in (
        ("/healthz", pages.health, "GET"),
        ("/desk.css", pages.style, "GET"),
        ("/favicon.ico", pages.icon, "GET"),
        ("/login", signing.asked, "GET"),
        ("/login", signing.came, "POST"),
        ("/logout", signing.left, "POST"),
        ("/password", signing.password, "GET"),
        ("/password", signing.changed, "POST"),
        ("/", pages.board, "GET"),
        ("/tickets", pages.listed, "GET"),
        ("/tickets/{number}", pages.shown, "GET"),
        ("/tickets/{number}/{verb}", pages.tapped, "POST"),
        ("/attachments/{digest}", pages.attached, "GET"),
        ("/a/{token}", linking.looked, "GET"),
        ("/a/{token}", linking.pressed, "POST"),
        ("/new", pages.blank, "GET"),
        ("/new", pages.opened, "POST"),
        ("/assets", shelves.units, "GET"),
        ("/assets/{serial}", shelves.unit, "GET"),
        ("/assets/{serial}", shelves.changed, "POST"),
        ("/spares", stocks.listed, "GET"),
        ("/spares/{verb}", stocks.came, "POST"),
        ("/spares/{name}", stocks.shown, "GET"),
        ("/spares/{name}/{verb}", stocks.moved, "POST"),
        ("/maintenance", planning.listed, "GET"),
        ("/maintenance", planning.made, "POST"),
        ("/maintenance/{name}/end", planning.ended, "POST"),
        ("/accounts", people.listed, "GET"),
        ("/accounts", people.made, "POST"),
        ("/accounts/{name}/{what}", people.changed, "POST"),
    ):
        app.add_route(path, endpoint, methods=[method], include_in_schema=False)
    return app


class _Pages:
    """What answers behind the guard."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        pages = files("monitor.web.desk").joinpath("pages")
        self._css, self._icon = (pages.joinpath(name).read_bytes() for name in ("desk.css", "icon.svg"))

    async def health(self, _: Request) -> Response:
        """Whether all is well, and no more."""
        return PlainTextResponse("trouble\n", 503) if self._desk.trouble() else PlainTextResponse("ok\n")

    async def style(self, _: Request) -> Response:
        """The one sheet."""
        return Response(self._css, media_type="text/css; charset=utf-8")

    async def icon(self, _: Request) -> Response:
        """The sign of the pages."""
        return Response(self._icon, media_type="image/svg+xml")

    async def board(self, request: Request) -> Response:
        """The wall."""
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        trouble = self._desk.trouble(visitor.language)
        found = await self._desk.store.ask(lambda disk: wall(disk, settings, visitor, now, trouble))
        return page(
            request, "wall.html", wall=found, levels=tuple(Level), now=now, zone=settings.zone, refresh_every=_REFRESH
        )

    async def listed(self, request: Request) -> Response:
        """A list of tickets, by what is asked for."""
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        show = request.query_params.get("show", "open")
        show = show if show in _SHOWN else "open"
        site, wanted = request.query_params.get("site", ""), request.query_params.get("q", "")[:100]

        def found(disk: Connection) -> tuple[Line, ...]:
            every = tickets.between(disk, now - _BACK, now + _TICK) if _SHOWN[show] else tickets.unclosed(disk)
            known = {fault.key: fault for fault in faults.open_faults(disk)}
            picked = [each for each in every if not site or each.site == site]
            if show == "mine":
                mine = {visitor.account.signs, visitor.account.name} if visitor.account else set()
                picked = [each for each in picked if desk_tickets.owner(each) in mine]
            return lines(picked, known, settings, visitor, now)

        rows = [each for each in await self._desk.store.ask(found) if _is_wanted(each, show, wanted)]
        return page(
            request, "tickets.html", rows=rows[:MOST], more=max(len(rows) - MOST, 0), show=show, shows=tuple(_SHOWN),
            site=site, sites=sorted(settings.inventory.sites.values(), key=lambda each: each.name), q=wanted,
        )  # fmt: skip

    async def shown(self, request: Request) -> Response:
        """One ticket."""
        return await self._ticket(request, request.path_params["number"])

    async def _ticket(
        self, request: Request, number: str, *, status: int = 200, problem: str = "", verb: str = ""
    ) -> Response:
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        try:
            found = await self._desk.store.ask(lambda disk: thread(disk, number, settings, visitor, now))
        except NoSuchTicketError:
            return page(request, "message.html", 404, message=visitor.say("no_ticket"))
        form = request.scope.get("form", {}) if verb else {}
        return page(request, "ticket.html", status, thread=found, problem=problem, verb=verb, form=form)

    async def tapped(self, request: Request) -> Response:
        """Something is written into a ticket."""
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        number, verb = request.path_params["number"], request.path_params["verb"]
        action, form = BY_NAME.get(verb), await form_of(request)
        file = request.scope.get("file")
        if action is None:
            return page(request, "message.html", 404, message=visitor.say("no_page"))
        try:
            done = await self._desk.store.do(
                lambda disk: acted(disk, number, action, form, visitor, settings, now, file)
            )
        except NoSuchTicketError:
            return page(request, "message.html", 404, message=visitor.say("no_ticket"))
        except ValueError as error:
            return await self._ticket(
                request, number, status=409, problem=reason_of(error, visitor.language), verb=verb
            )
        return elsewhere(f"/tickets/{quote(done.id, safe='')}")

    async def attached(self, request: Request) -> Response:
        """One attachment, to be kept."""
        digest, visitor = request.path_params["digest"], visitor_of(request)
        try:
            number = request.query_params.get("ticket", "")
            name = await self._desk.store.ask(lambda disk: _name_of(disk, number, digest))
            body = await asyncio.to_thread(attachments.read, self._desk.settings.daemon.state, digest)
        except (NoSuchAttachmentError, NoSuchTicketError):
            return page(request, "message.html", 404, message=visitor.say("no_attachment"))
        told = f"attachment; filename=\"attachment\"; filename*=UTF-8''{quote(name, safe='')}"
        return Response(body, media_type="application/octet-stream", headers={"Content-Disposition": told})

    async def blank(self, request: Request) -> Response:
        """The form for what a customer asks for."""
        return self._new(request, {}, "", 200)

    def _new(self, request: Request, form: object, problem: str, status: int) -> Response:
        inventory, promises = self._desk.settings.inventory, self._desk.settings.contract.promises
        return page(
            request, "new.html", status, form=form, problem=problem,
            sites=sorted(inventory.sites.values(), key=lambda each: each.name), kinds=tuple(TicketKind),
            devices=sorted(inventory.devices)[:2000], channels=promises.channels, levels=tuple(Level),
        )  # fmt: skip

    async def opened(self, request: Request) -> Response:
        """A ticket is opened by the response centre."""
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        form = await form_of(request)
        try:
            done = await self._desk.store.do(lambda disk: requested(disk, form, visitor, settings, now))
        except ValueError as error:
            return self._new(request, form, reason_of(error, visitor.language), 400)
        return elsewhere(f"/tickets/{quote(done.id, safe='')}")

    async def nothing(self, request: Request, _: Exception) -> Response:
        """There is no such page."""
        return page(request, "message.html", 404, message=visitor_of(request).say("no_page"))


def _is_wanted(line: Line, show: str, wanted: str) -> bool:
    if (show == "call-back" and not line.wants_call_back) or (show == "late" and line.tone != "late"):
        return False
    text = f"{line.id} {line.device} {line.site} {line.what} {line.owner}".casefold()
    return all(word in text for word in wanted.casefold().split())


def _name_of(disk: Connection, number: str, digest: str) -> str:
    """What the attachment is called in the ticket; what is attached to nothing is given to nobody."""
    for event in tickets.found(disk, number).events:
        if event.kind in {EventKind.ATTACHED, EventKind.DIAGNOSED} and event.data.get("sha256") == digest:
            return event.data.get("name", "") or digest
    raise NoSuchAttachmentError(digest)
