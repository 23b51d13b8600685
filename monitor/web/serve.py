"""Opens the daemon's window: uvicorn inside the loop that already runs, stopped by cancelling it."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp
from uvicorn import Config, Server

_PARTING = 3  # seconds for answers under way when the daemon stops; systemd gives it 10 in all


class AddressTakenError(Exception):
    """The address to listen on cannot be had; the message says why and what to change."""


class _Server(Server):
    """uvicorn without its signal handlers: SIGTERM and SIGINT belong to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: ASGIApp, host: str, port: int, *, opened: Callable[[str], None] = lambda _: None) -> None:
    """Answer requests until cancelled. `opened` is told the URL once it listens (port 0: any free port).

    Raises AddressTakenError where the address cannot be had.
    """
    listener = _listener(host, port)
    address = f"[{host}]" if ":" in host else host
    server = _Server(
        Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            limit_concurrency=100,
            timeout_graceful_shutdown=_PARTING,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        opened(f"http://{address}:{listener.getsockname()[1]}")
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
    finally:
        listener.close()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise AddressTakenError(
            f"cannot listen on {host} port {port}: {error.strerror}; "
            "is another netvigil running? Choose another address in netvigil.toml"
        ) from error
