"""Why somebody does something, in their own words: asked for wherever the audit log shall say it."""

from bailiwick.core.errors import InvalidInputError

LONGEST_REASON = 2000


def given_reason(reason: str, hint: str = "say why, for the audit log", *, what: str = "this") -> str:
    """Return a reason without space around it, 2,000 characters at most.

    `what` is what needs it, as the error says it. Raises `InvalidInputError` where there is none.
    """
    if not reason.strip():
        raise InvalidInputError(f"{what} needs a reason", hint=hint)
    return reason.strip()[:LONGEST_REASON]
