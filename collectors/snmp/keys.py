"""Keys of SNMPv3 from passwords: made once for a user and an engine, by our engine and by simulated agents alike.

PySNMP, which both speak to in tests, has keys of its own: a mistake here would show there.
"""

import hashlib
from functools import lru_cache
from typing import Final

from collectors.snmp.reader import AuthProtocol, PrivProtocol

_MEGABYTE = 1_048_576  # RFC 3414 appendix A.2: a password is repeated to so many octets
DIGEST_OCTETS: Final = {  # RFC 3414 section 6, RFC 7860 section 4.2
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


@lru_cache(maxsize=1024)
def _master(auth: AuthProtocol, secret: bytes) -> bytes:
    repeated = secret * (_MEGABYTE // len(secret) + 1)
    return hashlib.new(auth.value, repeated[:_MEGABYTE]).digest()


def localized(auth: AuthProtocol, secret: bytes, engine_id: bytes) -> bytes:
    """The key of `secret` at one engine. Raises ZeroDivisionError where the secret is empty."""
    master = _master(auth, secret)
    return hashlib.new(auth.value, master + engine_id + master).digest()


def privacy_key(auth: AuthProtocol, priv: PrivProtocol, secret: bytes, engine_id: bytes) -> bytes:
    """The privacy key, lengthened where the digest is shorter (Blumenthal: digest of all; Reeder: key of the key)."""
    key = localized(auth, secret, engine_id)
    while len(key) < _KEY_OCTETS[priv]:
        if priv in {PrivProtocol.AES192_REEDER, PrivProtocol.AES256_REEDER}:
            key += localized(auth, key, engine_id)
        else:
            key += hashlib.new(auth.value, key).digest()
    return key[: _KEY_OCTETS[priv]]
