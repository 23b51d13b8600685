"""Whom a look trusts: the certificate that a server showed first (its SHA-256), or what an authority signed."""

import asyncio
import hashlib
import ssl
from dataclasses import dataclass
from functools import lru_cache

import aiohttp
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import load_der_x509_certificate

from collectors.looks import Door


@lru_cache(maxsize=64)
def of_authority(path: str) -> ssl.SSLContext:
    """Trust in the certificates in the file at `path`. Raises OSError or ssl.SSLError where there are none."""
    return ssl.create_default_context(cafile=path)


def of_pin(pin: str) -> aiohttp.Fingerprint:
    """Trust in one certificate. Raises ValueError where `pin` is no SHA-256 in hex."""
    return aiohttp.Fingerprint(bytes.fromhex(pin))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A certificate that was seen: its SHA-256, and when it ends (seconds since 1970; None where it cannot be read)."""

    pin: str
    ends: float | None


async def shown(door: Door) -> Shown:
    """The certificate that the server shows now, before anything is said to it. Raises OSError, or TimeoutError."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE  # nobody is trusted here: the certificate is only looked at
    _, writer = await asyncio.open_connection(door.address, door.port, ssl=anybody)
    try:
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    if not certificate:
        raise ssl.SSLError("no certificate")
    return Shown(pin=hashlib.sha256(certificate).hexdigest(), ends=ends(certificate))


def ends(certificate: bytes) -> float | None:
    """When a certificate (DER) ends, in seconds since 1970; None where it cannot be read."""
    try:
        return load_der_x509_certificate(certificate).not_valid_after_utc.timestamp()
    except (ValueError, UnsupportedAlgorithm):  # what a device made itself may be no good X.509
        return None
