"""The client against a service of our own: one session kept and returned, who is trusted, and how often it asks."""

import asyncio
import hashlib
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from redfish_server import NOON, ORIGINS

from collectors.looks import Blind, Door, Login, Look, looked
from collectors.redfish.reader import RedfishReader
from collectors.simulate.poweredge import SEL, SYSTEM, poweredge
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.snmp.reader import Budget, Ending
from collectors.tables import Eye

LOGIN = Login(user="monitor", password="secret")


@asynccontextmanager
async def running(
    tls: ssl.SSLContext, server: RedfishServer | None = None
) -> AsyncIterator[tuple[RedfishServer, Door]]:
    server = server or RedfishServer(tree=poweredge())
    await server.start(tls)
    try:
        yield server, Door(address="127.0.0.1", port=server.port, login=LOGIN, timeout=10)
    finally:
        await server.stop()


@asynccontextmanager
async def reading() -> AsyncIterator[RedfishReader]:
    reader = RedfishReader()
    try:
        yield reader
    finally:
        await reader.close()


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return certificate(tmp_path_factory.mktemp("tls"))


async def look(reader: RedfishReader, door: Door, minute: float = 0, last: Look | None = None) -> Look:
    return await looked(reader, door, Eye.REDFISH, ORIGINS, NOON + timedelta(minutes=minute), Budget(), last)


async def test_look_sees_what_the_tree_holds_and_gives_its_session_back(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door):
        async with reading() as reader:
            seen = await look(reader, door)
            assert seen.blind is None
            assert seen.tables["redfish_system"].columns["model"] == ("PowerEdge R650",)
            assert len(seen.tables["redfish_drive"].index) == 2
            assert not [table.name for table in seen.tables.values() if table.ended]
            assert len(server.sessions) == 1
        assert server.sessions == {}
        assert server.logins == 1


async def test_two_requests_a_minute_and_detail_in_fifteen(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door), reading() as reader:
        first = await look(reader, door)
        server.asked.clear()
        second = await look(reader, door, 1, first)
        assert len(server.asked) == 2
        assert second.requests == 2
        server.asked.clear()
        third = await look(reader, door, 5, second)
        assert 10 <= len(server.asked) <= 15
        server.asked.clear()
        await look(reader, door, 16, third)
        assert len(server.asked) <= 20
        assert server.logins == 1
        assert server.most_at_once <= 2


async def test_service_that_does_not_expand_tells_the_same(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door), reading() as reader:
        wide = await look(reader, door)
        server.expands = False
        async with reading() as other:
            single = await look(other, door)
        assert {name: table.columns for name, table in single.tables.items()} == {
            name: table.columns for name, table in wide.tables.items()
        }


async def test_what_a_slow_server_had_no_time_for_is_asked_at_the_next_look(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door), reading() as reader:
        server.latency = 0.12
        first = await look(reader, replace(door, timeout=2), 0)
        cut = {table.name for table in first.tables.values() if table.ended is Ending.WALL_TIME}
        assert {"redfish_firmware"} <= cut
        server.latency = 0
        second = await look(reader, door, 1, first)
        assert not [table.name for table in second.tables.values() if table.ended]
        assert second.tables["redfish_firmware"].index
        server.asked.clear()
        await look(reader, door, 2, second)
        assert len(server.asked) == 2


async def test_look_closer_is_within_the_time_of_the_look(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door), reading() as reader:
        first = await look(reader, door)
        server.tree = poweredge("psu_failed")
        server.latency = 0.4
        began = time.monotonic()
        second = await look(reader, replace(door, timeout=2), 1, first)
        assert time.monotonic() - began < 2.5
        assert second.blind is None
        assert {table.ended for table in second.tables.values()} == {None, Ending.WALL_TIME}


@pytest.mark.parametrize("expands", [True, False])
async def test_ids_with_a_hash_are_read_and_missed_as_others(tls: ssl.SSLContext, *, expands: bool) -> None:
    """Memory modules of an iDRAC 8: "iDRAC.Embedded.1#DIMM.Socket.A1"."""
    memory = f"{SYSTEM}/Memory"
    before = poweredge()
    tree = {path: told for path, told in before.items() if not path.startswith(memory)}
    names = [f"iDRAC.Embedded.1#DIMM.Socket.{place}" for place in ("A1", "B1")]
    for name in names:
        tree[f"{memory}/{name}"] = {"@odata.id": f"{memory}/{name}", "Id": name, "Status": {"Health": "OK"}}
    tree[memory] = {"@odata.id": memory, "Members": [{"@odata.id": f"{memory}/{name}"} for name in names]}
    async with running(tls) as (server, door), reading() as reader:
        server.tree, server.expands = tree, expands
        first = await look(reader, door)
        assert first.tables["redfish_dimm"].columns["id"] == tuple(names)
        server.tree = {**tree, memory: {**tree[memory], "Members": tree[memory]["Members"][1:]}}
        second = await look(reader, door, 16, first)
        dimms = second.tables["redfish_dimm"].columns
        assert dict(zip(dimms["id"], dimms["state"], strict=True)) == {names[0]: "Absent", names[1]: None}


async def _fails(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


async def test_supply_that_vanishes_while_the_server_does_not_answer_is_missed(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door), reading() as reader:
        last = await look(reader, door)
        server.hostile = _fails
        last = await look(reader, door, 5, last)
        assert last.blind is Blind.BAD_ANSWER
        server.hostile, server.tree = None, poweredge("psu_vanished")
        for minute in (10, 15):
            last = await look(reader, door, minute, last)
            supplies = last.tables["redfish_supply"].columns
            assert sorted(zip(supplies["name"], supplies["state"], strict=True)) == [
                ("PS1 Status", "Absent"),
                ("PS2 Status", "Enabled"),
            ]


async def test_log_that_grew_by_more_than_a_page_is_followed_to_what_is_known(tls: ssl.SSLContext) -> None:
    def log(newest: int) -> dict[str, dict[str, Any]]:
        """The event log in pages of 50, the newest first."""
        entries = [{"@odata.id": f"{SEL}/{n}", "Id": str(n), "Message": f"Event {n}."} for n in range(newest, 0, -1)]
        pages = {f"{SEL}?$skip={n}" if n else SEL: entries[n : n + 50] for n in range(0, newest, 50)}
        after = dict(zip(pages, list(pages)[1:], strict=False))
        return {
            place: {"@odata.id": SEL, "Members": members, "Members@odata.nextLink": after.get(place)}
            for place, members in pages.items()
        }

    async def seen(newest: int, minute: int, last: Look | None) -> tuple[Look, int]:
        server.tree = {path: told for path, told in server.tree.items() if not path.startswith(SEL)} | log(newest)
        server.asked.clear()
        now = await look(reader, door, minute, last)
        return now, sum(SEL in each for each in server.asked)

    async with running(tls) as (server, door), reading() as reader:
        first, asked = await seen(300, 0, None)
        assert (len(first.tables["redfish_sel"].index), asked) == (50, 1)
        quiet, asked = await seen(310, 16, first)
        assert (len(quiet.tables["redfish_sel"].index), asked) == (50, 1)
        busy, asked = await seen(430, 32, quiet)
        assert asked == 3
        assert busy.tables["redfish_sel"].columns["id"][:120] == tuple(str(n) for n in range(430, 310, -1))
        flood, asked = await seen(9_000, 48, busy)
        assert (asked, flood.tables["redfish_sel"].ended) == (5, None)


async def test_session_that_ended_is_made_once_more(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door), reading() as reader:
        first = await look(reader, door)
        server.sessions.clear()
        again = await look(reader, door, 1, first)
        assert again.blind is None
        assert server.logins == 2
        assert len(server.sessions) == 1


async def test_wrong_password_is_tried_once_and_then_left_alone(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door), reading() as reader:
        wrong = replace(door, login=Login(user="monitor", password="wrong"))
        assert (await look(reader, wrong)).blind is Blind.WRONG_PASSWORD
        assert (await look(reader, wrong, 1)).blind is Blind.WRONG_PASSWORD
        assert server.logins == 1
        assert (await look(reader, door, 2)).blind is None


async def test_full_controller_is_told_and_left_alone(tls: ssl.SSLContext) -> None:
    server = RedfishServer(tree=poweredge(), sessions={f"other-{n}": "" for n in range(8)})
    async with running(tls, server) as (_, door), reading() as reader:
        assert (await look(reader, door)).blind is Blind.NO_SESSION_LEFT
        assert (await look(reader, door, 1)).blind is Blind.NO_SESSION_LEFT
        assert server.logins == 1


async def test_basic_where_no_sessions_are_made(tls: ssl.SSLContext) -> None:
    server = RedfishServer(tree=poweredge(), has_sessions=False)
    async with running(tls, server) as (_, door), reading() as reader:
        assert (await look(reader, door)).blind is None
        assert server.sessions == {}


async def test_certificate_seen_first_is_the_pin_and_another_is_refused(tls: ssl.SSLContext, tmp_path: Path) -> None:
    other = certificate(tmp_path, "other")
    async with running(tls) as (server, door), reading() as reader:
        pin = (await look(reader, door)).pin
        assert len(pin) == 64
        await server.stop()
        await server.start(other, port=server.port)
        server.asked.clear()
        assert (await look(reader, replace(door, pin=pin), 1)).blind is Blind.WRONG_CERTIFICATE
        assert (await look(reader, replace(door, pin=pin), 2)).blind is Blind.WRONG_CERTIFICATE
        assert server.asked == []
        trusted = await look(reader, door, 3)
        assert trusted.blind is None
        shown = ssl.PEM_cert_to_DER_cert((tmp_path / "other.pem").read_text())
        assert trusted.pin == hashlib.sha256(shown).hexdigest()


@pytest.mark.parametrize(("name", "blind"), [("localhost", None), ("127.0.0.1", Blind.WRONG_CERTIFICATE)])
async def test_authority_wants_a_certificate_of_that_name(name: str, blind: Blind | None, tmp_path: Path) -> None:
    own = certificate(tmp_path)
    async with running(own) as (_, door), reading() as reader:
        login = replace(LOGIN, authority=str(tmp_path / "idrac.pem"))
        assert (await look(reader, replace(door, address=name, login=login))).blind is blind


async def test_nobody_there_is_refused() -> None:
    async with reading() as reader:
        assert (await look(reader, Door(address="127.0.0.1", port=1, login=LOGIN))).blind is Blind.REFUSED


async def test_login_that_is_cut_off_leaves_no_session_behind(tls: ssl.SSLContext) -> None:
    async with running(tls, RedfishServer(tree=poweredge(), latency=0.3)) as (server, door):
        async with reading() as reader:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await look(reader, door)
        await asyncio.sleep(0.5)  # what was asked is done all the same
        assert server.logins == 1
        assert server.sessions == {}


async def test_resource_that_is_not_there_is_not_asked_for_each_minute(tls: ssl.SSLContext) -> None:
    async with running(tls, RedfishServer(tree=poweredge(old=True))) as (server, door), reading() as reader:
        first = await look(reader, door)
        assert first.tables["redfish_power_supply"].index
        server.asked.clear()
        await look(reader, door, 1, first)
        assert server.asked == ["GET /redfish/v1/Systems?$expand=*($levels=1)"]


async def test_passwords_are_never_shown() -> None:
    assert "secret" not in repr(Door(address="a", port=1, login=LOGIN))


async def test_power_state_of_the_tree_is_seen_at_the_next_look(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door), reading() as reader:
        first = await look(reader, door)
        server.tree = poweredge("powered_off")
        second = await look(reader, door, 1, first)
        assert first.tables["redfish_system"].columns["power"] == ("On",)
        assert second.tables["redfish_system"].columns["power"] == ("Off",)
        assert SYSTEM in second.tables["redfish_system"].index


async def test_looks_at_the_same_time_share_one_session(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door):
        async with reading() as reader:
            seen = await asyncio.gather(*(look(reader, door) for _ in range(5)))
            assert {one.blind for one in seen} == {None}
        assert (server.logins, server.highest, len(server.sessions)) == (1, 1, 0)


async def test_service_that_takes_no_session_for_good_is_left_none(tls: ssl.SSLContext) -> None:
    server = RedfishServer(tree=poweredge())

    async def refusing(request: web.Request) -> web.StreamResponse:
        return web.Response(status=401) if request.method == "GET" else await server.told(request)

    server.hostile = refusing
    async with running(tls, server) as (_, door), reading() as reader:
        for minute in range(5):
            assert (await look(reader, door, minute)).blind is Blind.WRONG_PASSWORD
        assert server.logins == 2
        assert server.sessions == {}


async def test_look_that_saw_nothing_new_has_the_same_tables(tls: ssl.SSLContext) -> None:
    async with running(tls) as (_, door), reading() as reader:
        first = await look(reader, door)
        second = await look(reader, door, 5, first)
        assert all(table is first.tables[name] for name, table in second.tables.items())


async def test_server_that_starts_anew_is_left_alone(tls: ssl.SSLContext) -> None:
    async with running(tls) as (server, door), reading() as reader:
        first = await look(reader, door)

        async def starting(_: web.Request) -> web.StreamResponse:
            return web.Response(status=503, text="SYS518")

        server.hostile = starting
        server.asked.clear()
        assert (await look(reader, door, 1, first)).blind is Blind.STARTING
        assert (await look(reader, door, 2, first)).blind is Blind.STARTING
        assert len(server.asked) == 1
