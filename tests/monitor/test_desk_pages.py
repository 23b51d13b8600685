"""The desk's pages over real HTTP: who may see what, forms from elsewhere, hostile words, a ticket's whole way."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from people_house import peopled, requested, told
from starlette.routing import Route

from alerts.desk import tickets as desk_tickets
from alerts.desk.entries import Request
from alerts.desk.recurring import Span
from alerts.desk.tickets import TicketState
from alerts.desk.windows import Scope
from alerts.faults.explained import explained
from desk_browser import PASSWORD, Browser, Desk, browsing, desk_served
from house import House
from monitor import accounts, acknowledging, explaining, link_key, ticketing
from monitor.model import EventKind, Language, Level, Ticket, TicketKind
from monitor.settings import Web
from monitor.store import accounts as kept
from monitor.store import attachments, faults, maintenance, tickets
from monitor.web.desk.application import desk_application
from monitor.web.desk.guard import OPEN
from monitor.web.desk.signing import inward

CORE, SITE = "hf-core-01", "hefei-1"
HOSTILE = "<script>alert(1)</script> {{7*7}} \"'><img src=x onerror=alert(2)> \u202eevil\u0000 \r\nSet-Cookie: a=b"


@pytest.fixture
async def served(house: House) -> AsyncIterator[tuple[str, Desk]]:
    async with desk_served(house) as found:
        yield found


@pytest.fixture
async def stranger(served: tuple[str, Desk]) -> AsyncIterator[Browser]:
    async with browsing(served[0]) as browser:
        yield browser


@pytest.fixture
async def li(served: tuple[str, Desk]) -> AsyncIterator[Browser]:
    async with browsing(served[0]) as browser:
        assert (await browser.log_in("li")).status_code == 303
        yield browser


def asked(
    house: House, text: str = "room 3 is dark", kind: TicketKind = TicketKind.REPAIR, caller: str = "Wu"
) -> Ticket:
    request = Request(kind=kind, text=text, channel="phone", caller=caller, device=CORE, level=Level.MAJOR)
    with house.store.writing() as disk:
        return ticketing.requested(disk, request, SITE, "centre", house.settings, house.clock())


def ticket_of(house: House, number: str) -> Ticket:
    with house.store.reading() as disk:
        return tickets.found(disk, number)


async def test_every_route_but_the_open_ones_wants_a_login(served: tuple[str, Desk], stranger: Browser) -> None:
    routes = [each for each in desk_application(served[1]).routes if isinstance(each, Route)]
    assert len(routes) >= 14
    for route in routes:
        path = re.sub(r"\{\w+\}", "x", route.path)
        for method in route.methods or ():
            answer = await stranger.client.request(
                method, path, data={"a": "b"} if method == "POST" else None, headers={"Sec-Fetch-Site": "same-origin"}
            )
            if path in OPEN or path.startswith("/a/"):
                continue
            assert (method, answer.status_code) in {("GET", 303), ("HEAD", 401), ("POST", 401)}, f"{method} {path}"
            assert answer.headers.get("location", "/login").startswith("/login")
    for path in ("/docs", "/redoc", "/openapi.json", "/metrics", "/nothing"):
        assert (await stranger.get(path)).status_code == 303


async def test_healthz_says_nothing_but_whether_all_is_well(served: tuple[str, Desk], stranger: Browser) -> None:
    assert (await stranger.get("/healthz")).text == "ok\n"
    served[1].standstill = "visits stand still since the disk of hf-core-01"
    answer = await stranger.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "trouble\n")


async def test_every_answer_has_the_headers_that_keep_a_browser_in_bounds(li: Browser, house: House) -> None:
    number = asked(house).id
    for path in ("/", "/tickets", f"/tickets/{number}", "/new", "/login", "/desk.css", "/healthz", "/nothing"):
        answer = await li.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"  # over HTTP; over HTTPS there is none at all
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text), path


async def test_login_brings_a_cookie_that_only_http_sees_and_a_new_one_each_time(stranger: Browser) -> None:
    stranger.client.cookies.set("netvigil", "chosen-by-somebody-else")
    first = await stranger.log_in("li")
    (cookie,) = [each for each in first.headers.get_list("set-cookie") if each.startswith("netvigil=")]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "chosen-by-somebody-else" not in cookie
    one = stranger.client.cookies.get("netvigil", domain="127.0.0.1")
    assert (await stranger.get("/")).status_code == 200
    assert (await stranger.post("/logout", {}, on="/")).status_code == 303
    stranger.client.cookies.clear()
    stranger.client.cookies.set("netvigil", one or "")
    assert (await stranger.get("/")).status_code == 303  # the old cookie counts no more
    stranger.client.cookies.clear()
    await stranger.log_in("li")
    assert stranger.client.cookies.get("netvigil") != one


async def test_cookie_over_https_is_secure_and_bound_to_the_host(house: House) -> None:
    web = Web(host="127.0.0.1", url="https://desk.example.org")
    async with desk_served(house, web) as (url, _), browsing(url) as browser:
        answer = await browser.get("/login")
        assert all("Secure" in each for each in answer.headers.get_list("set-cookie"))
        assert answer.headers["strict-transport-security"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        refused = await browser.post("/login", {}, headers={"Origin": "http://desk.example.org"})
        assert refused.status_code == 403


async def test_wrong_password_is_refused_and_the_sixth_try_not_heard(stranger: Browser) -> None:
    for _ in range(5):
        assert (await stranger.log_in("li", "wrong")).status_code == 403
    assert (await stranger.log_in("li")).status_code == 429
    assert (await stranger.log_in("nobody", "wrong")).status_code == 403


async def test_form_from_elsewhere_or_without_its_token_changes_nothing(li: Browser, house: House) -> None:
    number = asked(house).id
    path, page = f"/tickets/{number}/respond", f"/tickets/{number}"
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ):
        assert (await li.post(path, {}, on=page, headers=headers)).status_code == 403
    assert (await li.post(path, {"token": "wrong"})).status_code == 403
    assert (await li.post(path, {"text": "x"})).status_code == 403
    assert (await li.client.get(path)).status_code in {404, 405}
    answer = await li.client.post(path, json={"a": 1}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 400
    too_long = await li.post(path, {"text": "x" * 400_000}, on=page)
    assert too_long.status_code == 400
    assert len(ticket_of(house, number).events) == 1


async def test_viewer_sees_and_cannot_write(served: tuple[str, Desk], house: House) -> None:
    number = asked(house).id
    async with browsing(served[0]) as wu:
        await wu.log_in("wu")
        seen = await wu.get(f"/tickets/{number}")
        assert seen.status_code == 200
        assert "/respond" not in seen.text
        assert (await wu.post(f"/tickets/{number}/respond", {}, on="/")).status_code == 403
        assert (await wu.post("/new", {}, on="/")).status_code == 403
    assert len(ticket_of(house, number).events) == 1


async def test_one_time_password_opens_nothing_but_the_page_that_changes_it(
    served: tuple[str, Desk], house: House
) -> None:
    with house.store.writing() as disk:
        _, password = accounts.made(disk, "new", "", kept.AccountRole.ENGINEER, Language.ZH_CN, house.clock())
    async with browsing(served[0]) as browser, browsing(served[0]) as other:
        await browser.log_in("new", password)
        await other.log_in("new", password)
        assert (await browser.get("/")).headers["location"] == "/password"
        assert "一次性密码" in (await browser.get("/password")).text
        form = {"old": password, "new": PASSWORD, "again": PASSWORD}
        refused = await browser.post("/password", {**form, "old": "wrong"}, on="/password")
        assert refused.status_code == 403
        assert (await browser.post("/password", {**form, "again": "x" * 12}, on="/password")).status_code == 400
        assert (await browser.post("/password", form, on="/password")).status_code == 303
        assert (await browser.get("/")).status_code == 200
        assert (await other.get("/")).headers["location"] == "/login"


async def test_session_ends_with_its_time(li: Browser, house: House) -> None:
    house.clock.advance(hours=11)
    assert (await li.get("/")).status_code == 200
    house.clock.advance(hours=2)
    assert (await li.get("/")).status_code == 303


async def test_link_from_another_page_is_followed_by_one_step_on_ours(stranger: Browser) -> None:
    answer = await stranger.get("/tickets", **{"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, "refresh" in answer.text) == (200, True)


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "x", "/\n/evil", ""])
def test_login_leads_to_our_own_pages_alone(path: str) -> None:
    assert inward(path) == "/"
    assert inward("/tickets/T1?a=b") == "/tickets/T1?a=b"


async def test_wall_shows_tickets_by_level_with_their_nearest_clock(li: Browser, house: House) -> None:
    asked(house)
    seen = (await li.get("/")).text
    assert "room 3 is dark" in seen
    assert "left" in seen
    house.clock.advance(hours=5)
    assert "late" in (await li.get("/")).text
    chinese = await li.client.get("/", headers={"Accept-Language": "zh-CN"})
    assert 'lang="zh-CN"' in chinese.text
    assert "超时" in chinese.text


async def test_fault_in_maintenance_is_on_the_wall_without_a_ticket(li: Browser, house: House) -> None:
    await house.visit(CORE, 2)
    begin = house.clock()
    with house.store.writing() as disk:
        span = Span(begins=begin, ends=begin + timedelta(hours=2))
        maintenance.added(disk, Scope(device=CORE), span, "new <b>supplies</b>", "li", begin)
    house.breakages["core-supply"].break_()
    await house.visit(CORE, 5)
    seen = (await li.get("/")).text
    assert "Open faults without a ticket" in seen
    assert "Maintenance M1: new &lt;b&gt;supplies&lt;/b&gt;" in seen
    assert "/tickets/T" not in seen


async def test_fault_of_a_device_has_its_reasons_and_its_unit_on_the_page(li: Browser, house: House) -> None:
    await house.visit(CORE, 2)
    house.breakages["core-supply"].break_()
    await house.visit(CORE, 5)
    with house.store.reading() as disk:
        (ticket,) = tickets.unclosed(disk)
    seen = (await li.get(f"/tickets/{ticket.id}")).text
    assert "Part, unit and warranty" in seen
    assert "duty@example.org" in seen
    assert "waiting" in seen
    house.clock.advance(minutes=10)
    assert "letters wait for the mail server" in (await li.get("/")).text
    judged = seen.partition("<summary>How it was judged")[2].partition("</details>")[0]
    with house.store.reading() as disk:
        (fault,) = faults.open_faults(disk)
        context = explaining.context(disk, fault, house.settings, house.clock())
    for line in explained(fault, Language.EN, context).splitlines():
        assert line.partition(": ")[2] in unescape(judged), line


async def test_whole_way_of_a_ticket_by_taps(li: Browser, house: House) -> None:
    opened = await li.post(
        "/new",
        {"kind": "repair", "channel": "phone", "site": SITE, "device": CORE, "caller": "Ms Wu", "level": "2",
         "text": "no light"},
        on="/new",
    )  # fmt: skip
    assert opened.status_code == 303
    page = opened.headers["location"]
    number = page.rpartition("/")[2]
    for verb, form in (
        ("respond", {"on_site": "needed"}),
        ("dispatch", {"owner": "Zhang"}),
        ("accept", {}),
        ("depart", {}),
        ("arrive", {}),
        ("restore", {}),
        ("call-back", {"solved": "yes", "satisfaction": "5"}),
        ("close", {}),
    ):
        house.clock.advance(minutes=5)
        answer = await li.post(f"{page}/{verb}", form, on=page)
        assert answer.status_code == 303, f"{verb}: {answer.text}"
    ticket = ticket_of(house, number)
    assert desk_tickets.state(ticket) is TicketState.CLOSED
    assert {each.by for each in ticket.events} <= {"李工", "netvigil"}
    assert "Ms Wu" in (await li.get(page)).text


async def test_what_the_desk_refuses_is_said_and_what_was_typed_stays(li: Browser, house: House) -> None:
    number = asked(house).id
    page = f"/tickets/{number}"
    refused = await li.post(f"{page}/close", {"text": "all done & dusted"}, on=page)
    assert refused.status_code == 409
    assert "not called back" in refused.text
    missing = await li.post(f"{page}/handle", {"cause": "a loose cable"}, on=page)
    assert missing.status_code == 409
    assert "a loose cable" in missing.text
    unsaid = await li.post("/new", {"caller": "Ms Wu", "site": SITE, "channel": "phone"}, on="/new")
    assert unsaid.status_code == 400
    assert "Ms Wu" in unsaid.text


async def test_same_tap_twice_is_done_once(li: Browser, house: House) -> None:
    number = asked(house).id
    page = f"/tickets/{number}"
    for _ in range(2):
        assert (await li.post(f"{page}/comment", {"text": "once", "last": "1"}, on=page)).status_code == 303
    assert [each.kind for each in ticket_of(house, number).events].count(EventKind.COMMENT) == 1


async def test_entry_may_be_written_later_on_the_clock_of_the_site(li: Browser, house: House) -> None:
    number = asked(house).id
    house.clock.advance(hours=1)
    form = {"at": "2026-11-22T15:30"}
    assert (await li.post(f"/tickets/{number}/respond", form, on=f"/tickets/{number}")).status_code == 303
    event = ticket_of(house, number).events[-1]
    assert event.at.isoformat() == "2026-11-22T07:30:00+00:00"
    bad = await li.post(f"/tickets/{number}/comment", {"text": "x", "at": "tomorrow"}, on=f"/tickets/{number}")
    assert bad.status_code == 409


async def test_corrected_entry_is_struck_and_stays_readable(li: Browser, house: House) -> None:
    number = asked(house).id
    await li.post(f"/tickets/{number}/comment", {"text": "wrong words"}, on=f"/tickets/{number}")
    with house.store.writing() as disk:
        data = {"seq": "2", "reason": "mistyped", "text": "right words"}
        ticketing.acted(disk, number, EventKind.CORRECTED, "zhao", data, house.settings, house.clock())
    seen = (await li.get(f"/tickets/{number}")).text
    struck = re.search(r"<s>(.*?)</s>", seen, re.DOTALL)
    assert struck is not None
    assert "wrong words" in struck[1]
    assert "right words" in seen
    assert "zhao" in seen


async def test_hostile_words_come_out_harmless_everywhere(li: Browser, house: House) -> None:
    number = asked(house, HOSTILE, caller=HOSTILE).id
    page = f"/tickets/{number}"
    await li.post(f"{page}/comment", {"text": HOSTILE}, on=page)
    await li.post(f"{page}/comment", {"text": "A" * 65536}, on=page)
    refused = await li.post(f"{page}/close", {"text": HOSTILE}, on=page)
    found = await li.get(f"/tickets?q={HOSTILE.encode().hex()}&show={number}")
    searched = await li.client.get("/tickets", params={"q": HOSTILE, "site": HOSTILE, "show": HOSTILE})
    for answer in (await li.get("/"), await li.get(page), await li.get("/tickets"), refused, found, searched):
        assert answer.status_code in {200, 409}
        assert not re.search(r"<script|<img|\u202e|\x00", answer.text)
        assert "49" not in re.findall(r"&lt;/script&gt; (\S+)", answer.text)
        assert "set-cookie" not in answer.headers
        assert len(answer.content) < 200_000
    assert "{{7*7}}" in (await li.get(page)).text


async def test_hostile_paths_and_cookies_are_no_crash(li: Browser, stranger: Browser) -> None:
    for path in ("/tickets/%00", "/tickets/..%2f..%2fetc", "/tickets/%ff%fe", "/attachments/../../x", "/tickets/x/y/z"):
        assert (await li.get(path)).status_code in {200, 303, 404, 405}
    stranger.client.cookies.set("netvigil", "\\x00;a=b" * 20)
    assert (await stranger.get("/")).status_code == 303


async def test_attachment_is_kept_and_never_shown_by_the_browser(li: Browser, house: House) -> None:
    number = asked(house).id
    with house.store.writing() as disk:
        state, clock = house.settings.daemon.state, house.clock()
        one = attachments.kept(state, disk, b"<script>alert(1)</script>", "text/html", 1000, clock)
        data = {"sha256": one.sha256, "name": 'a"\r\nX: y<b>.html', "size": "1", "media_type": "text/html"}
        ticketing.acted(disk, number, EventKind.ATTACHED, "li", data, house.settings, clock)
    answer = await li.get(f"/attachments/{one.sha256}?ticket={number}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "x" not in answer.headers
    assert (await li.get(f"/attachments/{one.sha256}")).status_code == 404
    assert (await li.get(f"/attachments/{'0' * 64}?ticket={number}")).status_code == 404


async def test_call_backs_and_filters_find_what_they_say(li: Browser, house: House) -> None:
    number = asked(house).id
    for verb in ("respond", "restore"):
        await li.post(f"/tickets/{number}/{verb}", {}, on=f"/tickets/{number}")
    assert "To be called back" in (await li.get("/")).text
    assert number in (await li.get("/tickets?show=call-back")).text
    assert number in (await li.get("/tickets?show=mine")).text
    assert number in (await li.get(f"/tickets?q=ROOM+dark&site={SITE}")).text
    assert number not in (await li.get("/tickets?q=elsewhere")).text
    house.clock.advance(days=1)
    assert (await li.log_in("li")).status_code == 303
    assert number in (await li.get("/tickets?show=all")).text


async def test_link_of_a_mail_acknowledges_by_its_button_alone_and_once(house: House) -> None:
    settings = peopled(house).settings
    house.settings = replace(settings, letters=replace(settings.letters, links="https://desk.example.org"))
    link_key.made(settings.daemon.state)
    ticket = requested(house)
    (path,) = set(re.findall(r"https://desk\.example\.org(/a/[\w-]+)", told(house, ticket)["an@example.org"].text))
    before = len(ticket_of(house, ticket.id).events)
    async with desk_served(house, links=acknowledging) as (url, _), browsing(url, "zh-CN") as browser:
        for _ in range(2):  # as mail scanners do
            seen = await browser.get(path, **{"Sec-Fetch-Site": "cross-site"})
            assert (seen.status_code, "已阅知" in seen.text) == (200, True)
        assert len(ticket_of(house, ticket.id).events) == before
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await browser.client.post(f"{path}x", headers=form)).status_code == 410
        assert (await browser.client.post(path, headers=form)).status_code == 200
        assert (await browser.client.post(path, headers=form)).status_code == 410
        assert (await browser.get(path)).status_code == 410
        newest = ticket_of(house, ticket.id).events[-1]
        assert (newest.kind, newest.by) == (EventKind.ACKNOWLEDGED, "an")
        assert (await browser.get(f"/tickets/{ticket.id}")).status_code == 303
