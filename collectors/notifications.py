"""Traps and informs, opened: SNMPv1 and SNMPv2c by their community, SNMPv3 by PySNMP behind a gate of ours.

The gate decodes strictly, demands the level that the user has keys for, and checks digest and age, so that PySNMP sees
only what a holder of the keys wrote: it answers engine discovery, decrypts, and acknowledges informs. SNMPv2c has no
security to get right and is opened by our codec, in a twentieth of the time: traps matter most when a site goes dark
and thousands come at once. Nothing a datagram holds can raise out of here.
"""

import hmac
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from pyasn1.type import univ  # type: ignore[import-untyped]  # pyasn1 has no types
from pysnmp.carrier.asyncio.base import AbstractAsyncioTransport  # type: ignore[import-untyped]  # PySNMP has no types
from pysnmp.carrier.asyncio.dgram import udp  # type: ignore[import-untyped]
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher  # type: ignore[import-untyped]
from pysnmp.entity import config  # type: ignore[import-untyped]
from pysnmp.entity.engine import SnmpEngine  # type: ignore[import-untyped]
from pysnmp.entity.rfc3413.ntfrcv import NotificationReceiver  # type: ignore[import-untyped]
from pysnmp.proto import rfc1902  # type: ignore[import-untyped]

from collectors.shouts import Shout, trap_said
from collectors.snmp.codec import (
    AUTH,
    PRIV,
    Binding,
    CodecError,
    Kind,
    MessageV2,
    MessageV3,
    PduKind,
    decoded_message,
    encoded_binding,
    encoded_pdu,
    encoded_v2,
)
from collectors.snmp.keys import DIGEST_OCTETS, localized
from collectors.snmp.pysnmp_engine import AUTH_PROTOCOLS, PRIV_PROTOCOLS, plain
from collectors.snmp.reader import Community, Credential, User
from collectors.snmp.trap_v1 import decoded_trap_v1, is_v1

log = logging.getLogger(__name__)
_WINDOW = 150  # seconds, RFC 3414 section 2.2.3
_MOST_ENGINES = 20_000
_MOST_DIGESTS = 4096
_LAST_BOOTS = 2**31 - 1
_ENGINE_ID = range(5, 33)


class Refusal(StrEnum):
    """Why a notification was not taken."""

    MALFORMED = "malformed"
    WRONG_COMMUNITY = "wrong_community"
    WRONG_USER = "wrong_user"
    WRONG_LEVEL = "wrong_level"
    WRONG_KEY = "wrong_key"
    REPLAYED = "replayed"
    NOT_A_TRAP = "not_a_trap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What came of a datagram: a shout, or why there is none (neither for discovery); and what to send back."""

    shout: Shout | None = None
    refusal: Refusal | None = None
    replies: tuple[bytes, ...] = ()


@dataclass(slots=True)
class _Heard:
    """What was last heard from one SNMP engine: the latest boots and time, and what came within the window."""

    boots: int = 0
    time: int = 0
    floor: tuple[int, int] = (-1, -1)
    """Up to here it was heard before our start: what came then is not known any more, so that nothing of it counts."""
    digests: deque[tuple[int, int, bytes]] = field(default_factory=deque)
    known: set[bytes] = field(default_factory=set)

    def fresh(self, boots: int, time: int, digest: bytes) -> bool:
        """False for what is older than the window, or came before. Remembers it."""
        if boots >= _LAST_BOOTS or boots < self.boots or (boots == self.boots and time < self.time - _WINDOW):
            return False
        if digest in self.known or (boots, time) <= self.floor:
            return False
        self.boots, self.time = max((self.boots, self.time), (boots, time))
        self.digests.append((boots, time, digest))
        self.known.add(digest)
        oldest = (self.boots, self.time - _WINDOW)
        while self.digests and (self.digests[0][:2] < oldest or len(self.digests) > _MOST_DIGESTS):
            self.known.discard(self.digests.popleft()[2])
        return True


class Notifications:
    """Opens notifications. `engine_id` and `boots` are ours, for informs: `boots` must be more after each start."""

    def __init__(self, engine_id: bytes, boots: int) -> None:
        self._engine_id, self._boots = engine_id, boots
        self._engines: dict[User, _Receiver] = {}
        self._heard: dict[bytes, _Heard] = {}
        self._news: set[bytes] = set()

    def remember(self, clocks: Mapping[bytes, tuple[int, int]]) -> None:
        """Take up what `clocks` told before a restart: a sender's messages of up to then are old."""
        for sender, (boots, time) in clocks.items():
            self._heard.setdefault(sender, _Heard(boots=boots, time=time, floor=(boots, time)))

    def clocks(self) -> dict[bytes, tuple[int, int]]:
        """Boots and time of the senders that were heard since the last call."""
        news, self._news = self._news, set()
        found = ((sender, self._heard.get(sender)) for sender in news)
        return {sender: (heard.boots, heard.time) for sender, heard in found if heard is not None}

    def opened(self, datagram: bytes, source: str, credentials: Sequence[Credential]) -> Opened:
        """What `datagram` of the address `source` says, to whom these credentials are known."""
        try:
            if is_v1(datagram):
                return _opened_v1(datagram, source, credentials)
            message = decoded_message(datagram)
            if isinstance(message, MessageV2):
                return _opened_v2(message, source, credentials)
            return self._opened_v3(message, datagram, source, [one for one in credentials if isinstance(one, User)])
        except CodecError:
            return Opened(refusal=Refusal.MALFORMED)
        except Exception:  # PySNMP raises many kinds for bytes a device may send
            log.debug("a notification of %s", source, exc_info=True)
            return Opened(refusal=Refusal.MALFORMED)

    def close(self) -> None:
        """Give PySNMP's engines back."""
        for receiver in self._engines.values():
            receiver.close()
        self._engines.clear()

    def _opened_v3(self, message: MessageV3, datagram: bytes, source: str, users: Sequence[User]) -> Opened:
        security = message.security
        if not security.engine_id:  # an inform's sender asks who we are (RFC 3414 section 4)
            return Opened(replies=self._receiver(users[0]).told(datagram)[1]) if users else _refused(Refusal.WRONG_USER)
        named = [user for user in users if user.user.encode() == security.user]
        if len(security.engine_id) not in _ENGINE_ID:
            return _refused(Refusal.MALFORMED)
        if not named:
            return _refused(Refusal.WRONG_USER)
        fitting = [user for user in named if _level(user) == message.flags & (AUTH | PRIV)]
        if not fitting:
            return _refused(Refusal.WRONG_LEVEL)
        for user in fitting:
            if user.auth is None or _signed(user, message, datagram):
                return self._taken(user, message, datagram, source)
        return _refused(Refusal.WRONG_KEY)

    def _taken(self, user: User, message: MessageV3, datagram: bytes, source: str) -> Opened:
        security, fresh = message.security, True
        ours = security.engine_id == self._engine_id
        receiver = self._receiver(user)
        if not ours:
            receiver.know(security.engine_id)
        if user.auth is not None:
            # of an inform the clock is ours, and PySNMP checks it
            sender = security.engine_id if not ours else source.encode()
            fresh = self._of(sender).fresh(security.boots, security.time, security.auth)
            if fresh:
                self._news.add(sender)
            if not (fresh or ours):
                return _refused(Refusal.REPLAYED)
        bindings, replies = receiver.told(datagram)
        if bindings is None:
            return Opened(refusal=None if ours and replies else Refusal.NOT_A_TRAP, replies=replies)
        shout = trap_said(source, bindings)
        if not fresh:  # an inform whose acknowledgement was lost: said again, heard once
            return Opened(refusal=Refusal.REPLAYED, replies=replies)
        return Opened(shout=shout, refusal=None if shout else Refusal.NOT_A_TRAP, replies=replies)

    def _of(self, sender: bytes) -> _Heard:
        heard = self._heard.pop(sender, None) or _Heard()
        self._heard[sender] = heard  # the last one heard stands last
        if len(self._heard) > _MOST_ENGINES:
            del self._heard[next(iter(self._heard))]
        return heard

    def _receiver(self, user: User) -> "_Receiver":
        if user not in self._engines:
            self._engines[user] = _Receiver(user, self._engine_id, self._boots)
        return self._engines[user]


def _opened_v1(datagram: bytes, source: str, credentials: Sequence[Credential]) -> Opened:
    trap = decoded_trap_v1(datagram)
    if not _is_known(trap.community, credentials):
        return _refused(Refusal.WRONG_COMMUNITY)
    shout = trap_said(source, trap.bindings)
    return Opened(shout=replace(shout, either=trap.either)) if shout else _refused(Refusal.NOT_A_TRAP)


def _is_known(community: bytes, credentials: Sequence[Credential]) -> bool:
    return any(isinstance(one, Community) and one.community.encode() == community for one in credentials)


def _opened_v2(message: MessageV2, source: str, credentials: Sequence[Credential]) -> Opened:
    if message.pdu.kind not in {PduKind.TRAP, PduKind.INFORM}:
        return _refused(Refusal.NOT_A_TRAP)
    if not _is_known(message.community, credentials):
        return _refused(Refusal.WRONG_COMMUNITY)
    pdu, replies = message.pdu, tuple[bytes, ...]()
    if pdu.kind is PduKind.INFORM:
        bindings = b"".join(map(encoded_binding, pdu.bindings))
        reply = encoded_pdu(PduKind.RESPONSE, pdu.request_id, 0, 0, bindings)
        replies = (encoded_v2(message.community, reply),)
    shout = trap_said(source, pdu.bindings)
    return Opened(shout=shout, refusal=None if shout else Refusal.NOT_A_TRAP, replies=replies)


def _refused(why: Refusal) -> Opened:
    return Opened(refusal=why)


def _level(user: User) -> int:
    return (AUTH if user.auth else 0) | (PRIV if user.priv else 0)


def _signed(user: User, message: MessageV3, datagram: bytes) -> bool:
    """Whether the digest is one that only a holder of the key can make (RFC 3414 section 6.3.2)."""
    security = message.security
    if user.auth is None or len(security.auth) != DIGEST_OCTETS[user.auth]:
        return False
    octets = len(security.auth)
    blank = datagram[: security.auth_at] + bytes(octets) + datagram[security.auth_at + octets :]
    key = localized(user.auth, user.auth_key.encode(), security.engine_id)
    return hmac.compare_digest(hmac.digest(key, blank, user.auth.value)[:octets], security.auth)


class _Receiver:
    """PySNMP for one user: users of one name with different keys must not meet in one engine."""

    def __init__(self, user: User, engine_id: bytes, boots: int) -> None:
        self._user = user
        # told who it is afterwards: PySNMP would keep its boots in /tmp, under a name that anybody can foresee
        self._snmp = SnmpEngine()
        mib = self._snmp.get_mib_builder()
        identifier, booted = mib.import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID", "snmpEngineBoots")
        identifier.syntax = self._snmp.snmpEngineID = identifier.syntax.clone(engine_id)
        booted.syntax = booted.syntax.clone(boots)
        self._dispatcher = AsyncioDispatcher()
        self._snmp.register_transport_dispatcher(self._dispatcher)
        self._way = _Way()
        config.add_transport(self._snmp, udp.DOMAIN_NAME, self._way)
        self._engines: set[bytes] = set()
        self.know(None)
        self._found: list[Binding] | None = None
        NotificationReceiver(self._snmp, self._take)

    def know(self, engine_id: bytes | None) -> None:
        """Make the keys of the user at this engine, once; None is ours."""
        if engine_id in self._engines:
            return
        if len(self._engines) >= _MOST_ENGINES:  # of a user without keys anybody can invent engines
            raise CodecError("there are too many engines")
        user = self._user
        config.add_v3_user(
            self._snmp,
            user.user,
            AUTH_PROTOCOLS[user.auth],
            user.auth_key.encode() or None,
            PRIV_PROTOCOLS[user.priv],
            user.priv_key.encode() or None,
            securityEngineId=rfc1902.OctetString(engine_id) if engine_id is not None else None,
        )
        if engine_id is not None:
            self._engines.add(engine_id)

    def told(self, datagram: bytes) -> tuple[list[Binding] | None, tuple[bytes, ...]]:
        """The bindings of the notification in `datagram`, None where there is none, and what is to be sent back."""
        self._found = None
        self._way.sent.clear()
        self._way.hand_over(datagram)
        return self._found, tuple(self._way.sent)

    def _take(self, *args: Any) -> None:
        """What PySNMP calls: engine, reference, context engine, context name, bindings, our own word."""
        found = []
        for oid, value in args[4]:
            kind = Kind.OBJECT_IDENTIFIER if isinstance(value, univ.ObjectIdentifier) else Kind.OCTET_STRING
            kind = Kind.IP_ADDRESS if isinstance(value, rfc1902.IpAddress) else kind
            found.append(Binding(tuple(map(int, oid)), kind, plain(value)))
        self._found = found

    def close(self) -> None:
        self._snmp.close_dispatcher()


class _Way(AbstractAsyncioTransport):  # type: ignore[misc]  # PySNMP has no types
    """A transport of PySNMP without a socket: datagrams are handed over, and what it sends is kept."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self._callback_function: Any = None

    def hand_over(self, datagram: bytes) -> None:
        """Let PySNMP read `datagram`."""
        if self._callback_function is not None:
            self._callback_function(self, ("127.0.0.1", 162), datagram)

    def send_message(self, outgoingMessage: bytes, transportAddress: Any) -> None:  # noqa: N803 - PySNMP's names
        """What PySNMP sends back."""
        del transportAddress
        self.sent.append(bytes(outgoingMessage))

    def close_transport(self) -> None:
        self.unregister_callback()
