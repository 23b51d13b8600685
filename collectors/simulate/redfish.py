"""A Redfish service that answers from a tree of documents: sessions, $expand, TLS; and the ways to be hostile.

It behaves as an iDRAC where that matters: eight sessions, each until it is deleted, and 503 with RAC0218 for the ninth.
"""

import asyncio
import gzip
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collectors.redfish.documents import ID, path_of

SESSIONS = "/redfish/v1/SessionService/Sessions"
ALLOWED = 8
Tree = Mapping[str, Mapping[str, Any]]
Hostile = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True, kw_only=True)
class RedfishServer:
    """One server. `tree` and all else may change while it runs; `hostile` answers in its place where it is set."""

    tree: Tree
    user: str = "monitor"
    password: str = "secret"  # noqa: S105 - of a server that never was
    allowed: int = ALLOWED
    latency: float = 0.0
    expands: bool = True
    has_sessions: bool = True
    hostile: Hostile | None = None
    sessions: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    logins: int = 0
    highest: int = 0
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0
    _numbers: Any = field(default_factory=count)
    _runner: web.AppRunner | None = None

    async def start(self, tls: ssl.SSLContext, host: str = "127.0.0.1", port: int = 0) -> None:
        """Answer from now on; `port` says where."""
        application = web.Application(client_max_size=65_536)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Answer no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.rel_url}")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            if self.hostile is not None:
                return await self.hostile(request)
            return await self.told(request)
        finally:
            self.at_once -= 1

    async def told(self, request: web.Request) -> web.Response:
        """What an honest service answers."""
        path = request.path.rstrip("/")
        if "$skip" in request.query:  # a page of a collection is a document of its own
            path = f"{path}?$skip={request.query['$skip']}"
        if path.startswith(SESSIONS) and self.has_sessions:
            if request.method == "POST":
                return await self._log_in(request)
            if request.method == "DELETE":
                return self._log_out(request, path)
        if request.method == "POST":
            return _error(404, "Base.1.12.ResourceMissingAtURI", "Nothing is made here.")
        if path != "/redfish/v1" and not self._knows(request):
            return _error(
                401,
                "Base.1.12.AccessDenied",
                "The authentication credentials included with this request are missing or invalid.",
            )
        return self._document(request, path)

    def _document(self, request: web.Request, path: str) -> web.Response:
        document = self.tree.get(path)
        if request.method != "GET" or document is None:
            return _error(
                404 if document is None else 405, "Base.1.12.ResourceMissingAtURI", "The resource is missing."
            )
        if "$expand" in request.query:
            if not self.expands:
                return _error(501, "Base.1.12.QueryNotSupported", "Querying is not supported.")
            document = {name: self._inside(value) for name, value in document.items()}
        response = web.json_response(document)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.body = gzip.compress(response.body if isinstance(response.body, bytes) else b"", 1)
            response.headers["Content-Encoding"] = "gzip"
        return response

    def _inside(self, value: Any) -> Any:
        """`value` with the documents that it links to in place of the links."""
        if isinstance(value, list):
            return [self._inside(one) for one in value]
        path = path_of(value)
        return self.tree.get(path, value) if path is not None and len(value) == 1 else value

    def _knows(self, request: web.Request) -> bool:
        if request.headers.get("X-Auth-Token", "") in self.sessions:
            return True
        basic = b64encode(f"{self.user}:{self.password}".encode()).decode()
        return request.headers.get("Authorization", "") == f"Basic {basic}"

    async def _log_in(self, request: web.Request) -> web.Response:
        self.logins += 1
        told = await request.json()
        if (told.get("UserName"), told.get("Password")) != (self.user, self.password):
            return _error(401, "IDRAC.2.8.RAC0212", "Login failed.")
        if len(self.sessions) >= self.allowed:
            return _error(503, "IDRAC.2.8.RAC0218", "The maximum number of user sessions is reached.")
        number = next(self._numbers)
        token = f"token-{number}"
        self.sessions[token] = f"{SESSIONS}/{number}"
        self.highest = max(self.highest, len(self.sessions))
        headers = {"X-Auth-Token": token, "Location": self.sessions[token]}
        return web.json_response({ID: self.sessions[token]}, status=201, headers=headers)

    def _log_out(self, request: web.Request, path: str) -> web.Response:
        if not self._knows(request):
            return _error(401, "Base.1.12.AccessDenied", "No session.")
        token = next((token for token, place in self.sessions.items() if place == path), None)
        if token is None:
            return _error(404, "Base.1.12.ResourceMissingAtURI", "The session is missing.")
        del self.sessions[token]
        return web.Response(status=204)


def _error(status: int, message_id: str, message: str) -> web.Response:
    told = {"@Message.ExtendedInfo": [{"MessageId": message_id, "Message": message}], "code": "Base.1.12.GeneralError"}
    return web.json_response({"error": told}, status=status)


def certificate(folder: Path, name: str = "idrac", ends: datetime | None = None) -> ssl.SSLContext:
    """The self-signed certificate for 127.0.0.1 in `folder`, `name`.pem and `name`.key; a new one if there is none.

    A new one lasts ten years, or until it `ends`.
    """
    if not (folder / f"{name}.pem").exists():
        _certify(folder, name, ends or datetime.now(UTC) + timedelta(days=3650))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return tls


def _certify(folder: Path, name: str, ends: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = min(datetime.now(UTC), ends) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain, pkcs8 = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
