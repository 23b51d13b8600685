"""Opens the daemon's window: uvicorn inside the loop that already runs, stopped by cancelling it."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from starlette.types import ASGIApp
from uvicorn import Config, Server

from monitor.problem import AddressTakenError

_PARTING = 3  # seconds for answers under way when the daemon stops; systemd gives it 10 in all


class _Server(Server):
    """uvicorn without its signal handlers: SIGTERM and SIGINT belong to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    opened: Callable[[str], None] = lambda _: None,
    certificate: Path | None = None,
    key: Path | None = None,
    proxies: Sequence[str] = (),
) -> None:
    """Answer requests until cancelled. `opened` is told the URL once it listens (port 0: any free port).

    With `certificate` and `key` it speaks TLS. What `proxies` say of who asked is believed, and what others say is not.

    Raises AddressTakenError where the address cannot be had, or the certificate not be used.
    """
    if certificate is not None:
        _tried(certificate, key)
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
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            ssl_certfile=certificate,
            ssl_keyfile=key,
            server_header=False,
            limit_concurrency=100,
            timeout_graceful_shutdown=_PARTING,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        opened(f"{'http' if certificate is None else 'https'}://{address}:{listener.getsockname()[1]}")
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
    finally:
        listener.close()


def _tried(certificate: Path, key: Path | None) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise AddressTakenError(
            f"the certificate {certificate} with the key {key} cannot be used: {error.strerror or error}"
        ) from error


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise AddressTakenError(
            f"cannot listen on {host} port {port}: {error.strerror}; "
            "is another netvigil running? Choose another address in netvigil.toml"
        ) from error
