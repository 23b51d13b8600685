"""Whom a look trusts: the certificate that a server showed first (its SHA-256), or what an authority signed."""

import asyncio
import hashlib
import ssl
from functools import lru_cache

import aiohttp

from collectors.looks import Door


@lru_cache(maxsize=64)
def of_authority(path: str) -> ssl.SSLContext:
    """Trust in the certificates in the file at `path`. Raises OSError or ssl.SSLError where there are none."""
    return ssl.create_default_context(cafile=path)


def of_pin(pin: str) -> aiohttp.Fingerprint:
    """Trust in one certificate. Raises ValueError where `pin` is no SHA-256 in hex."""
    return aiohttp.Fingerprint(bytes.fromhex(pin))


async def shown(door: Door) -> str:
    """The SHA-256 of the certificate that the server shows now, before anything is said to it.

    Raises OSError, or TimeoutError.
    """
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
    return hashlib.sha256(certificate).hexdigest()
