"""What a Redfish service answers with, read with hard bounds: bodies, compressed bodies, and what errors mean."""

import zlib
from http import HTTPStatus

import aiohttp

from collectors.looks import Blind
from collectors.redfish.documents import Document, NotADocumentError, parsed
from collectors.redfish.service import BlindError, UnreadError
from collectors.snmp.reader import Ending

LARGEST = 4_000_000
"""The most bytes of one document, unpacked: a full expanded collection of an iDRAC is a tenth of that."""
_PIECE = 65_536
_SHOWN = 4096  # of the body of an error, in which its message id is looked for


async def body(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body of `response`, unpacked, as long as it is no longer than `most`. Raises UnreadError(BYTES) else."""
    packed = response.headers.get("Content-Encoding", "").lower()
    if packed not in {"", "identity", "gzip", "deflate"}:
        raise UnreadError(Ending.ERROR_STATUS)
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed not in {"", "identity"} else None
    found = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        try:
            found += unpack.decompress(piece, most + 1 - len(found)) if unpack else piece
        except zlib.error:
            raise UnreadError(Ending.ERROR_STATUS) from None
        if len(found) > most:
            raise UnreadError(Ending.BYTES)
    return bytes(found)


async def document(response: aiohttp.ClientResponse, most: int) -> tuple[Document, int]:
    """The document in `response` and its length. Raises UnreadError, or BlindError where the whole service says no."""
    raw = await body(response, min(most, LARGEST))
    if response.status == HTTPStatus.OK:
        try:
            return parsed(raw), len(raw)
        except NotADocumentError:
            raise UnreadError(Ending.ERROR_STATUS) from None
    blind = blind_of(response.status, raw)
    if blind in {Blind.NO_SESSION_LEFT, Blind.STARTING}:
        raise BlindError(blind)
    missing = response.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
    raise UnreadError(None if missing else Ending.ERROR_STATUS)


def blind_of(status: int, raw: bytes) -> Blind:
    """Why a service that answers with this keeps us out. RAC0218 and SYS518 are message ids of an iDRAC."""
    shown = raw[:_SHOWN]
    if b"RAC0218" in shown or b"SessionLimitExceeded" in shown:
        return Blind.NO_SESSION_LEFT
    if b"SYS518" in shown or b"ServiceTemporarilyUnavailable" in shown or b"ServiceInUnknownState" in shown:
        return Blind.STARTING
    if status == HTTPStatus.UNAUTHORIZED:
        return Blind.WRONG_PASSWORD
    if status == HTTPStatus.FORBIDDEN:
        return Blind.NO_RIGHTS
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return Blind.STARTING
    return Blind.BAD_ANSWER
