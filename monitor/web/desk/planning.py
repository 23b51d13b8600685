"""The page of maintenance windows: those that are on and to come, a form for a new one, and a button to end one."""

from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from alerts.desk.refused import RefusedError, reason_of, refused
from alerts.desk.windows import Scope
from monitor import planning
from monitor.config import Settings
from monitor.store import maintenance
from monitor.web.desk.guard import Desk, form_of
from monitor.web.desk.rendering import Visitor, elsewhere, page, visitor_of
from monitor.web.desk.shelves import Card
from monitor.web.desk.tapping import moment, typed

_AGO = timedelta(days=7)


class Planning:
    """Maintenance windows."""

    def __init__(self, desk: Desk) -> None:
        """The page onto `desk`."""
        self._desk = desk

    async def listed(self, request: Request) -> Response:
        """The windows, and the form."""
        return await self._page(request, {}, "", 200)

    async def _page(self, request: Request, form: object, problem: str, status: int) -> Response:
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        planned = await self._desk.store.ask(lambda disk: maintenance.since(disk, now - _AGO))
        windows = [(each.window.name, _card(each, settings, visitor, now), each.span.ends > now) for each in planned]
        rules = [
            Card(
                title=window.name,
                link="",
                lines=(*_scope(window.scope, visitor), (visitor.named("data", "reason"), window.reason)),
                mark=visitor.say("recurs"),
            )
            for window in settings.inventory.windows
        ]
        inventory = settings.inventory
        return page(
            request, "maintenance.html", status, windows=windows, rules=rules, form=form, problem=problem,
            zone=settings.zone, sites=sorted(inventory.sites.values(), key=lambda each: each.name),
            customers=sorted(inventory.customers), devices=sorted(inventory.devices)[:2000],
        )  # fmt: skip

    async def made(self, request: Request) -> Response:
        """A window is made."""
        settings, now, visitor = self._desk.settings, self._desk.clock(), visitor_of(request)
        form = await form_of(request)
        signs = visitor.account.signs if visitor.account else ""

        def written(disk: Connection) -> str:
            scope = Scope(**{name: typed(form.get(name, "")) for name in ("customer", "site", "device")})
            zone = settings.inventory.zone(scope.site) if scope.site in settings.inventory.sites else settings.zone
            begins = moment(form.get("begins", ""), zone, visitor) or now
            ends = moment(form.get("ends", ""), zone, visitor)
            if ends is None:
                raise RefusedError(refused("window_when"))
            return planning.made(disk, scope, begins, ends, form.get("reason", ""), signs, settings, now)

        try:
            name = await self._desk.store.do(written)
        except ValueError as error:
            return await self._page(request, form, reason_of(error, visitor.language), 400)
        return elsewhere(f"/maintenance#{quote(name, safe='')}")

    async def ended(self, request: Request) -> Response:
        """A window is ended now."""
        now, visitor, name = self._desk.clock(), visitor_of(request), request.path_params["name"]
        signs = visitor.account.signs if visitor.account else ""
        try:
            await self._desk.store.do(lambda disk: planning.ended(disk, name, signs, now))
        except ValueError as error:
            return await self._page(request, {}, reason_of(error, visitor.language), 409)
        return elsewhere("/maintenance")


def _scope(scope: Scope, visitor: Visitor) -> tuple[tuple[str, str], ...]:
    part = " ".join(filter(None, (scope.kind, scope.label)))
    pairs = (("customer", scope.customer), ("site", scope.site), ("device", scope.device), ("part", part))
    return tuple((visitor.named("unit", name), value) for name, value in pairs if value)


def _card(planned: maintenance.Planned, settings: Settings, visitor: Visitor, now: datetime) -> Card:
    span, window = planned.span, planned.window
    state = "planned" if now < span.begins else "on" if now < span.ends else "over"
    is_known = window.scope.site in settings.inventory.sites
    zone = settings.inventory.zone(window.scope.site) if is_known else settings.zone
    return Card(
        title=window.name,
        link="",
        lines=(
            *_scope(window.scope, visitor),
            (visitor.say("from"), visitor.wall(span.begins, zone)),
            (visitor.say("until"), visitor.wall(span.ends, zone)),
            (visitor.named("data", "reason"), window.reason),
            (visitor.say("by"), window.by),
        ),
        mark=visitor.named("window", state),
    )
