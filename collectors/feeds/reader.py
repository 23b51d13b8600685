"""Reads a document of any known form into advisories; what is none of them is refused with words."""

import json
from typing import Any

from collectors.feeds import csaf, cve, kev, nvd
from collectors.feeds.fields import NotAnAdvisoryError, rows, table
from collectors.quirks import catalogues
from monitor.model import Advisory

LARGEST = 64 * 1024 * 1024


def advisories(raw: bytes) -> tuple[Advisory, ...]:
    """The advisories of a document; one that is too large, no JSON or of no known form raises NotAnAdvisoryError."""
    if len(raw) > LARGEST:
        raise NotAnAdvisoryError(f"larger than {LARGEST} bytes")
    if _is_xml(raw):
        return catalogues.advisories(raw)
    try:
        document: Any = json.loads(raw)
        found = _advisories(table(document))
    except (RecursionError, ValueError) as error:
        if isinstance(error, NotAnAdvisoryError):
            raise
        raise NotAnAdvisoryError(f"not JSON: {error}") from error
    if not found:
        raise NotAnAdvisoryError(f"none of CSAF 2.0, CVE 5, NVD 1.1 and 2.0, KEV, {catalogues.TITLE}")
    return found


def _is_xml(raw: bytes) -> bool:
    """Whether the first character is "<", in UTF-8 or in UTF-16."""
    head = raw[:64].removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    return head.replace(b"\0", b"").lstrip().startswith(b"<")


def _advisories(document: dict[str, Any]) -> tuple[Advisory, ...]:
    if "cveMetadata" in document or "containers" in document:
        return (cve.advisory(document),)
    if "csaf_version" in table(document.get("document")):
        return tuple(csaf.advisories(document))
    if "catalogVersion" in document:
        return tuple(kev.advisories(document))
    if "cve" in document:
        return (nvd.advisory(document),)
    return tuple(nvd.advisory(each) for key in ("vulnerabilities", "CVE_Items") for each in rows(document.get(key)))
