"""Until when the certificate of the mail server is valid, as it shows it: looked at once a day, trusted for nothing."""

import asyncio
import ssl
from datetime import datetime

import aiosmtplib
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificates

from alerts.post.mail import MailSettings, Security


async def mail_certificate_ends(settings: MailSettings) -> datetime | None:
    """When the certificate of the mail server ends; None where it shows none, or cannot be reached just now."""
    if settings.security is Security.NONE:
        return None
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE  # one that has ended shows itself, too; no letter and no password goes this way
    timeout = settings.timeout.total_seconds()
    client = aiosmtplib.SMTP(
        hostname=settings.server,
        port=settings.port,
        local_hostname=settings.sender_address.rpartition("@")[2],
        timeout=timeout,
    )
    try:
        async with asyncio.timeout(timeout):
            await client.connect(
                use_tls=settings.security is Security.TLS,
                start_tls=settings.security is Security.STARTTLS,
                tls_context=anybody,
            )
            shown = client.get_transport_info("ssl_object")
            certificate = shown.getpeercert(binary_form=True) if shown is not None else None
        return load_der_x509_certificate(certificate).not_valid_after_utc if certificate else None
    except (aiosmtplib.SMTPException, OSError, ValueError, UnsupportedAlgorithm):
        return None
    finally:
        client.close()


def pages_certificate_ends(chain: bytes) -> datetime | None:
    """When the first certificate of a chain (PEM) that ends does; None where none can be read."""
    try:
        return min(each.not_valid_after_utc for each in load_pem_x509_certificates(chain))
    except (ValueError, UnsupportedAlgorithm):
        return None
