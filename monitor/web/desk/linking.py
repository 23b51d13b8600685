"""The page behind the signed link of a mail: it shows the ticket in a line, and a button that acknowledges it.

Mail scanners open every link, so looking changes nothing; only the button does. Nobody needs an account for it.
"""

from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from monitor.config import Settings
from monitor.model import Ticket
from monitor.store import tickets
from monitor.web.desk.guard import Desk
from monitor.web.desk.rendering import Visitor, page, visitor_of
from monitor.web.desk.wall import Line, line


class Acknowledging(Protocol):
    """Who reads links, and uses them up. Both raise ValueError where the link does not count (any more)."""

    def opened(self, disk: Connection, token: str, settings: Settings, now: datetime) -> tuple[object, Ticket]:
        """What the link is about."""

    def acknowledged(self, disk: Connection, token: str, settings: Settings, now: datetime) -> Ticket:
        """Write down that the person of the link has read it."""


class Linking:
    """The pages of signed links; without `links` none counts."""

    def __init__(self, desk: Desk, links: Acknowledging | None) -> None:
        """Pages for the links that `links` reads."""
        self._desk = desk
        self._links = links

    async def looked(self, request: Request) -> Response:
        """What the link is about, and the button."""
        return await self._page(request, is_pressed=False)

    async def pressed(self, request: Request) -> Response:
        """The button was pressed."""
        return await self._page(request, is_pressed=True)

    async def _page(self, request: Request, *, is_pressed: bool) -> Response:
        token, visitor = request.path_params["token"], visitor_of(request)
        settings, now, links = self._desk.settings, self._desk.clock(), self._links

        def looked(disk: Connection) -> Line:
            if links is None:
                raise ValueError("there are no links")
            ticket = (
                links.acknowledged(disk, token, settings, now)
                if is_pressed
                else links.opened(disk, token, settings, now)[1]
            )
            return _line(disk, ticket, settings, visitor, now)

        try:
            found = await (self._desk.store.do(looked) if is_pressed else self._desk.store.ask(looked))
        except ValueError:
            return page(request, "message.html", 410, message=visitor.say("link_over"))
        return page(request, "acknowledge.html", line=found, is_done=is_pressed)


def _line(disk: Connection, ticket: Ticket, settings: Settings, visitor: Visitor, now: datetime) -> Line:
    return line(tickets.found(disk, ticket.id), None, settings, visitor, now)
