"""Signed links of letters: who may acknowledge which call by opening one. Made by `letters`, read when one comes back.

A token names ticket, event, address and the second in which it expires, with an HMAC over all that (RFC 2104, SHA-256):
nobody makes or changes one without the key. That each is used once, whoever reads it sees to.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

LONGEST = 1000
"""Characters of a token at most; what is longer is none of ours."""
_MAC = 16  # bytes of the HMAC that are kept: half, as RFC 2104 (5) allows at least


class LinkError(ValueError):
    """A token that is not ours, or no longer good; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a token names."""

    ticket: str
    event: int
    recipient: str
    expires: datetime


def signed(link: Link, key: bytes) -> str:
    """The token for `link`, of characters that may stand in an address."""
    named = [link.ticket, link.event, link.recipient, int(link.expires.timestamp())]
    body = json.dumps(named, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(_mac(body, key) + body).decode().rstrip("=")


def read(token: str, key: bytes, now: datetime) -> Link:
    """What `token` names. Raises LinkError where it was not made with `key`, or has expired."""
    if not key or len(token) > LONGEST or not token.isascii():
        raise LinkError("this is no link of ours")
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (Error, ValueError):
        raise LinkError("this is no link of ours") from None
    mac, body = raw[:_MAC], raw[_MAC:]
    # The same bytes have several spellings in base64; only ours is taken, so that one token is one.
    if not hmac.compare_digest(mac, _mac(body, key)) or urlsafe_b64encode(raw).decode().rstrip("=") != token:
        raise LinkError("this is no link of ours, or it was changed on its way")
    ticket, event, recipient, expires = json.loads(body)
    link = Link(ticket=ticket, event=event, recipient=recipient, expires=datetime.fromtimestamp(expires, UTC))
    if now >= link.expires:
        raise LinkError("this link has expired; acknowledge by a newer letter, or at the desk")
    return link


def fingerprint(token: str) -> str:
    """What is kept of a token that was used: nobody can make the token of it."""
    return sha256(token.encode()).hexdigest()


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"netvigil acknowledge\0" + body, "sha256")[:_MAC]
