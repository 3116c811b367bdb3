"""Texts that are kept beside code, such as prompts: what the review takes for a secret is taken out of them first."""

import re

from bailiwick.control.review.engines import secrets
from bailiwick.control.review.model import Change, Surroundings
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.masking import MASK, Masker

WITHHELD = "[withheld: what was written here could not be kept without a secret]"
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY.*?(?:-----END [A-Z ]*PRIVATE KEY[^\n]*|\Z)", re.DOTALL)


def without_secrets(text: str, masker: Masker) -> str:
    """Return a text without values of the vault, keys, and each line that the review finds a secret in.

    Fails closed: a text in which something is left, or that cannot be searched, is withheld whole.
    """
    if not text:
        return text
    masked = _KEY_BLOCK.sub(MASK, masker.mask(text))
    try:
        lines = masked.split("\n")
        for number in _lines_with_secrets(masked):
            lines[number - 1] = MASK
        kept = "\n".join(lines)
        # git joins the lines of a subject by spaces, so that one may stand within a value.
        left = masker.finds(kept) or masker.finds(kept.replace(" ", ""))
        return WITHHELD if left or _lines_with_secrets(kept) else kept
    except Exception:
        return WITHHELD


def _lines_with_secrets(text: str) -> set[int]:
    change = Change("", (), (TreeFile("text.txt", text.encode(errors="replace"), executable=False),))
    return {max(finding.line, 1) for finding in secrets.check(change, Surroundings())}
