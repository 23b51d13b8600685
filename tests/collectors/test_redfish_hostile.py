"""A service that means harm, or is broken: every look ends in time, says why, and disturbs no other."""

import asyncio
import gzip
import json
import ssl
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from redfish_server import NOON, ORIGINS

from collectors.looks import Blind, Door, Login, Look, looked
from collectors.redfish.documents import NotADocumentError, at, parsed, path_of, value
from collectors.redfish.reader import RedfishReader
from collectors.simulate.poweredge import CHASSIS, SYSTEM, poweredge
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.snmp.reader import Budget, Ending
from collectors.tables import Eye

LOGIN = Login(user="monitor", password="secret")
TIMEOUT = 3.0
BOMB = gzip.compress(b'{"Members": [' + b" " * 200_000_000 + b"]}", 9)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return certificate(tmp_path_factory.mktemp("tls"))


def told(document: Any, status: int = 200, **headers: str) -> web.Response:
    return web.Response(text=json.dumps(document), status=status, headers=headers, content_type="application/json")


def session() -> web.Response:
    return told({}, 201, **{"X-Auth-Token": "t", "Location": "/redfish/v1/SessionService/Sessions/1"})


def after_login(answer: Answer) -> Answer:
    async def hostile(request: web.Request) -> web.StreamResponse:
        return session() if request.method == "POST" else await answer(request)

    return hostile


async def errors(_: web.Request) -> web.StreamResponse:
    return told({"error": {}}, 500)


async def unauthorised(_: web.Request) -> web.StreamResponse:
    return told({}, 401)


async def redirect(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": f"https://127.0.0.1:1{request.path}"})


async def bomb(_: web.Request) -> web.StreamResponse:
    return web.Response(body=BOMB, headers={"Content-Encoding": "gzip"}, content_type="application/json")


async def no_gzip(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"this is no gzip", headers={"Content-Encoding": "gzip"})


async def unknown_packing(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"{}", headers={"Content-Encoding": "br"})


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(b'{"a": "' + b"x" * 65_536)
        await asyncio.sleep(0)
    return response


async def dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(b" ")
        await asyncio.sleep(0.05)
    return response


async def deep(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"a":' * 200_000 + b"1" + b"}" * 200_000)


async def not_a_number(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"Members": [], "x": NaN}')


async def an_array(_: web.Request) -> web.StreamResponse:
    return told([1, 2, 3])


async def a_page(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"<html>login</html>", content_type="text/html")


async def broken_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silent(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def starting(_: web.Request) -> web.StreamResponse:
    return told({"error": {"@Message.ExtendedInfo": [{"MessageId": "IDRAC.2.8.SYS518"}]}}, 503)


async def forbidden(_: web.Request) -> web.StreamResponse:
    return told({}, 403)


CASES = [
    (errors, Blind.BAD_ANSWER),
    (after_login(errors), Blind.BAD_ANSWER),
    (unauthorised, Blind.WRONG_PASSWORD),
    (after_login(unauthorised), Blind.WRONG_PASSWORD),
    (redirect, Blind.BAD_ANSWER),
    (after_login(redirect), Blind.BAD_ANSWER),
    (bomb, Blind.BAD_ANSWER),
    (after_login(bomb), Blind.BAD_ANSWER),
    (after_login(no_gzip), Blind.BAD_ANSWER),
    (after_login(unknown_packing), Blind.BAD_ANSWER),
    (after_login(endless), Blind.BAD_ANSWER),
    (after_login(dripping), Blind.TIMEOUT),
    (after_login(deep), Blind.BAD_ANSWER),
    (after_login(not_a_number), Blind.BAD_ANSWER),
    (after_login(an_array), Blind.BAD_ANSWER),
    (after_login(a_page), Blind.BAD_ANSWER),
    (broken_off, Blind.BAD_ANSWER),
    (after_login(broken_off), Blind.BAD_ANSWER),
    (silent, Blind.TIMEOUT),
    (after_login(silent), Blind.TIMEOUT),
    (starting, Blind.STARTING),
    (after_login(starting), Blind.STARTING),
    (forbidden, Blind.NO_RIGHTS),
]


async def look(reader: RedfishReader, door: Door) -> tuple[Look, float]:
    began = time.monotonic()
    seen = await looked(reader, door, Eye.REDFISH, ORIGINS, NOON, Budget(), None)
    return seen, time.monotonic() - began


@pytest.mark.parametrize(("hostile", "blind"), CASES)
async def test_hostile_service_is_named_and_disturbs_nobody(hostile: Answer, blind: Blind, tls: ssl.SSLContext) -> None:
    bad = RedfishServer(tree={}, hostile=hostile)
    good = RedfishServer(tree=poweredge())
    await bad.start(tls)
    await good.start(tls)
    reader = RedfishReader()
    door = Door(address="127.0.0.1", port=bad.port, login=LOGIN, timeout=TIMEOUT)
    try:
        (seen, seconds), (other, _) = await asyncio.gather(
            look(reader, door), look(reader, replace(door, port=good.port, timeout=30))
        )
        assert (seen.blind, seen.tables) == (blind, {})
        assert seconds < TIMEOUT + 1
        assert other.blind is None
        assert len(other.tables["redfish_drive"].index) == 2
    finally:
        await asyncio.wait_for(reader.close(), 30)
        await asyncio.gather(bad.stop(), good.stop())
    assert good.sessions == {}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_takes_no_credentials_to_another_server(status: int, tls: ssl.SSLContext) -> None:
    thief = RedfishServer(tree=poweredge())
    await thief.start(tls)

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": f"https://127.0.0.1:{thief.port}{request.path}"})

    for hostile in (elsewhere, after_login(elsewhere)):
        bad, reader = RedfishServer(tree={}, hostile=hostile), RedfishReader()
        await bad.start(tls)
        seen, _ = await look(reader, Door(address="127.0.0.1", port=bad.port, login=LOGIN, timeout=TIMEOUT))
        await reader.close()
        await bad.stop()
        assert seen.blind is Blind.BAD_ANSWER
    await thief.stop()
    assert thief.asked == []


async def test_gzip_bomb_takes_no_memory(tls: ssl.SSLContext) -> None:
    server = RedfishServer(tree={}, hostile=after_login(bomb))
    await server.start(tls)
    reader = RedfishReader()
    tracemalloc.start()
    try:
        await look(reader, Door(address="127.0.0.1", port=server.port, login=LOGIN, timeout=TIMEOUT))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
        await reader.close()
        await server.stop()


async def part_hostile(tls: ssl.SSLContext, path: str, answer: Answer, **limits: int) -> tuple[Look, RedfishServer]:
    """A look at a good server that answers one path in a bad way."""
    server = RedfishServer(tree=poweredge())
    await server.start(tls)

    async def hostile(request: web.Request) -> web.StreamResponse:
        return await (answer(request) if request.path == path else server.told(request))

    server.hostile = hostile
    reader = RedfishReader()
    door = Door(address="127.0.0.1", port=server.port, login=LOGIN, timeout=TIMEOUT)
    try:
        return await looked(reader, door, Eye.REDFISH, ORIGINS, NOON, Budget(**limits), None), server
    finally:
        await reader.close()
        await server.stop()


async def test_one_table_that_fails_leaves_the_others(tls: ssl.SSLContext) -> None:
    seen, server = await part_hostile(tls, f"{SYSTEM}/Memory", errors)
    assert seen.tables["redfish_dimm"].ended is Ending.ERROR_STATUS
    assert len(seen.tables["redfish_drive"].index) == 2
    assert server.sessions == {}


async def test_pages_that_lead_back_end(tls: ssl.SSLContext) -> None:
    async def loop(_: web.Request) -> web.StreamResponse:
        return told({"Members": [], "Members@odata.nextLink": f"{SYSTEM}/Memory?$skip=1"})

    seen, _ = await part_hostile(tls, f"{SYSTEM}/Memory", loop)
    assert seen.tables["redfish_dimm"].ended is Ending.REPEATED_OID


async def test_pages_without_end_end(tls: ssl.SSLContext) -> None:
    async def more(request: web.Request) -> web.StreamResponse:
        page = int(request.query.get("$skip", "0")) + 1
        return told({"Members": [], "Members@odata.nextLink": f"{SYSTEM}/Memory?$skip={page}"})

    seen, server = await part_hostile(tls, f"{SYSTEM}/Memory", more)
    assert seen.tables["redfish_dimm"].ended is Ending.ROWS
    assert len([one for one in server.asked if "/Memory" in one]) == 20


async def test_more_members_than_the_budget_are_cut(tls: ssl.SSLContext) -> None:
    async def many(_: web.Request) -> web.StreamResponse:
        members = [{"@odata.id": f"{SYSTEM}/Memory/{n}", "Id": str(n), "Status": {}} for n in range(5000)]
        return told({"Members": members})

    seen, _ = await part_hostile(tls, f"{SYSTEM}/Memory", many, rows=100)
    assert seen.tables["redfish_dimm"].ended is Ending.ROWS
    assert len(seen.tables["redfish_dimm"].index) == 100


async def test_links_that_leave_the_service_are_not_followed(tls: ssl.SSLContext) -> None:
    async def away(_: web.Request) -> web.StreamResponse:
        links = ["https://198.51.100.1/redfish/v1/x", "//198.51.100.1/x", "/admin", "/redfish/../admin", 7, None]
        return told({"Members": [{"@odata.id": link} for link in links] + [1, None, "x"]})

    seen, server = await part_hostile(tls, f"{SYSTEM}/Memory", away)
    assert seen.tables["redfish_dimm"].index == ()
    assert not [one for one in server.asked if "admin" in one or "198.51.100.1" in one]


async def test_values_of_the_wrong_kind_are_no_values(tls: ssl.SSLContext) -> None:
    async def odd(_: web.Request) -> web.StreamResponse:
        readings = ["46", True, {"a": 1}, [1], None, 10**400, 1e308]
        return told({"Members": [
            {"@odata.id": f"{CHASSIS}/Sensors/{n}", "Id": n, "Reading": reading, "Status": "OK"}
            for n, reading in enumerate(readings)
        ]})  # fmt: skip

    seen, _ = await part_hostile(tls, f"{CHASSIS}/Sensors", odd)
    assert seen.tables["redfish_sensor"].columns["reading"] == ("46", "true", None, None, None, None, 1e308)
    assert set(seen.tables["redfish_sensor"].columns["health"]) == {None}


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"a": NaN}', b'{"a": -Infinity}', b"\xff\xfe", b"9" * 5000, b'{"a":' * 200_000]
)
def test_what_is_no_document_is_refused(raw: bytes) -> None:
    with pytest.raises(NotADocumentError):
        parsed(raw)


def test_pointers_lead_nowhere_without_a_word() -> None:
    document = {"a": [{"b/c": 1}], "d": "text"}
    assert at(document, "/a/0/b~1c") == 1
    for pointer in ("/a/1", "/a/x", "/a/-1", "/d/0", "/d/e/f", "/x", "/a/0/b~1c/d", "/a/²"):
        assert at(document, pointer) is None


def test_values_are_bounded() -> None:
    assert value(float("inf")) is None
    assert value(2**70) is None
    assert len(str(value("x" * 100_000))) == 4096
    assert path_of({"@odata.id": "/redfish/v1/" + "x" * 10_000}) is None
