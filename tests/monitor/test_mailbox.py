"""Mail that comes in: over a real talk with a mailbox on loopback, into a real store."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from imap_server import ImapServer
from own_certificate import identity, own_certificate
from people_house import acted, peopled, requested, told

from alerts.post.letters import trial
from alerts.post.mail import Security
from house import SECRETS, House
from monitor.config import ConfigError, loaded
from monitor.deliveries import deliveries
from monitor.mailbox.parsed import mail, said
from monitor.mailbox.reading import Reading
from monitor.metrics import Metrics
from monitor.model import EventKind, Language, Letter, Recipient, Ticket
from monitor.settings import Mailbox
from monitor.store import attachments, letters, mails, tickets

AN, XU = "an@example.org", "xu@example.org"


@pytest.fixture
async def box(house: House) -> AsyncIterator[ImapServer]:
    """A mailbox that the house reads."""
    server = ImapServer()
    await server.open()
    mailbox = Mailbox(
        server="127.0.0.1", port=server.port, user="netvigil", password=server.password, security=Security.NONE
    )
    house.settings = replace(peopled(house).settings, mailbox=mailbox)
    yield server
    server.close()


async def read(house: House, metrics: Metrics | None = None) -> None:
    """Look into the mailbox once, as a daemon that was just started."""
    reading = Reading(house.settings, house.store, metrics or Metrics("test"), house.clock)
    await reading.tick()
    await reading.finished()


def written(sender: str, text: str, about: Letter | None = None, /, **headers: str) -> bytes:
    """A mail as a person's program writes it."""
    lines = {"From": f"Somebody <{sender}>", "To": "netvigil@example.org", "Subject": "Re: hello"}
    lines |= {"Message-ID": f"<{abs(hash((sender, text)))}@mua.example>", "Content-Type": "text/plain; charset=utf-8"}
    if about is not None:
        lines |= {"In-Reply-To": about.message_id, "References": about.message_id}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    return "\r\n".join([*(f"{name}: {value}" for name, value in lines.items()), "", text]).encode()


def now(house: House, ticket: Ticket) -> Ticket:
    with house.store.reading() as disk:
        return tickets.found(disk, ticket.id)


def came(house: House) -> list[tuple[str, str]]:
    with house.store.reading() as disk:
        return [(each.what, each.why) for each in mails.newest(disk, 100)]


async def test_answer_to_a_letter_becomes_a_comment_without_what_it_quotes(house: House, box: ImapServer) -> None:
    ticket = requested(house)
    letter = told(house, ticket)[AN]
    box.arrive(written(AN, "On my way.\r\n\r\nOn Sun, 22 Nov 2026, Netvigil wrote:\r\n> Level 2", letter))
    metrics = Metrics("test")
    await read(house, metrics)
    last = now(house, ticket).events[-1]
    assert (last.kind, last.by, last.data) == (EventKind.COMMENT, "an", {"text": "On my way.", "via": "mail"})
    assert box.seen == {101}
    assert b'netvigil_mailbox_mails_total{result="comment"} 1.0' in metrics.text()


@pytest.mark.parametrize("word", ["ACK", "ack, thanks", "收到，马上处理", "确认"])
async def test_answer_that_begins_with_the_word_acknowledges(house: House, box: ImapServer, word: str) -> None:
    ticket = requested(house)
    box.arrive(written(AN, word, Subject=f"Re: [{ticket.id}] hf-core-01"))
    await read(house)
    assert now(house, ticket).events[-1].kind is EventKind.ACKNOWLEDGED


async def test_word_of_a_customer_acknowledges_nothing_and_is_a_comment(house: House, box: ImapServer) -> None:
    ticket = requested(house)
    letter = told(house, acted(house, ticket, EventKind.RESPONDED))[XU]
    box.arrive(written(XU, "收到，谢谢", letter))
    await read(house)
    last = now(house, ticket).events[-1]
    assert (last.kind, last.by) == (EventKind.COMMENT, "Mr Xu")
    mail_of_it = told(house, now(house, ticket))
    assert {AN, "duty@example.org"} <= mail_of_it.keys()
    assert XU not in mail_of_it
    assert "收到，谢谢" in mail_of_it[AN].text


async def test_mail_of_a_contact_opens_a_ticket_and_of_a_stranger_is_kept_aside(house: House, box: ImapServer) -> None:
    box.arrive(written(XU, "The switch in room 3 is dark.", Subject="=?utf-8?b?5pWF6Zqc?="))
    box.arrive(written("mallory@example.net", "buy"))
    ticket = requested(house)
    box.arrive(written("mallory@example.net", "ACK", told(house, ticket)[AN]))
    await read(house)
    with house.store.reading() as disk:
        opened = next(each for each in tickets.unclosed(disk) if each.id != ticket.id)
    first = opened.events[0]
    assert (first.data["channel"], first.data["caller"], first.data["mail"]) == ("mail", "Mr Xu", XU)
    assert first.data["text"] == "故障\nThe switch in room 3 is dark."
    assert came(house).count(("aside", "nobody we know")) == 2
    assert now(house, ticket) == ticket


async def test_contact_writes_into_no_ticket_of_another_customer(house: House, box: ImapServer) -> None:
    ticket = requested(house)
    contacts = tuple(replace(each, customer="other") for each in house.settings.people.contacts)
    house.settings = replace(house.settings, people=replace(house.settings.people, contacts=contacts))
    box.arrive(written(XU, "mine", Subject=f"[{ticket.id}]"))
    await read(house)
    assert now(house, ticket) == ticket
    assert came(house) == [("aside", f"{ticket.id} is a ticket of another customer or site")]


async def test_recipient_who_is_listed_for_others_writes_into_no_ticket_of_theirs(
    house: House, box: ImapServer
) -> None:
    ticket = requested(house)
    (first, *others) = house.settings.mail.recipients
    listed = (replace(first, customers=("other",)), *others)
    house.settings = replace(house.settings, mail=replace(house.settings.mail, recipients=listed))
    box.arrive(written(first.address, "ACK", Subject=f"[{ticket.id}]"))
    box.arrive(written(others[0].address, "ACK", Subject=f"[{ticket.id}]"))
    await read(house)
    assert sorted(what for what, _ in came(house)) == ["acknowledged", "aside"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<all.example.org>"},
        {"Return_Path": "<>"},
        {"X_Autoreply": "yes"},
    ],
)
async def test_answers_of_machines_are_counted_and_nothing_follows(
    house: House, box: ImapServer, headers: dict[str, str]
) -> None:
    box.arrive(written(XU, "I am on holiday", None, **headers))
    await read(house)
    with house.store.reading() as disk:
        assert tickets.unclosed(disk) == ()
    assert [what for what, _ in came(house)] == ["automatic"]


async def test_one_sender_opens_only_so_many_tickets_within_an_hour(house: House, box: ImapServer) -> None:
    for count in range(12):
        box.arrive(written(XU, f"still dark {count}"))
    await read(house)
    assert [what for what, _ in came(house)].count("opened") == 10
    assert [what for what, _ in came(house)].count("aside") == 2


BOUNCE = """From: MAILER-DAEMON@mx.example.org
To: netvigil@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: <b1@mx.example.org>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you ...
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; an@example.org
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--x
Content-Type: {kind}

Message-ID: {letter}
Subject: hello

--x--
"""


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers"])
@pytest.mark.parametrize(("action", "state"), [("failed", "bounced"), ("delayed", "accepted")])
async def test_letter_that_came_back_is_marked(
    house: House, box: ImapServer, action: str, state: str, kind: str
) -> None:
    letter = told(house, requested(house))[AN]
    with house.store.writing() as disk:
        letters.ended(disk, letter.message_id, letters.LetterState.ACCEPTED, house.clock(), "250 kept")
    box.arrive(BOUNCE.format(action=action, letter=letter.message_id, kind=kind).replace("\n", "\r\n").encode())
    await read(house)
    with house.store.reading() as disk:
        found = letters.by_id(disk, letter.message_id)
    assert found is not None
    assert found.state.value == state
    assert ("550 5.1.1 User unknown" in found.response) is (state == "bounced")


async def test_mail_is_filed_once_also_where_we_die_before_it_is_marked(house: House, box: ImapServer) -> None:
    ticket = requested(house)
    box.arrive(written(AN, "once", told(house, ticket)[AN]))
    box.cut = b"UID STORE"
    await read(house)
    box.cut = b""
    assert box.seen == set()
    await read(house)
    assert [each.kind for each in now(house, ticket).events].count(EventKind.COMMENT) == 1
    assert box.seen == {101}


async def test_mailbox_that_refuses_or_hangs_holds_up_nobody(house: House, box: ImapServer) -> None:
    assert house.settings.mailbox is not None
    wrong = replace(house.settings.mailbox, password="x")
    metrics = Metrics("test")
    house.settings = replace(house.settings, mailbox=wrong)
    await read(house, metrics)
    box.close()
    await read(house, metrics)
    assert b"netvigil_mailbox_last_look_timestamp_seconds 0.0" in metrics.text()


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_certificate_of_the_mailbox_is_checked(house: House, tmp_path: Path, *, is_trusted: bool) -> None:
    certificate = own_certificate(tmp_path)
    server = ImapServer(context=identity(certificate))
    await server.open()
    ticket = requested(peopled(house))
    server.arrive(written(AN, "hello", told(house, ticket)[AN]))
    box = Mailbox(server="127.0.0.1", port=server.port, user="netvigil", password=server.password)
    house.settings = replace(house.settings, mailbox=replace(box, authority=certificate) if is_trusted else box)
    await read(house)
    assert (now(house, ticket).events[-1].kind is EventKind.COMMENT) is is_trusted
    assert any(b"LOGIN" in each for each in server.said) is is_trusted
    server.close()


async def test_mailbox_without_starttls_is_not_read_in_the_clear(house: House, box: ImapServer) -> None:
    assert house.settings.mailbox is not None
    house.settings = replace(house.settings, mailbox=replace(house.settings.mailbox, security=Security.STARTTLS))
    await read(house)
    assert box.said
    assert not any(b"LOGIN" in each for each in box.said)


def test_mailbox_of_the_settings_is_read_with_its_secret_by_reference(house: House) -> None:
    file = house.folder / "netvigil.toml"
    table = '[mailbox]\nserver = "imap.example.org"\nuser = "nv"\npassword = { env = "BOX" }\n'
    file.write_text(file.read_text() + table)
    found = loaded(house.folder, {**SECRETS, "BOX": "sesame"}).mailbox
    assert found is not None
    assert (found.port, found.security, found.verify, found.password) == (993, Security.TLS, True, "sesame")
    with pytest.raises(ConfigError, match="BOX"):
        loaded(house.folder, SECRETS)
    file.write_text(file.read_text().replace('{ env = "BOX" }', '"sesame"'))
    with pytest.raises(ConfigError, match="a secret may not stand in this file"):
        loaded(house.folder, SECRETS)


async def test_password_is_never_in_the_settings_as_printed(house: House, box: ImapServer) -> None:
    assert box.password not in repr(house.settings)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("好的\n\n在 2026-11-22 15:04:12，Netvigil <n@example.org> 写道：\n> 二级故障", "好的"),
        ("ok\n\n------------------ 原始邮件 ------------------\n发件人: x", "ok"),
        ("ok\n-----Original Message-----\nFrom: x", "ok"),
        ("ok\n________________________________\nFrom: Netvigil <n@example.org>", "ok"),
        ("ok\n\nFrom: Netvigil <n@example.org>\nSent: Sunday", "ok"),
        ("> Level 2\n> since\nbeneath", "beneath"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("From here on it works", "From here on it works"),
        ("On Monday we wrote: nothing\nmore", "On Monday we wrote: nothing\nmore"),
        ("a\u202eb\x00c\x1b[31m", "ab c[31m"),
    ],
)
def test_quoted_letter_is_cut_and_what_they_wrote_is_kept(text: str, left: str) -> None:
    assert said(text) == left


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"From: \xff\xfe\r\n\r\n\xff",
        b"From: <<<>>>@@@\r\nMessage-ID: <\r\nReferences: " + b"<x@y> " * 10_000 + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * 5000,
        b"Content-Type: text/plain; charset=no-such\r\n\r\n\xc4\xe3\xba\xc3",
        b"Content-Type: multipart/report\r\n\r\nx",
        b"Content-Type: message/rfc822\r\n\r\n" * 300,
        b"Subject: =?utf-8?b?////?=\r\nFrom: =?x?q?=?=\r\n\r\nx",
    ],
)
def test_whatever_comes_in_is_read_as_far_as_it_can_be(raw: bytes) -> None:
    assert mail(raw).message_id


def test_html_alone_is_read_as_lines_and_gbk_as_what_it_says() -> None:
    html = "<style>x</style><p>好的</p><div>马上<br>到</div><blockquote>old</blockquote>".encode("gb2312")
    raw = b'From: a@example.org\r\nContent-Type: text/html; charset="gb2312"\r\n\r\n' + html
    assert mail(raw).text == "好的\n马上\n到"


def with_files(sender: str, about: Letter, *files: tuple[str, bytes]) -> bytes:
    """An answer with attachments, and a picture in its signature."""
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = sender, "Re: hello", "<files@mua.example>"
    message["In-Reply-To"] = about.message_id
    message.set_content("See what the switch says.")
    message.add_attachment(b"logo", maintype="image", subtype="png", disposition="inline", filename="logo.png")
    for name, body in files:
        message.add_attachment(body, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes(policy=SMTP)


async def test_what_is_attached_to_an_answer_is_attached_to_the_ticket_up_to_its_size(
    house: House, box: ImapServer
) -> None:
    house.settings = replace(house.settings, attachment=10_000)
    ticket = requested(house)
    small, large = bytes(range(256)), b"x" * 10_001
    box.arrive(with_files(AN, told(house, ticket)[AN], ("../显示.log", small), ("large.bin", large)))
    await read(house)
    events = now(house, ticket).events[-2:]
    assert [each.kind for each in events] == [EventKind.COMMENT, EventKind.ATTACHED]
    assert (events[1].by, events[1].data["name"]) == ("an", "显示.log")
    assert attachments.read(house.settings.daemon.state, events[1].data["sha256"]) == small
    ((what, why),) = came(house)
    assert what == "comment"
    assert why.startswith("large.bin: 10001 octets")


def test_mail_that_was_cut_brings_no_attachment() -> None:
    letter = trial(Recipient(name="x", address=AN, language=Language.EN), "example.org", datetime.now(UTC))
    raw = with_files(AN, letter, ("a", b"b"))
    assert [each.body for each in mail(raw).files] == [b"b"]
    assert mail(raw, is_whole=False).files == ()
    assert mail(raw, is_whole=False).text == "See what the switch says."


async def test_letter_that_came_back_keeps_what_the_server_said_and_who_read_it(house: House) -> None:
    ticket = requested(peopled(house))
    letter = told(house, ticket)[AN]
    with house.store.writing() as disk:
        letters.ended(disk, letter.message_id, letters.LetterState.ACCEPTED, house.clock(), "250 queued as 4F2A")
    house.clock.advance(minutes=2)
    acted(house, ticket, EventKind.ACKNOWLEDGED, "an", via="link")
    with house.store.writing() as disk:
        letters.bounced(disk, letter.message_id, "5.1.1 no such user", house.clock())
    with house.store.reading() as disk:
        every = deliveries(disk, tickets.found(disk, ticket.id), house.settings)
    (one,) = [each for each in every if each.to == AN]
    assert one.server == "5.1.1 no such user (taken at 2026-11-22T07:00:00+00:00: 250 queued as 4F2A)"
    assert (one.who, one.way, one.state.value, one.tries) == ("an", "mail", "bounced", 1)
    assert (one.acknowledged_by, one.acknowledged_via) == ("an", "link")
    assert one.acknowledged_at == house.clock()
    assert [each.acknowledged_by for each in every if each.to != AN] == ["", ""]
