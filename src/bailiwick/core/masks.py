"""Masks of text: what is shown of a value in an answer that is not SQL; those of SQL are made in the database."""

import re

from bailiwick.core.grants import Mask

HIDDEN = "••••"
SHOWN_AT_END = {Mask.LAST2: 2, Mask.LAST4: 4}
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-\d{2}([T ].*)?", re.DOTALL)


def masked_text(text: str, mask: Mask) -> str | None:
    """Return what a mask shows of a text; None for nothing. Days of the masks for time are as in ISO 8601."""
    shown = HIDDEN
    if mask is Mask.FIRST1 and len(text) > 1:
        shown = f"{text[0]}{HIDDEN}"
    elif mask in SHOWN_AT_END and len(text) > SHOWN_AT_END[mask]:
        shown = f"{HIDDEN} {text[-SHOWN_AT_END[mask] :]}"
    elif mask is Mask.EMAIL and "@" in text:
        shown = f"•••@{text.rpartition('@')[2]}"
    elif mask in {Mask.YEAR, Mask.MONTH} and (day := _ISO_DAY.fullmatch(text)):
        shown = f"{day[1]}-{day[2] if mask is Mask.MONTH else '01'}-01"
    return shown if mask is not Mask.NULL else None
