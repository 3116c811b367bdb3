"""Credentials by the few forms that nothing else looks like: issuers gave them a beginning of their own.

What has such a form is taken for one, even where it looks like an example.
"""

from collections.abc import Callable
from typing import Any

import re2

Redact = Callable[[str], str]

FORMS = (
    r"\bbw[a-z]_[A-Za-z0-9_-]{43}",  # our own
    r"\b(?:AKIA|ASIA)[A-Z2-7]{16}",
    r"\bgh[pousr]_[A-Za-z0-9]{36,251}",
    r"\bgithub_pat_[A-Za-z0-9_]{82}",
    r"\bglpat-[A-Za-z0-9_-]{20,64}",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{20,250}",
    r"\b[rs]k_live_[A-Za-z0-9]{16,247}",
    r"\bsk-ant-[a-z0-9]{2,8}-[A-Za-z0-9_-]{32,180}",
    r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,200}T3BlbkFJ[A-Za-z0-9_-]{20,180}",
    r"\bAIza[A-Za-z0-9_-]{35}",
    r"\bhf_[A-Za-z0-9]{34}",
    r"\bnpm_[A-Za-z0-9]{36}",
    r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,400}",
    r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----[^-]*(?:-----END [A-Z0-9 ]{0,40}-----)?",
)


def _compiled() -> Any:
    """Return what finds any of the forms in bytes, in time that is linear in them whatever they are."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile("|".join(FORMS).encode(), options)


_FORMED = _compiled()


def credentials_in(data: bytes) -> list[tuple[int, int]]:
    """Return where in bytes something has the form of a credential: the start and the end of each."""
    return [match.span() for match in _FORMED.finditer(data)]
