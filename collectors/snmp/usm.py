"""SNMPv3 around a PDU (RFC 3412, 3414, 3826, 7860): the engine's talk wraps its questions here as a user of USM.

A way is kept from one read to the next: it knows the device's engine id, its boots and its time, and the keys made for
it. A device that is not known yet is asked an empty question first; its report says who it is.
"""

import hmac
import os
from collections.abc import Callable
from typing import Final, NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from collectors.snmp.codec import (
    AUTH,
    PRIV,
    REPORTABLE,
    CodecError,
    MessageV3,
    Oid,
    PduKind,
    decoded_message,
    decoded_pdu,
    element,
    int_element,
)
from collectors.snmp.community import ID_OCTETS, begin, end
from collectors.snmp.keys import DIGEST_OCTETS, localized, privacy_key
from collectors.snmp.reader import PrivProtocol, Silence, User
from collectors.snmp.talk import Refusal

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_BLOCK = 8  # octets of DES, and of the salt of AES
_WINDOW = 150  # seconds, RFC 3414 section 2.2.3
_SALTS = 2**64
_MOST_ENGINE_OCTETS = 32  # SnmpEngineID, RFC 3411 section 5
_HEADER: Final = b"\x02\x03\x00\xff\xe3\x04\x01"  # msgMaxSize 65,507, and the tag and length of the flags
_NOT_IN_TIME_WINDOWS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0)
_UNKNOWN_ENGINES: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)
_SILENCES: Final[dict[Oid, Silence]] = {  # usmStats of RFC 3414
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 1, 0): Silence.WRONG_LEVEL,
    _NOT_IN_TIME_WINDOWS: Silence.TIME_WINDOW,
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0): Silence.WRONG_USER,
    _UNKNOWN_ENGINES: Silence.UNKNOWN_ENGINE,
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 5, 0): Silence.WRONG_KEY,
    (1, 3, 6, 1, 6, 3, 15, 1, 1, 6, 0): Silence.WRONG_KEY,
}


class _Keys:
    """The keys of one user at one engine, ready for use."""

    __slots__ = ("_aes", "_block", "_des", "_digest", "_pre", "auth_key", "octets")

    def __init__(self, user: User, engine_id: bytes) -> None:
        self.auth_key = b""
        self.octets = 0
        self._digest = ""
        self._aes: AES | None = None
        self._des: TripleDES | None = None
        self._block: CipherContext | None = None
        self._pre = b""
        if user.auth is None:
            return
        self.auth_key = localized(user.auth, user.auth_key.encode(), engine_id)
        self.octets, self._digest = DIGEST_OCTETS[user.auth], user.auth.value
        if user.priv is not None:
            key = privacy_key(user.auth, user.priv, user.priv_key.encode(), engine_id)
            if user.priv is PrivProtocol.DES:
                self._des, self._pre = TripleDES(key[:_BLOCK] * 3), key[_BLOCK:]
            else:
                self._aes = AES(key)
                self._block = Cipher(self._aes, ECB()).encryptor()  # noqa: S305 - one part of CFB, see `decrypted`

    def digest(self, message: bytes) -> bytes:
        return hmac.digest(self.auth_key, message, self._digest)[: self.octets]

    def _cipher(self, boots: int, time: int, salt: bytes) -> "Cipher[CFB] | Cipher[CBC]":
        if self._aes is not None:
            return Cipher(self._aes, CFB((boots << 32 | time).to_bytes(_BLOCK, "big") + salt))
        if self._des is None:
            raise CodecError("encrypted, and we have no key")
        return Cipher(self._des, CBC(bytes(a ^ b for a, b in zip(self._pre, salt, strict=True))))

    def salt(self, boots: int, number: int) -> bytes:
        if self._des is not None:  # RFC 3414 section 8.1.1.1: boots, then a counter
            number = boots << 32 | number & 0xFFFFFFFF
        return number.to_bytes(_BLOCK, "big")

    def encrypted(self, data: bytes, boots: int, time: int, salt: bytes) -> bytes:
        if self._des is not None:
            data += bytes(-len(data) % _BLOCK)
        return _through(self._cipher(boots, time, salt).encryptor, data)

    def decrypted(self, data: bytes, boots: int, time: int, salt: bytes) -> bytes:
        if len(salt) != _BLOCK or (self._des is not None and len(data) % _BLOCK):
            raise CodecError("the salt or the length of what is encrypted is wrong")
        if self._block is None:
            return _through(self._cipher(boots, time, salt).decryptor, data)
        # CFB the other way round: each block is masked with the encryption of the one before, all of which are known,
        # so that one standing cipher takes them at once (NIST SP 800-38A section 6.3)
        size = len(data)
        before = (boots << 32 | time).to_bytes(_BLOCK, "big") + salt + data
        mask = self._block.update(before[: -(-size // 16) * 16])
        return (int.from_bytes(data, "big") ^ int.from_bytes(mask[:size], "big")).to_bytes(size, "big")


def _through(context: Callable[[], CipherContext], data: bytes) -> bytes:
    made = context()
    return made.update(data) + made.finalize()


class UsmWay:
    """How to speak to one device as one user. Raises ValueError where a key is empty."""

    def __init__(self, user: User) -> None:
        if (user.auth and not user.auth_key) or (user.priv and not user.priv_key):
            raise ValueError("a key is empty")
        self._user = user
        self._level = (AUTH if user.auth else 0) | (PRIV if user.auth and user.priv else 0)
        self._name = element(_OCTETS, user.user.encode())
        self._salt = int.from_bytes(os.urandom(_BLOCK), "big")
        self.forget()

    def forget(self) -> None:
        """Know nothing of the device: who it is is asked anew."""
        self._engine_id = b""
        self._keys = _Keys(User(user=""), b"")
        self._form: _Form | None = None
        self._stamped = (-1, -1)
        self._stamp = b""
        self._boots = self._time = 0
        self._at = 0.0
        self._authentic = False
        self._context = b""

    def sealed(self, id_: bytes, head: bytes, tail: bytes, now: float) -> bytes:
        """The datagram that asks `head` + `id_` + `tail`, a PDU; or who the device is, where that is not known."""
        if not self._engine_id:
            empty = element(PduKind.GET, _id(id_) + b"\x02\x01\x00\x02\x01\x00\x30\x00")
            scoped = element(_SEQUENCE, b"\x04\x00\x04\x00" + empty)
            return self._message(id_, REPORTABLE, b"\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00", scoped)
        keys, time = self._keys, self._time + int(now - self._at)
        data = element(_SEQUENCE, b"".join((self._context, head, id_, tail)))
        priv = b"\x04\x00"
        if self._level & PRIV:
            self._salt = (self._salt + 1) % _SALTS
            salt = keys.salt(self._boots, self._salt)
            data = element(_OCTETS, keys.encrypted(data, self._boots, time, salt))
            priv = b"\x04\x08" + salt
        if self._stamped != (self._boots, time):
            self._stamped, self._stamp = (self._boots, time), self._new_stamp(time)
        blank = bytes(keys.octets)
        before = b"".join((b"\x02\x01\x03\x30\x11", _id(id_), self._stamp))
        message = element(_SEQUENCE, b"".join((before, blank, priv, data)))
        if not self._level:
            return message
        at = len(message) - len(data) - len(priv) - keys.octets
        return message[:at] + keys.digest(message) + message[at + keys.octets :]

    def _new_stamp(self, time: int) -> bytes:
        """All of a message's head from behind the id to the digest: it is the same for a second."""
        parameters = b"".join(
            (
                element(_OCTETS, self._engine_id),
                int_element(_INTEGER, self._boots),
                int_element(_INTEGER, time),
                self._name,
                element(_OCTETS, bytes(self._keys.octets)),
                element(_OCTETS, bytes(_BLOCK if self._level & PRIV else 0)),
            )
        )
        whole = element(_OCTETS, element(_SEQUENCE, parameters))
        behind = self._keys.octets + 2 + (_BLOCK if self._level & PRIV else 0)
        return _HEADER + bytes((self._level | REPORTABLE,)) + b"\x02\x01\x03" + whole[: len(whole) - behind]

    @staticmethod
    def _message(id_: bytes, flags: int, parameters: bytes, data: bytes) -> bytes:
        header = element(_SEQUENCE, b"".join((_id(id_), _HEADER, bytes((flags,)), b"\x02\x01\x03")))
        return element(
            _SEQUENCE, b"".join((b"\x02\x01\x03", header, element(_OCTETS, element(_SEQUENCE, parameters)), data))
        )

    def opened(self, data: bytes, now: float) -> bytes | Refusal:
        """The PDU in `data`, or what the device has against us. Raises CodecError where there is neither."""
        if self._form is not None and (pdu := self._opened_as_last(self._form, data, now)) is not None:
            return pdu
        message = decoded_message(data)
        if not isinstance(message, MessageV3):
            raise CodecError("no SNMPv3")
        security, authentic = message.security, False
        if message.flags & AUTH:
            if not self._check(message, data, now):
                return self._doubt()
            authentic = True
        scoped = message.data
        if message.flags & PRIV:
            scoped = self._keys.decrypted(scoped, security.boots, security.time, security.priv)
        pdu = _pdu(scoped, self._context)
        if pdu[0] == PduKind.REPORT:
            return self._reported(pdu, message, now, authentic=authentic)
        if message.flags & (AUTH | PRIV) != self._level or security.engine_id != self._engine_id:
            raise CodecError("a reply at another level, or of another engine")
        if self._level & PRIV:
            self._form = _form(data, message)
        return pdu

    def _opened_as_last(self, form: "_Form", data: bytes, now: float) -> bytes | Refusal | None:
        """The PDU where all of the message's head but id, time, digest and salt is that of the last; else None."""
        if data[:1] != b"\x30" or end(data, 0) != len(data):
            return None
        at = begin(data, 0)
        time_at = at + len(form.first) + ID_OCTETS + len(form.second)
        auth_at = time_at + form.width + len(form.third)
        salt_at = auth_at + self._keys.octets + 2
        data_at = salt_at + _BLOCK
        if (
            not data.startswith(form.first, at)
            or not data.startswith(form.second, at + len(form.first) + ID_OCTETS)
            or not data.startswith(form.third, time_at + form.width)
            or data[salt_at - 2 : salt_at] != b"\x04\x08"
            or data[data_at : data_at + 1] != b"\x04"
            or end(data, data_at) != len(data)
        ):
            return None
        keys = self._keys
        blank = b"".join((data[:auth_at], bytes(keys.octets), data[salt_at - 2 :]))
        if not hmac.compare_digest(keys.digest(blank), data[auth_at : salt_at - 2]):
            raise CodecError("not signed by the device")
        time = int.from_bytes(data[time_at : time_at + form.width], "big")
        if not self._clock(form.boots, time, now):
            return self._doubt()
        scoped = keys.decrypted(data[begin(data, data_at) :], form.boots, time, data[salt_at:data_at])
        pdu = _pdu(scoped, self._context)
        return None if pdu[0] == PduKind.REPORT else pdu

    def _check(self, message: MessageV3, data: bytes, now: float) -> bool:
        """Whether `message` is of now (RFC 3414 section 3.2). Raises CodecError where it is not the device's own."""
        security, keys = message.security, self._keys
        octets = len(security.auth)
        blank = data[: security.auth_at] + bytes(octets) + data[security.auth_at + octets :]
        if (
            not keys.octets
            or security.engine_id != self._engine_id
            or element(_OCTETS, security.user) != self._name
            or not hmac.compare_digest(keys.digest(blank), security.auth)
        ):
            raise CodecError("not signed by the device")
        return self._clock(security.boots, security.time, now)

    def _clock(self, boots: int, time: int, now: float) -> bool:
        """Set boots and time by an authentic message; False where it is an old one."""
        here = self._time + (now - self._at)
        if self._authentic and (boots < self._boots or (boots == self._boots and time < here - _WINDOW)):
            return False
        if not self._authentic or boots > self._boots or time > here:
            self._boots, self._time, self._at = boots, time, now
        self._authentic = True
        return True

    def _doubt(self) -> Refusal:
        """A message of long ago is not taken, but asked for anew; the device's clock is believed then.

        It bears the id of our question, so that the clock may well have gone back: by a restart that was not counted,
        or a configuration that was restored.
        """
        self._authentic = False
        return Refusal(Silence.TIME_WINDOW, again=True)

    def _reported(self, pdu: bytes, message: MessageV3, now: float, *, authentic: bool) -> Refusal:
        bindings = decoded_pdu(pdu).bindings
        counter = bindings[0].oid if bindings else ()
        security = message.security
        if counter == _UNKNOWN_ENGINES and 0 < len(security.engine_id) <= _MOST_ENGINE_OCTETS:
            if security.engine_id != self._engine_id:
                self._adopt(security.engine_id)
            self._boots, self._time, self._at = security.boots, security.time, now
            return Refusal(Silence.UNKNOWN_ENGINE, again=True)
        if counter == _NOT_IN_TIME_WINDOWS:
            if not authentic:  # a hint: a forged one costs a few questions, and no answer is believed for it
                self._boots, self._time, self._at, self._authentic = security.boots, security.time, now, False
            return Refusal(Silence.TIME_WINDOW, again=True)
        return Refusal(_SILENCES.get(counter, Silence.BAD_ANSWER), again=False)

    def _adopt(self, engine_id: bytes) -> None:
        self._engine_id, self._authentic = engine_id, False
        self._form, self._stamped = None, (-1, -1)
        self._keys = _Keys(self._user, engine_id)
        self._context = element(_OCTETS, engine_id) + element(_OCTETS, self._user.context.encode())


class _Form(NamedTuple):
    """The head of a device's replies: what stands before the id, between id and time, between time and digest."""

    first: bytes
    second: bytes
    third: bytes
    width: int
    boots: int


def _form(data: bytes, message: MessageV3) -> _Form | None:
    """The form of `data`, which was read as `message`; None where its numbers are written in an unusual way."""
    at = begin(data, 0)
    id_at = begin(data, begin(data, at + 3))
    time = int_element(_INTEGER, message.security.time)
    user = element(_OCTETS, message.security.user)
    third_at = message.security.auth_at - 2 - len(user)
    time_at = third_at - len(time)
    plain = data[time_at:third_at] == time and data[third_at : third_at + len(user)] == user
    if not plain or data[id_at - 2 : id_at] != b"\x02\x04":
        return None
    return _Form(
        first=data[at:id_at],
        second=data[id_at + ID_OCTETS : time_at + 2],
        third=data[third_at : message.security.auth_at],
        width=len(time) - 2,
        boots=message.security.boots,
    )


def _id(id_: bytes) -> bytes:
    return b"\x02\x04" + id_


def _pdu(scoped: bytes, context: bytes) -> bytes:
    """The PDU in a scoped PDU, most likely of `context`; what follows is the padding of a block cipher.

    Raises CodecError.
    """
    if scoped[:1] != b"\x30":
        raise CodecError("no scoped PDU: it was encrypted with another key")
    stop = end(scoped, 0)
    at = begin(scoped, 0)
    at = at + len(context) if context and scoped.startswith(context, at) else end(scoped, end(scoped, at))
    if end(scoped, at) != stop:
        raise CodecError("a length in the scoped PDU is false")
    return scoped[at:stop]
