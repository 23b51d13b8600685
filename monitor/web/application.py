"""The daemon's window: what Prometheus and people may read over HTTP. GET only, and nothing here changes anything.

/metrics           the daemon's own metrics and the series of all devices
/metrics/daemon    only the daemon's own
/probe?target=NAME the series of one device of the inventory
/sd                the devices, as Prometheus' HTTP service discovery asks for them
/runbooks/         what to do about a fault, one page for each kind of part
/healthz           200 while the daemon gets on, else 503 and why
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import chain
from typing import Protocol

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.model import Device
from monitor.series import Series
from monitor.web.runbooks import ROUTES

_LARGE = 8_000_000
TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
"""The one format we speak; a scraper that asks for OpenMetrics as well takes it (Accept always has a fallback)."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_VARIES = {"Vary": "Accept-Encoding"}


class Sources(Protocol):
    """What the window looks at; asked anew at every request, because a reload replaces the inventory."""

    @property
    def series(self) -> Series:
        """The text of all devices."""

    @property
    def devices(self) -> Mapping[str, Device]:
        """The devices of the inventory in force, by name."""

    def own_metrics(self) -> bytes:
        """The daemon's own metrics, in text format."""

    def trouble(self) -> str | None:
        """Why the daemon does not get on; None where it does."""


def application(sources: Sources) -> Starlette:
    """The window onto `sources`."""

    async def metrics(request: Request) -> Response:
        own, series = sources.own_metrics(), sources.series
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return StreamingResponse(_chunks(chain((own,), series.joined())), media_type=TEXT_FORMAT, headers=_VARIES)
        # joined by a thread: between its chunks visits would get their turn, some fifty times over
        zipped = await asyncio.to_thread(_together, series.zipped(own))
        headers = _VARIES | {"Content-Encoding": "gzip"}
        return StreamingResponse(_chunks(iter(zipped)), media_type=TEXT_FORMAT, headers=headers)

    async def daemon_metrics(_: Request) -> Response:
        return Response(sources.own_metrics(), media_type=TEXT_FORMAT)

    async def probe(request: Request) -> Response:
        name = request.query_params.get("target", "")
        if not name:
            return PlainTextResponse("Say which device: /probe?target=NAME, a name of the inventory.\n", 400)
        if name not in sources.devices:
            return PlainTextResponse("No device of that name is in the inventory; /sd lists them all.\n", 404)
        return Response(sources.series.of(name) or b"# not visited yet\n", media_type=TEXT_FORMAT)

    async def discovery(_: Request) -> Response:
        return JSONResponse([_target(device) for device in sources.devices.values()])

    async def health(_: Request) -> Response:
        trouble = sources.trouble()
        return PlainTextResponse(f"{trouble or 'ok'}\n", 503 if trouble else 200)

    # /metrics of ten thousand devices is nearly a gigabyte: compressing it at every scrape would cost a core for
    # seconds, so that it is kept packed (monitor/series.py). One device is 90 kB: worth the millisecond.
    smaller = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=1)]
    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/metrics/daemon", daemon_metrics, middleware=smaller),
            Route("/probe", probe, middleware=smaller),
            Route("/sd", discovery, middleware=smaller),
            Route("/healthz", health),
            *ROUTES,
        ],
        middleware=[Middleware(_Guarded)],
    )


class _Guarded:
    """Adds the headers that keep a browser from making more of an answer than it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self.app(scope, receive, guarded)


def _together(chunks: Iterable[bytes]) -> list[bytes]:
    """The same octets in a few large chunks."""
    found: list[bytes] = []
    waiting: list[bytes] = []
    size = 0
    for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size >= _LARGE:
            found.append(b"".join(waiting))
            waiting, size = [], 0
    return [*found, b"".join(waiting)]


async def _chunks(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """One chunk after the other; each is awaited until the scraper took it, so that visits get their turn between."""
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)


def _target(device: Device) -> dict[str, object]:
    """One target group; configs/prometheus/prometheus.yml turns the target into /probe?target=."""
    return {
        "targets": [device.name],
        "labels": {
            "customer": device.customer,
            "site": device.site,
            "role": device.role.value,
            "platform": device.platform,
        },
    }
