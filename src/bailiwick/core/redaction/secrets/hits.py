"""A credential that was seen in a text."""

from dataclasses import dataclass

from bailiwick.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Hit:
    """What it is, the secret itself, where it begins in the text (bytes), and how bad it is.

    With `known_form` its first characters are the issuer's, and may be shown. What is `encoded` was not in the clear.
    """

    kind: str
    secret: bytes
    place: int
    level: Severity
    known_form: bool = False
    encoded: bool = False
