"""TLS as a client: by which certificates servers are checked, and the one that is shown, from memory only."""

import os
import ssl
from pathlib import Path

from bailiwick.core.errors import UnavailableError


def client_context(authority_pem: str = "", certificate_pem: str = "") -> ssl.SSLContext:
    """Return what servers are checked by: authorities that everybody trusts, and `authority_pem`.

    `certificate_pem` is a certificate with its key that is shown to them. Raises `ssl.SSLError` for an authority that
    is none, `UnavailableError` for a certificate without its key.
    """
    context = ssl.create_default_context()
    if authority_pem:
        context.load_verify_locations(cadata=authority_pem)
    if certificate_pem:
        _show(context, certificate_pem)
    return context


def _show(context: ssl.SSLContext, certificate_pem: str) -> None:
    # The library reads files only: this one is in memory, and nobody else can open it.
    file = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(file, certificate_pem.encode())
        context.load_cert_chain(Path(f"/proc/self/fd/{file}"), password=lambda: "")
    except (ssl.SSLError, ValueError, OSError):
        raise UnavailableError(
            "the client's certificate cannot be shown",
            hint="store certificate and key as PEM in one secret, the key without a password",
        ) from None
    finally:
        os.close(file)
