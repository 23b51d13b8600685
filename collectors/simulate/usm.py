"""The answering side's part of SNMPv3: keys, digests, encryption and the refusals of USM (RFC 3414, 3826, 7860).

The keys are those of `reader.User`, so that a simulated device and the engine that visits it share one credential.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from collectors.snmp.codec import AUTH, PRIV, MessageV3, Oid, Security, decoded_message, encoded_message
from collectors.snmp.keys import DIGEST_OCTETS, localized, privacy_key
from collectors.snmp.reader import PrivProtocol, User

UNSUPPORTED_LEVELS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 1, 0)  # usmStats of RFC 3414
NOT_IN_TIME_WINDOWS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0)
UNKNOWN_USERS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0)
UNKNOWN_ENGINES: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)
WRONG_DIGESTS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 5, 0)
DECRYPTION_ERRORS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 6, 0)

_WINDOW = 150  # seconds, RFC 3414 section 2.2.3
_BLOCK = 8  # DES


class RefusedError(Exception):
    """A message that USM refuses; `counter` is the usmStats object that a report names."""

    def __init__(self, counter: Oid) -> None:
        super().__init__(".".join(map(str, counter)))
        self.counter = counter


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
        octets = DIGEST_OCTETS[self.user.auth]
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
    auth_key = localized(user.auth, user.auth_key.encode(), engine_id) if user.auth else b""
    priv_key = b""
    if user.auth and user.priv:
        priv_key = privacy_key(user.auth, user.priv, user.priv_key.encode(), engine_id)
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
            auth=bytes(DIGEST_OCTETS[sender.user.auth]) if sender and sender.user.auth else b"",
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
