"""Client certificates that the company's own authority signs: the key is made here, the certificate is taken in."""

from bailiwick.control.certificate_requests.model import CertificateRequest
from bailiwick.control.certificate_requests.service import CertificateRequests

__all__ = ["CertificateRequest", "CertificateRequests"]
