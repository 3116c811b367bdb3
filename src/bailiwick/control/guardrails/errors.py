"""What can go wrong with guardrails."""

from bailiwick.core.errors import NotFoundError


class NoSuchGuardrailError(NotFoundError):
    """Nothing is said there."""

    code = "guardrail.not-found"
