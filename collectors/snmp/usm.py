"""SNMPv3 around a PDU (RFC 3412, 3414, 3826, 7860): the engine's talk wraps its questions here as a user of USM.

A way is kept from one read to the next: it knows the device's engine id, its boots and its time, and the keys made for
it. A device that is not known yet is asked an empty question first; its report says who it is.
"""

import hashlib
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
_LONG = 0x80
_WINDOW = 150  # seconds, RFC 3414 section 2.2.3
_SALTS = 2**64
_AES_BLOCK: Final = 16
_PADDING: Final = tuple(bytes(-n % _AES_BLOCK) for n in range(_AES_BLOCK))
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
    """The keys of one user at one engine, ready for use: what is made of a key alone is made once."""

    __slots__ = ("_aes", "_des", "_inner", "_outer", "_pre", "octets")

    def __init__(self, user: User, engine_id: bytes) -> None:
        self.octets = 0
        self._aes: _Aes | None = None
        self._des: TripleDES | None = None
        self._pre = b""
        self._inner = self._outer = hashlib.sha1(usedforsecurity=False)
        if user.auth is None:
            return
        key = localized(user.auth, user.auth_key.encode(), engine_id)
        self.octets = DIGEST_OCTETS[user.auth]
        # HMAC (RFC 2104) begins with a block made of the key: hashed once, and gone on from with each message
        self._inner, self._outer = hashlib.new(user.auth.value), hashlib.new(user.auth.value)
        key = key.ljust(self._inner.block_size, b"\0")
        self._inner.update(bytes(octet ^ 0x36 for octet in key))
        self._outer.update(bytes(octet ^ 0x5C for octet in key))
        if user.priv is not None:
            key = privacy_key(user.auth, user.priv, user.priv_key.encode(), engine_id)
            if user.priv is PrivProtocol.DES:
                self._des, self._pre = TripleDES(key[:_BLOCK] * 3), key[_BLOCK:]
            else:
                self._aes = _Aes(key)

    def digest(self, message: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()[: self.octets]

    def _cipher(self, salt: bytes) -> "Cipher[CBC]":
        if self._des is None:
            raise CodecError("encrypted, and we have no key")
        return Cipher(self._des, CBC(bytes(a ^ b for a, b in zip(self._pre, salt, strict=True))))

    def salt(self, boots: int, number: int) -> bytes:
        if self._des is not None:  # RFC 3414 section 8.1.1.1: boots, then a counter
            number = boots << 32 | number & 0xFFFFFFFF
        return number.to_bytes(_BLOCK, "big")

    def padded(self, size: int) -> int:
        """How long so many octets are when they are encrypted."""
        return size if self._des is None else size + -size % _BLOCK

    def encrypted(self, data: bytes, moment: bytes, salt: bytes) -> bytes:
        if self._aes is not None:
            return self._aes.encrypted(data, moment + salt)
        return _through(self._cipher(salt).encryptor, data + bytes(-len(data) % _BLOCK))

    def decrypted(self, data: bytes, moment: bytes, salt: bytes) -> bytes:
        if len(salt) != _BLOCK or (self._des is not None and len(data) % _BLOCK):
            raise CodecError("the salt or the length of what is encrypted is wrong")
        if self._aes is not None:
            return self._aes.decrypted(data, moment + salt)
        return _through(self._cipher(salt).decryptor, data)


class _Aes:
    """AES in CFB mode (RFC 3826) by ciphers that stay: to make one for each message takes longer than its use.

    CFB masks each block with the encryption of the encrypted block before it; the first with that of the vector (NIST
    SP 800-38A section 6.3). So a block whose encrypted form is the vector, put before a message, begins it anew,
    whatever came before. All that passes is padded to whole blocks.
    """

    __slots__ = ("_block", "_decrypt", "_encrypt", "_last")

    def __init__(self, key: bytes) -> None:
        aes, self._last = AES(key), bytes(_AES_BLOCK)
        self._block = Cipher(aes, ECB()).encryptor()  # noqa: S305 - of single blocks that are masks, no message
        self._encrypt = Cipher(aes, CFB(self._last)).encryptor()
        self._decrypt = Cipher(aes, CFB(self._last)).decryptor()

    def encrypted(self, data: bytes, vector: bytes) -> bytes:
        mask = self._block.update(self._last)
        first = (int.from_bytes(vector, "little") ^ int.from_bytes(mask, "little")).to_bytes(_AES_BLOCK, "little")
        size = len(data)
        out = self._encrypt.update(b"".join((first, data, _PADDING[size % _AES_BLOCK])))
        self._last = out[-_AES_BLOCK:]
        return out[_AES_BLOCK : _AES_BLOCK + size]

    def decrypted(self, data: bytes, vector: bytes) -> bytes:
        size = len(data)
        out = self._decrypt.update(b"".join((vector, data, _PADDING[size % _AES_BLOCK])))
        return out[_AES_BLOCK : _AES_BLOCK + size]


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
        self._middle, self._auth_at, self._moment = b"", 0, b""
        self._wraps: dict[int, _Wrap] = {}
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
        time = self._time + int(now - self._at)
        if self._stamped != (self._boots, time):
            self._stamp(time)
        size = len(head) + len(tail)
        wrap = self._wraps.get(size)
        if wrap is None:
            wrap = self._wraps[size] = self._new_wrap(size)
        keys = self._keys
        data, salt = b"".join((wrap.scoped, head, id_, tail)), b""
        if self._level & PRIV:
            self._salt = (self._salt + 1) % _SALTS
            salt = keys.salt(self._boots, self._salt)
            data = keys.encrypted(data, self._moment, salt)
        message = b"".join((wrap.before, id_, self._middle, salt, wrap.data, data))
        if not self._level:
            return message
        at = len(wrap.before) + ID_OCTETS + self._auth_at
        return b"".join((message[:at], keys.digest(message), message[at + keys.octets :]))

    def _stamp(self, time: int) -> None:
        """Make anew what is the same for a second: all of a message's head from behind the id to the salt."""
        salt = _BLOCK if self._level & PRIV else 0
        before = b"".join(
            (
                element(_OCTETS, self._engine_id),
                int_element(_INTEGER, self._boots),
                int_element(_INTEGER, time),
                self._name,
            )
        )
        digest = element(_OCTETS, bytes(self._keys.octets))
        parameters = b"".join((before, digest, element(_OCTETS, bytes(salt))))
        whole = element(_OCTETS, element(_SEQUENCE, parameters))
        whole = _HEADER + bytes((self._level | REPORTABLE,)) + b"\x02\x01\x03" + whole[: len(whole) - salt]
        self._middle, self._auth_at = whole, len(whole) - 2 - self._keys.octets
        self._moment = _moment(self._boots, time)
        self._stamped = self._boots, time
        self._wraps.clear()

    def _new_wrap(self, size: int) -> "_Wrap":
        """What stands around a PDU of so many octets without its id."""
        size += ID_OCTETS
        scoped = element(_SEQUENCE, self._context + bytes(size))[:-size]
        data = b""
        size, salt = len(scoped) + size, 0
        if self._level & PRIV:
            size, salt = self._keys.padded(size), _BLOCK
            data = element(_OCTETS, bytes(size))[:-size]
        rest = ID_OCTETS + len(self._middle) + salt + len(data) + size
        version = b"\x02\x01\x03\x30\x11\x02\x04"
        before = element(_SEQUENCE, version + bytes(rest))[:-rest]
        return _Wrap(before=before, data=data, scoped=scoped)

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
            scoped = self._keys.decrypted(scoped, _moment(security.boots, security.time), security.priv)
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
        at = _all_of(_SEQUENCE, data, 0)
        id_at = at + len(form.first)
        second_at = id_at + ID_OCTETS
        time_at = second_at + len(form.second)
        third_at = time_at + form.width
        auth_at = third_at + len(form.third)
        keys = self._keys
        salt_at = auth_at + keys.octets + 2
        data_at = salt_at + _BLOCK
        begins = _all_of(_OCTETS, data, data_at)
        if (
            not at
            or not begins
            or data[at:id_at] != form.first
            or data[second_at:time_at] != form.second
            or data[third_at:auth_at] != form.third
            or data[salt_at - 2 : salt_at] != b"\x04\x08"
        ):
            return None
        blank = b"".join((data[:auth_at], bytes(keys.octets), data[salt_at - 2 :]))
        if not hmac.compare_digest(keys.digest(blank), data[auth_at : salt_at - 2]):
            raise CodecError("not signed by the device")
        time = int.from_bytes(data[time_at:third_at], "big")
        if not self._clock(form.boots, time, now):
            return self._doubt()
        moment = self._moment if self._stamped == (form.boots, time) else _moment(form.boots, time)
        pdu = _pdu(keys.decrypted(data[begins:], moment, data[salt_at:data_at]), self._context)
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


class _Wrap(NamedTuple):
    """What stands around a question of one size: before the id, before the (encrypted) data, and at its head."""

    before: bytes
    data: bytes
    scoped: bytes


def _moment(boots: int, time: int) -> bytes:
    """The octets of an AES vector that stand before the salt (RFC 3826 section 3.1.2.1)."""
    return (boots << 32 | time).to_bytes(_BLOCK, "big")


def _all_of(tag: int, data: bytes, at: int) -> int:
    """Where the content begins of an element `tag` that is all of `data` from `at` on; 0 where there is none."""
    try:
        first = data[at + 1]
        if data[at] != tag:
            return 0
    except IndexError:
        return 0
    at += 2
    if first < _LONG:
        return at if at + first == len(data) else 0
    stop = at + first - _LONG
    return stop if int.from_bytes(data[at:stop], "big") + stop == len(data) else 0


def _id(id_: bytes) -> bytes:
    return b"\x02\x04" + id_


def _pdu(scoped: bytes, context: bytes) -> bytes:
    """The PDU in a scoped PDU, most likely of `context`; what follows is the padding of a block cipher.

    Raises CodecError.
    """
    if scoped[:1] != b"\x30":
        raise CodecError("no scoped PDU: it was encrypted with another key")
    at = _all_of(_SEQUENCE, scoped, 0)
    stop = len(scoped)
    if not at:
        at, stop = begin(scoped, 0), end(scoped, 0)
    at = at + len(context) if context and scoped.startswith(context, at) else end(scoped, end(scoped, at))
    if end(scoped, at) != stop:
        raise CodecError("a length in the scoped PDU is false")
    return scoped[at:stop]
