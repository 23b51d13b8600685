"""What stands at the other end of channels: robots of WeCom, DingTalk and Feishu, and a gateway for short messages.

It answers on loopback in the words of the makers' documents: HTTP 200 whatever it is, and the verdict in the body.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY, TOKEN, SECRET = "693a91f6-7xxx-4bc4-97a0", "f81b7c2e0d4a5b6c9e8f", "SECe4d3c2b1a0f9e8d7"


@dataclass
class Chat:
    """What was said to it. `answers` are given by robots once each, then all is well; `status` is that of HTTP."""

    said: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answers: list[dict[str, Any] | str] = field(default_factory=list)
    always: dict[str, Any] | None = None
    status: int = 200
    seconds: float = 0
    url: str = ""

    async def heard(self, request: web.Request) -> web.Response:
        """Take one request."""
        self.paths.append(request.path_qs)
        await asyncio.sleep(self.seconds)
        if request.content_type == "application/json":
            self.said.append(await request.json())
        else:
            self.said.append({**request.query, **dict(await request.post())})
        if request.path == "/robot/send" and not self._is_signed(request):
            return _json({"errcode": 310000, "errmsg": "sign not match"})
        if self.answers and request.path != "/sms/send":
            answer = self.answers.pop(0)
            return web.Response(text=answer) if isinstance(answer, str) else _json(answer, self.status)
        if self.always is not None:
            return _json(self.always, self.status)
        if "/bot/v2/hook/" in request.path:
            return _json({"code": 0, "data": {}, "msg": "success"}, self.status)
        return _json({"errcode": 0, "errmsg": "ok"}, self.status)

    @staticmethod
    def _is_signed(request: web.Request) -> bool:
        """The signature as open.dingtalk.com says it: HMAC-SHA-256 over time and secret, base64, quoted once."""
        moment = request.query.get("timestamp", "")
        mac = hmac.digest(SECRET.encode(), f"{moment}\n{SECRET}".encode(), hashlib.sha256)
        return request.query.get("sign") == base64.b64encode(mac).decode()

    def texts(self) -> list[str]:
        """The texts in the order in which they came, whoever of the four was spoken to."""
        return [_text(each) for each in self.said]


def _text(said: dict[str, Any]) -> str:
    return (
        str(said.get("text", {}).get("content") or said.get("content", {}).get("text", ""))
        if (isinstance(said.get("text"), dict) or isinstance(said.get("content"), dict))
        else str(said.get("text", ""))
    )


def _json(said: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(said), content_type="application/json", status=status)


@asynccontextmanager
async def chatting() -> AsyncIterator[Chat]:
    """A server that listens."""
    chat = Chat()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", chat.heard)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    chat.url = f"http://127.0.0.1:{port}"
    try:
        yield chat
    finally:
        await runner.cleanup()
