"""The answering side's part of SNMPv3: keys, digests, encryption and the refusals of USM (RFC 3414, 3826, 7860).

The keys are those of `reader.User`, so that a simulated device and the engine that visits it share one credential.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from collectors.snmp.codec import AUTH, PRIV, MessageV3, Oid, Security, decoded_message, encoded_message
from collectors.snmp.reader import AuthProtocol, PrivProtocol, User

UNSUPPORTED_LEVELS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 1, 0)  # usmStats of RFC 3414
NOT_IN_TIME_WINDOWS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0)
UNKNOWN_USERS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0)
UNKNOWN_ENGINES: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)
WRONG_DIGESTS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 5, 0)
DECRYPTION_ERRORS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 6, 0)

_WINDOW = 150  # seconds, RFC 3414 section 2.2.3
_MEGABYTE = 1_048_576  # RFC 3414 appendix A.2: a password is repeated to so many octets
_BLOCK = 8  # DES
_DIGEST_OCTETS = {  # RFC 3414 section 6, RFC 7860 section 4.2
    AuthProtocol.MD5: 12,
    AuthProtocol.SHA1: 12,
    AuthProtocol.SHA224: 16,
    AuthProtocol.SHA256: 24,
    AuthProtocol.SHA384: 32,
    AuthProtocol.SHA512: 48,
}
_KEY_OCTETS = {
    PrivProtocol.DES: 16,
    PrivProtocol.AES128: 16,
    PrivProtocol.AES192: 24,
    PrivProtocol.AES192_REEDER: 24,
    PrivProtocol.AES256: 32,
    PrivProtocol.AES256_REEDER: 32,
}


class RefusedError(Exception):
    """A message that USM refuses; `counter` is the usmStats object that a report names."""

    def __init__(self, counter: Oid) -> None:
        super().__init__(".".join(map(str, counter)))
        self.counter = counter


@lru_cache(maxsize=1024)
def _master(auth: AuthProtocol, secret: bytes) -> bytes:
    repeated = secret * (_MEGABYTE // len(secret) + 1)
    return hashlib.new(auth.value, repeated[:_MEGABYTE]).digest()


def _localized(auth: AuthProtocol, secret: bytes, engine_id: bytes) -> bytes:
    master = _master(auth, secret)
    return hashlib.new(auth.value, master + engine_id + master).digest()


def _privacy_key(auth: AuthProtocol, priv: PrivProtocol, secret: bytes, engine_id: bytes) -> bytes:
    """The privacy key, lengthened where the digest is shorter (Blumenthal: digest of all; Reeder: key of the key)."""
    key = _localized(auth, secret, engine_id)
    while len(key) < _KEY_OCTETS[priv]:
        if priv in {PrivProtocol.AES192_REEDER, PrivProtocol.AES256_REEDER}:
            key += _localized(auth, key, engine_id)
        else:
            key += hashlib.new(auth.value, key).digest()
    return key[: _KEY_OCTETS[priv]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """One user's keys, localized for one engine."""

    user: User
    auth_key: bytes
    priv_key: bytes

    @property
    def level(self) -> int:
        """The flags of the level that this user may use and must."""
        return (AUTH if self.user.auth else 0) | (PRIV if self.user.priv else 0)

    def digest(self, message: bytes) -> bytes:
        """The digest of `message`, in which zeros stand in the digest's place."""
        if self.user.auth is None:
            return b""
        octets = _DIGEST_OCTETS[self.user.auth]
        return hmac.digest(self.auth_key, message, self.user.auth.value)[:octets]

    def _cipher(self, security: Security) -> "Cipher[CBC] | Cipher[CFB]":
        if self.user.priv is PrivProtocol.DES:
            vector = bytes(a ^ b for a, b in zip(self.priv_key[_BLOCK:], security.priv, strict=True))
            return Cipher(TripleDES(self.priv_key[:_BLOCK] * 3), CBC(vector))
        start = security.boots.to_bytes(4, "big") + security.time.to_bytes(4, "big") + security.priv
        return Cipher(AES(self.priv_key), CFB(start))

    def encrypted(self, data: bytes, security: Security) -> bytes:
        """`data` as it travels."""
        if self.user.priv is PrivProtocol.DES:
            data += bytes(-len(data) % _BLOCK)
        encryptor = self._cipher(security).encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def decrypted(self, data: bytes, security: Security) -> bytes:
        """`data` as it was. Raises RefusedError where it cannot have been encrypted."""
        des = self.user.priv is PrivProtocol.DES
        if len(security.priv) != _BLOCK or (des and len(data) % _BLOCK):
            raise RefusedError(DECRYPTION_ERRORS)
        decryptor = self._cipher(security).decryptor()
        return decryptor.update(data) + decryptor.finalize()


def keys(user: User, engine_id: bytes) -> Keys:
    """The keys of `user` at the engine `engine_id`."""
    auth_key = _localized(user.auth, user.auth_key.encode(), engine_id) if user.auth else b""
    priv_key = b""
    if user.auth and user.priv:
        priv_key = _privacy_key(user.auth, user.priv, user.priv_key.encode(), engine_id)
    return Keys(user=user, auth_key=auth_key, priv_key=priv_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An authoritative engine at one moment: who it is, how often it booted, for how long it is up."""

    id: bytes
    boots: int
    time: int
    users: Mapping[bytes, Keys]

    def opened(self, message: MessageV3, datagram: bytes) -> tuple[Keys, bytes]:
        """Who sent `message`, and its scoped PDU as bytes. Raises RefusedError in the order of RFC 3414 section 3.2."""
        security = message.security
        if security.engine_id != self.id:
            raise RefusedError(UNKNOWN_ENGINES)
        sender = self.users.get(security.user)
        if sender is None:
            raise RefusedError(UNKNOWN_USERS)
        if message.flags & (AUTH | PRIV) != sender.level:
            raise RefusedError(UNSUPPORTED_LEVELS)
        if sender.level & AUTH:
            self._check_digest(sender, security, datagram)
            if security.boots != self.boots or abs(security.time - self.time) > _WINDOW:
                raise RefusedError(NOT_IN_TIME_WINDOWS)
        data = sender.decrypted(message.data, security) if sender.level & PRIV else message.data
        return sender, data

    @staticmethod
    def _check_digest(sender: Keys, security: Security, datagram: bytes) -> None:
        octets = len(security.auth)
        blank = datagram[: security.auth_at] + bytes(octets) + datagram[security.auth_at + octets :]
        if not hmac.compare_digest(sender.digest(blank), security.auth):
            raise RefusedError(WRONG_DIGESTS)

    def sealed(self, sender: Keys | None, asked: MessageV3, data: bytes, *, salt: int, private: bool = True) -> bytes:
        """`data`, a scoped PDU, as the datagram that answers `asked`; `sender` None is noAuthNoPriv."""
        level = sender.level & (AUTH | PRIV if private else AUTH) if sender else 0
        security = Security(
            engine_id=self.id,
            boots=self.boots,
            time=self.time,
            user=asked.security.user,
            auth=bytes(_DIGEST_OCTETS[sender.user.auth]) if sender and sender.user.auth else b"",
            priv=(salt.to_bytes(_BLOCK, "big") if level & PRIV else b""),
        )
        if sender and level & PRIV:
            if sender.user.priv is PrivProtocol.DES:  # RFC 3414 section 8.1.1.1: boots, then a counter
                security = replace(security, priv=(self.boots << 32 | salt & 0xFFFFFFFF).to_bytes(_BLOCK, "big"))
            data = sender.encrypted(data, security)
        datagram = encoded_message(MessageV3(id=asked.id, max_size=65507, flags=level, security=security, data=data))
        if not (sender and level & AUTH):
            return datagram
        sealed = decoded_message(datagram)
        at = sealed.security.auth_at if isinstance(sealed, MessageV3) else 0
        digest = sender.digest(datagram)
        return datagram[:at] + digest + datagram[at + len(digest) :]
