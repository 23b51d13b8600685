"""PySNMP for one credential: makes and reads messages, keeps keys and time windows. `PysnmpReader` asks through it.

Only the lower half of PySNMP is used: its message dispatcher. Its command generators would look up MIBs and send from
one socket for all devices; timeouts and repetition are ours, too.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyasn1.type import univ  # type: ignore[import-untyped]  # pyasn1 has no types
from pysnmp.carrier.asyncio.dgram import udp, udp6  # type: ignore[import-untyped]  # PySNMP has no types
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher  # type: ignore[import-untyped]
from pysnmp.entity import config  # type: ignore[import-untyped]
from pysnmp.entity.engine import SnmpEngine  # type: ignore[import-untyped]
from pysnmp.error import PySnmpError  # type: ignore[import-untyped]
from pysnmp.proto import errind, rfc1902, rfc1905  # type: ignore[import-untyped]
from pysnmp.proto.api import v2c  # type: ignore[import-untyped]
from pysnmp.proto.error import StatusInformation  # type: ignore[import-untyped]

from collectors.snmp.codec import (
    PRIV,
    CodecError,
    MessageV3,
    Oid,
    Pdu,
    PduKind,
    decoded_message,
    decoded_scoped,
)
from collectors.snmp.pysnmp_sockets import Line, Sockets
from collectors.snmp.reader import AuthProtocol, Community, Credential, PrivProtocol, Silence, Target, User, Value

_BACK_OFF = 1.5
_MOST_RESYNCS = 4  # discovery, its time window, and both once more for a device that just booted
_UNKNOWN_ENGINES = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)  # usmStatsUnknownEngineIDs, RFC 3414
_TICK = 0.25  # seconds; PySNMP only forgets by it, the timeouts are ours
_DOMAINS = {int(socket.AF_INET): udp.DOMAIN_NAME, int(socket.AF_INET6): udp6.DOMAIN_NAME}

AUTH_PROTOCOLS = {
    None: config.USM_AUTH_NONE,
    AuthProtocol.MD5: config.USM_AUTH_HMAC96_MD5,
    AuthProtocol.SHA1: config.USM_AUTH_HMAC96_SHA,
    AuthProtocol.SHA224: config.USM_AUTH_HMAC128_SHA224,
    AuthProtocol.SHA256: config.USM_AUTH_HMAC192_SHA256,
    AuthProtocol.SHA384: config.USM_AUTH_HMAC256_SHA384,
    AuthProtocol.SHA512: config.USM_AUTH_HMAC384_SHA512,
}
PRIV_PROTOCOLS = {  # PySNMP names the Reeder keys plainly and the Blumenthal ones in full
    None: config.USM_PRIV_NONE,
    PrivProtocol.DES: config.USM_PRIV_CBC56_DES,
    PrivProtocol.AES128: config.USM_PRIV_CFB128_AES,
    PrivProtocol.AES192: config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    PrivProtocol.AES256: config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    PrivProtocol.AES192_REEDER: config.USM_PRIV_CFB192_AES,
    PrivProtocol.AES256_REEDER: config.USM_PRIV_CFB256_AES,
}
_SILENCES = {
    errind.RequestTimedOut: Silence.TIMEOUT,
    errind.UnknownUserName: Silence.WRONG_USER,
    errind.UnknownSecurityName: Silence.WRONG_USER,
    errind.WrongDigest: Silence.WRONG_KEY,
    errind.AuthenticationFailure: Silence.WRONG_KEY,
    errind.DecryptionError: Silence.WRONG_KEY,
    errind.UnsupportedSecurityLevel: Silence.WRONG_LEVEL,
    errind.NotInTimeWindow: Silence.TIME_WINDOW,
    errind.UnknownEngineID: Silence.UNKNOWN_ENGINE,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: its bindings as OID, value and whether it is endOfMibView."""

    status: int
    index: int
    bindings: tuple[tuple[Oid, Value, bool], ...]


def plain(value: Any) -> Value:
    """A value of PySNMP as one of ours; Null and IpAddress first, because both derive from OCTET STRING there."""
    if isinstance(value, univ.Null):
        return None
    if isinstance(value, rfc1902.IpAddress):
        return str(value.prettyPrint())
    if isinstance(value, univ.OctetString):
        return bytes(value)
    if isinstance(value, univ.Integer):
        return int(value)
    if isinstance(value, univ.ObjectIdentifier):
        return ".".join(map(str, value))
    return None


def _answer(pdu: Any) -> Answer:
    bindings = tuple(
        (tuple(map(int, oid)), plain(value), isinstance(value, rfc1905.EndOfMibView))
        for oid, value in v2c.apiPDU.get_varbinds(pdu)
    )
    return Answer(
        int(v2c.apiPDU.get_error_status(pdu)), int(v2c.apiPDU.get_error_index(pdu, muteErrors=True)), bindings
    )


def _silence(status: StatusInformation) -> Silence:
    return _SILENCES.get(type(status.get("errorIndication")), Silence.BAD_ANSWER)


def _bindings(oids: Sequence[Oid]) -> list[tuple[Any, Any]]:
    return [(v2c.ObjectIdentifier(oid), v2c.null) for oid in oids]


def get(oids: Sequence[Oid]) -> Any:
    """A GET of `oids`, as PySNMP holds it."""
    pdu = v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_varbinds(pdu, _bindings(oids))
    return pdu


def get_bulk(oids: Sequence[Oid], repetitions: int) -> Any:
    """A GETBULK of what follows `oids`, as PySNMP holds it."""
    pdu = v2c.GetBulkRequestPDU()
    v2c.apiBulkPDU.set_defaults(pdu)
    v2c.apiBulkPDU.set_non_repeaters(pdu, 0)
    v2c.apiBulkPDU.set_max_repetitions(pdu, repetitions)
    v2c.apiBulkPDU.set_varbinds(pdu, _bindings(oids))
    return pdu


class Engine:
    """PySNMP for one credential, because users of one name with different keys must not meet in one engine."""

    def __init__(self, credential: Credential) -> None:
        self._snmp = SnmpEngine()
        self._loop = asyncio.get_running_loop()
        self._dispatcher = AsyncioDispatcher(loop=self._loop)
        self._dispatcher.set_timer_resolution(_TICK)
        self._snmp.register_transport_dispatcher(self._dispatcher)
        self._sockets = {family: Sockets() for family in _DOMAINS}
        for family, domain in _DOMAINS.items():
            config.add_transport(self._snmp, domain, self._sockets[family])
        self._name, self._context = rfc1902.OctetString(b"community"), rfc1902.OctetString(b"")
        # message processing model, security model, level (RFC 3411 section 5)
        self._security: tuple[int, int, int] = (1, 2, 1)
        self._open_lines, self._retired = 0, False
        try:
            if isinstance(credential, Community):
                config.add_v1_system(self._snmp, "community", credential.community.encode())
            else:
                self._add_user(credential)
        except BaseException:
            self.close()
            raise

    def _add_user(self, user: User) -> None:
        level = 1 if user.auth is None else 2 if user.priv is None else 3
        self._security = (3, 3, level)
        self._name = rfc1902.OctetString(user.user.encode())
        self._context = rfc1902.OctetString(user.context.encode())
        config.add_v3_user(
            self._snmp,
            user.user,
            AUTH_PROTOCOLS[user.auth],
            user.auth_key.encode() or None,
            PRIV_PROTOCOLS[user.priv],
            user.priv_key.encode() or None,
        )

    def open(self, family: int, address: tuple[str, int]) -> Line:
        """A line to `address`. Raises OSError where there is no way."""
        line = self._sockets[family].open(address, family)
        self._open_lines += 1
        return line

    def close_line(self, line: Line) -> None:
        """Give `line` back."""
        family = int(line.socket.family)
        self._sockets[family].close(line)
        self._open_lines -= 1
        if self._retired and not self._open_lines:
            self.close()

    def retire(self) -> None:
        """Close as soon as nobody reads through this engine."""
        self._retired = True
        if not self._open_lines:
            self.close()

    def close(self) -> None:
        """Give back sockets and the timer."""
        if self._snmp.transport_dispatcher is not None:
            self._snmp.close_dispatcher()

    def _send(self, line: Line, pdu: Any, patience: float, told: Callable[[Answer | Silence], None]) -> None:
        def response(*args: Any) -> None:
            answer, status = args[8], args[9]
            if status is not None:
                told(_silence(status))
            elif v2c.apiPDU.get_request_id(answer) != v2c.apiPDU.get_request_id(pdu):
                told(Silence.BAD_ANSWER)
            else:
                told(_answer(answer))

        processing, model, level = self._security
        domain = _DOMAINS[int(line.socket.family)]
        ticks = patience / _TICK + 4
        try:
            self._snmp.message_dispatcher.send_pdu(
                self._snmp, domain, line.address, processing, model, self._name, level, None, self._context,
                1, pdu, True, ticks, response, None,  # noqa: FBT003 - PySNMP's own signature
            )  # fmt: skip
        except StatusInformation as status:
            told(_silence(status))
        except PySnmpError:
            told(Silence.BAD_ANSWER)

    async def asked(self, line: Line, pdu: Any, target: Target) -> Answer | Silence:
        """The response to `pdu`, repeated with growing patience; a late answer to an earlier try is as good."""
        patience, tries, resyncs = target.timeout, target.retries + 1, _MOST_RESYNCS
        ear = _Ear(self._loop, line)
        try:
            while tries:
                self._send(line, pdu, patience, ear.tell)
                await asyncio.wait({ear.future}, timeout=patience)
                if not ear.future.done():
                    tries -= 1
                    patience *= _BACK_OFF
                    continue
                result = ear.future.result()
                if result not in {Silence.TIME_WINDOW, Silence.UNKNOWN_ENGINE} or not resyncs:
                    return result
                resyncs -= 1
                patience, tries = target.timeout, target.retries + 1
                ear.renew()
            return Silence.BAD_ANSWER if ear.heard_noise else Silence.TIMEOUT
        finally:
            ear.close()


class _Ear:
    """One who waits on a line for an answer, for its refusal, or for what PySNMP makes nothing of."""

    def __init__(self, loop: asyncio.AbstractEventLoop, line: Line) -> None:
        self._loop, self._line = loop, line
        self.future: asyncio.Future[Answer | Silence] = loop.create_future()
        self.heard_noise = False
        line.waiting.add(self)

    def tell(self, result: Answer | Silence) -> None:
        if not self.future.done():
            self.future.set_result(result)

    def refused(self) -> None:
        self.tell(Silence.REFUSED)

    def overheard(self, datagram: bytes) -> None:
        if self.future.done():
            return
        try:
            message = decoded_message(datagram)
            if isinstance(message, MessageV3) and not message.flags & PRIV:
                self._overheard(decoded_scoped(message.data).pdu)
        except CodecError:
            self.heard_noise = True

    def _overheard(self, pdu: Pdu) -> None:
        """PySNMP drops the report of an engine it does not know: the box behind the address was replaced."""
        if pdu.kind is PduKind.REPORT and any(binding.oid == _UNKNOWN_ENGINES for binding in pdu.bindings):
            self.tell(Silence.UNKNOWN_ENGINE)

    def renew(self) -> None:
        self.future = self._loop.create_future()

    def close(self) -> None:
        self._line.waiting.discard(self)
        self.future.cancel()
