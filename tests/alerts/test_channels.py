"""One try to a channel, against a real server that answers as robots and gateways do."""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from chat_server import KEY, SECRET, TOKEN, chatting

from alerts.post.channels import Channel, ChannelKind, fitted, way
from alerts.post.chat import sent, wrong
from alerts.post.mail import Verdict
from monitor.model import Language, Letter

ADDRESSES = {
    ChannelKind.WECOM: f"wecombot://{KEY}",
    ChannelKind.DINGTALK: f"dingtalk://{SECRET}@{TOKEN}",
    ChannelKind.FEISHU: f"feishu://{TOKEN}",
}
CHATS = pytest.mark.parametrize("kind", list(ADDRESSES))
SECONDS = timedelta(seconds=10)


def channel(kind: ChannelKind, server: str) -> Channel:
    return Channel(name=f"{kind.value}-duty", kind=kind, url=ADDRESSES[kind], server=server, timeout=SECONDS)


def gateway(url: str, scheme: str = "json", accepted: str = "") -> Channel:
    body = {"to": "{phone}", "text": "{text}", "ref": "{id}", "sign": "【示例】"}
    address = f"{scheme}://user:pa55word@{url.removeprefix('http://')}/sms/send"
    return Channel(name="sms", kind=ChannelKind.SMS, url=address, body=body, accepted=accepted, timeout=SECONDS)


def letter(text: str = "[T1 #1] 一级故障\nhttps://desk.example.org/tickets/T1", to: str = "wecom-duty") -> Letter:
    return Letter(
        ticket="T1", event=1, recipient=to, subject="s", text=text, html="", message_id="<T1.1.abc@example.org>",
        language=Language.EN, created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )  # fmt: skip


@CHATS
async def test_robot_takes_a_letter_in_its_own_form(kind: ChannelKind) -> None:
    async with chatting() as chat:
        receipt = await sent(letter(), channel(kind, chat.url))
    assert receipt.verdict is Verdict.ACCEPTED, receipt.words
    assert chat.texts() == ["[T1 #1] 一级故障\nhttps://desk.example.org/tickets/T1"]


async def test_letter_that_was_made_for_mail_is_its_subject_and_first_lines() -> None:
    long = replace(letter("one\n\ntwo\nthree\nfour"), html="<p>one</p>", subject="Notice of a maker")
    async with chatting() as chat:
        await sent(long, channel(ChannelKind.WECOM, chat.url))
    assert chat.texts() == ["Notice of a maker\none\ntwo\nthree"]


@CHATS
async def test_robot_that_refuses_in_its_body_has_refused_whatever_http_says(kind: ChannelKind) -> None:
    async with chatting() as chat:
        number, words = ("code", "msg") if kind is ChannelKind.FEISHU else ("errcode", "errmsg")
        chat.answers = [{number: 93000, words: f"invalid webhook url {TOKEN} {KEY}"}]
        receipt = await sent(letter(), channel(kind, chat.url))
    assert receipt.verdict is Verdict.REFUSED
    assert receipt.words.startswith("93000 invalid webhook url")
    assert (KEY if kind is ChannelKind.WECOM else TOKEN) not in receipt.words


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (ChannelKind.WECOM, {"errcode": 45009, "errmsg": "api freq out of limit"}),
        (ChannelKind.DINGTALK, {"errcode": 130101, "errmsg": "send too fast"}),
        (ChannelKind.FEISHU, {"code": 11232, "msg": "frequency limited"}),
        (ChannelKind.WECOM, "<html>please log in</html>"),
        (ChannelKind.WECOM, "[1]"),
    ],
)
async def test_robot_that_is_busy_or_not_understood_is_asked_again(kind: ChannelKind, answer: str) -> None:
    async with chatting() as chat:
        chat.answers = [answer]
        receipt = await sent(letter(), channel(kind, chat.url))
    assert (receipt.verdict, receipt.concerns_all) == (Verdict.RETRY, True)


async def test_server_in_trouble_and_a_dead_one_are_asked_again_and_a_missing_page_is_not() -> None:
    async with chatting() as chat:
        here = channel(ChannelKind.WECOM, chat.url)
        chat.status = 503
        assert (await sent(letter(), here)).verdict is Verdict.RETRY
        chat.status = 404
        assert (await sent(letter(), here)).verdict is Verdict.REFUSED
    dead = await sent(letter(), here)
    assert (dead.verdict, dead.words) == (Verdict.RETRY, "no connection")


async def test_server_that_never_answers_is_left_in_time_and_holds_one_thread_alone() -> None:
    async with chatting() as chat:
        chat.seconds = 1.5
        slow = replace(channel(ChannelKind.FEISHU, chat.url), name="slow", timeout=timedelta(milliseconds=300))
        loop = asyncio.get_running_loop()
        before = loop.time()
        receipt = await sent(letter(), slow)
        assert loop.time() - before < 1.4
        assert (receipt.verdict, receipt.words) == (Verdict.RETRY, "no answer within 0.3 s")


async def test_drip_of_a_header_keeps_no_second_thread() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _number in range(30):
            writer.write(b"H")
            await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    slow = replace(channel(ChannelKind.FEISHU, url), name="drip", timeout=timedelta(milliseconds=300))
    assert (await sent(letter(), slow)).words == "no answer within 0.3 s"
    assert "has not ended" in (await sent(letter(), slow)).words
    await asyncio.sleep(3.2)
    server.close()


@pytest.mark.parametrize("scheme", ["json", "form"])
async def test_gateway_for_short_messages_is_sent_the_body_of_the_settings(scheme: str) -> None:
    async with chatting() as chat:
        chat.always = {"code": 0, "id": "m-17"}
        receipt = await sent(letter("line {phone}\nlink", "sms/13800000000"), gateway(chat.url, scheme, '"code": 0'))
    assert receipt.verdict is Verdict.ACCEPTED
    assert "m-17" in receipt.words
    (said,) = chat.said
    assert said == {
        "to": "13800000000", "text": "line {phone}\nlink", "ref": "T1.1.abc@example.org", "sign": "【示例】",
    }  # fmt: skip
    assert chat.paths == ["/sms/send"]


async def test_gateway_that_says_no_in_its_answer_has_refused() -> None:
    async with chatting() as chat:
        chat.always = {"code": 7, "why": "no money, pa55word"}
        receipt = await sent(letter(to="sms/138"), gateway(chat.url, accepted='"code": 0'))
    assert receipt.verdict is Verdict.REFUSED
    assert "pa55word" not in receipt.words


@CHATS
async def test_no_address_stands_in_the_log(kind: ChannelKind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with chatting() as chat:
        here = channel(kind, chat.url)
        await sent(letter(), here)
        assert wrong(here) == ""
    assert wrong(replace(here, url="wecombot://bad token!/x y")) != ""
    written = caplog.text
    assert not any(secret in written or secret in repr(here) for secret in (KEY, TOKEN, SECRET, "bad token"))


@pytest.mark.parametrize(
    ("kind", "most"), [(ChannelKind.WECOM, 2000), (ChannelKind.DINGTALK, 4000), (ChannelKind.SMS, 201)]
)
def test_long_text_is_cut_and_its_link_is_whole(kind: ChannelKind, most: int) -> None:
    link = "https://desk.example.org/a/" + "x" * 90
    whole = fitted("故障" * 5000 + "\n" + link, Channel(name="c", kind=kind))
    assert whole.endswith("…\n" + link)
    size = len(whole) if kind is ChannelKind.SMS else len(whole.encode())
    assert most - 3 <= size <= most


def test_addresses_say_by_which_way_a_letter_leaves() -> None:
    assert [way(each) for each in ("a@example.org", "duty-group", "sms/138")] == ["mail", "duty-group", "sms"]
