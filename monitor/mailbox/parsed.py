"""What a mail says, from its bytes: who, about what, an answer of a machine or of a person. Nothing here raises.

Comes after the talk with the server (imap.py), before it is filed (filing.py). Every string is cleaned here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import parseaddr
from hashlib import sha256
from html import unescape

from collectors.text import cleaned, decoded, paragraphs

MOST_TEXT = 64 * 1024  # bytes of text that are looked at
_MOST_PARTS = 200
_MOST_IDS = 100
_MOST_FILES = 20
_ID = re.compile(r"<[^<>\s]{1,990}>")
_TICKET = re.compile(r"\[(T\d{8}-\d{4,})\]")
_ACKNOWLEDGES = re.compile(r"\s*(ack(nowledged?)?\b|收到|确认)", re.IGNORECASE)
# Where the quoted letter begins, as mail programs say it: Outlook, QQ, Foxmail, NetEase, Gmail, Apple, Thunderbird.
_QUOTED = re.compile(
    r"^\s*(>|-{2,}\s*(original message|原始邮件|回复的原邮件|转发邮件|forwarded message)"
    r"|_{20,}$|-- $"
    r"|(on|am|le)\b.{5,200}\b(wrote|schrieb|écrit)\s*[:：]\s*$"
    r"|(在\s*)?.{0,200}\d{1,2}.{0,200}写道\s*[:：]\s*$"
    r"|(from|发件人)\s*[:：].{0,300}[@<])",
    re.IGNORECASE,
)
_BULK = {"bulk", "junk", "list", "auto_reply", "auto-reply"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A delivery status notification (RFC 3464): which letter failed, and the words for why."""

    letter: str
    words: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One attachment, as it was sent."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as far as it matters. `about` are the Message-IDs that it answers, `ticket` the number in its subject."""

    message_id: str
    sender: str
    name: str = ""
    subject: str = ""
    about: tuple[str, ...] = ()
    ticket: str = ""
    text: str = ""
    automatic: str = ""
    bounce: Bounce | None = None
    files: tuple[File, ...] = ()

    @property
    def acknowledges(self) -> bool:
        """True where it begins with a word for: I have read it."""
        return _ACKNOWLEDGES.match(self.text) is not None


def mail(raw: bytes, *, is_whole: bool = True) -> Mail:
    """`raw` as a mail; what cannot be read of it is left out, and so is what is attached where it is not whole."""
    own = f"<sha256.{sha256(raw).hexdigest()}>"
    try:
        message = message_from_bytes(raw, policy=default)
        return _mail(message, own, is_whole=is_whole)
    except Exception as error:  # noqa: BLE001 - the library raises many kinds for headers that nobody writes by hand
        return Mail(message_id=own, sender="", automatic=f"cannot be read: {cleaned(type(error).__name__)}")


def _mail(message: EmailMessage, own: str, *, is_whole: bool) -> Mail:
    ids = _ID.findall(_header(message, "Message-ID"))
    name, address = parseaddr(_header(message, "From"))
    subject = cleaned(_header(message, "Subject"), 500)
    numbered = _TICKET.search(subject)
    answered = _ID.findall(_header(message, "In-Reply-To")) + _ID.findall(_header(message, "References"))[::-1]
    bounce = _bounce(message)
    return Mail(
        message_id=ids[0] if ids else own,
        sender=cleaned(address, 320).casefold(),
        name=cleaned(name, 100),
        subject=subject,
        about=tuple(dict.fromkeys(answered[:_MOST_IDS])),
        ticket=numbered[1] if numbered else "",
        text="" if bounce else said(_text(message)),
        automatic=_automatic(message),
        bounce=bounce,
        files=tuple(_files(message)) if is_whole and not bounce else (),
    )


def said(text: str) -> str:
    """What its author wrote: without the letter that they answer, and cleaned."""
    kept: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if _QUOTED.match(line[:600]):
            if kept or not line.lstrip().startswith(">"):
                break
            continue  # an answer beneath what it answers
        kept.append(line)
    return paragraphs("\n".join(kept), MOST_TEXT)


def _header(message: Message, name: str) -> str:
    """A header as text, also one that the library cannot take apart."""
    try:
        return str(message.get(name, ""))[:20_000]
    except Exception:  # noqa: BLE001 - ill-formed headers raise whatever their parser stumbles over
        return next((str(value)[:20_000] for key, value in message.raw_items() if key.lower() == name.lower()), "")


def _automatic(message: EmailMessage) -> str:
    """Why it was written by a machine (RFC 3834), "" where a person seems to have."""
    submitted = _header(message, "Auto-Submitted").split(";")[0].strip().casefold()
    if submitted not in {"", "no"}:
        return f"Auto-Submitted: {cleaned(submitted, 60)}"
    if (bulk := _header(message, "Precedence").strip().casefold()) in _BULK:
        return f"Precedence: {bulk}"
    for name in ("X-Autoreply", "X-Autorespond", "List-Id", "X-Netvigil-Ticket"):
        if message.get(name) is not None:
            return name
    return "no return path" if _header(message, "Return-Path").strip() == "<>" else ""


def _parts(message: Message) -> Iterator[Message]:
    for count, part in enumerate(message.walk()):
        if count == _MOST_PARTS:
            return
        yield part


def _text(message: EmailMessage) -> str:
    """The first text of the mail that is no attachment; HTML where there is nothing else."""
    found: dict[str, str] = {}
    for part in _parts(message):
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"} and part.get_content_disposition() != "attachment":
            found.setdefault(kind, _decoded(part))
    return found.get("text/plain") or _bare(found.get("text/html", ""))


def _files(message: EmailMessage) -> Iterator[File]:
    """What is attached; pictures that stand in the text, as signatures have them, are not."""
    count = 0
    for part in _parts(message):
        if part.get_content_disposition() != "attachment" or count == _MOST_FILES:
            continue
        body = part.get_payload(decode=True)
        if isinstance(body, bytes) and body:
            count += 1
            yield File(name=cleaned(part.get_filename() or "", 200) or f"attachment-{count}", body=body)


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload[:MOST_TEXT] if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset() or "utf-8", errors="strict")
    except (LookupError, UnicodeDecodeError):  # unknown or untrue charset, or a character that was cut
        return decoded(raw)


def _bare(html: str) -> str:
    """HTML as plain lines; what stands in a quotation is left out."""
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1\s*>", "", html)
    text = re.split(r"(?i)<blockquote\b", text, maxsplit=1)[0]
    text = re.sub(r"(?i)<(br|/p|/div|/tr|/li)\b[^>]*>", "\n", text)
    return unescape(re.sub(r"<[^>]*>", "", text))


def _bounce(message: EmailMessage) -> Bounce | None:
    """The failure that a delivery status notification tells, and the Message-ID of the letter."""
    if message.get_content_type() != "multipart/report":
        return None
    fields: dict[str, str] = {}
    letter = ""
    for part in _parts(message):
        kind = part.get_content_type()
        if kind in {"message/delivery-status", "message/global-delivery-status"}:
            for block in part.get_payload() if part.is_multipart() else []:
                if isinstance(block, Message):
                    fields |= {name.casefold(): cleaned(str(value), 300) for name, value in block.raw_items()}
        elif kind in {"message/rfc822", "message/rfc822-headers", "text/rfc822-headers", "message/global-headers"}:
            letter = letter or _inner_id(part)
    if "action" not in fields:
        return None
    words = " ".join(filter(None, (fields.get("status", ""), fields.get("diagnostic-code", ""))))
    return Bounce(
        letter=letter, words=words or fields["action"], failed=fields["action"].strip().casefold() == "failed"
    )


def _inner_id(part: Message) -> str:
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        text = f"Message-ID: {_header(inner[0], 'Message-ID')}"
    else:
        text = _decoded(part)
    found = re.search(r"(?im)^message-id:\s*(<[^<>\s]{1,990}>)", text)
    return found[1] if found else ""
