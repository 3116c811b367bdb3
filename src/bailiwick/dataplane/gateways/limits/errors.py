"""Why a call through an integration does not begin now, and when it may."""

from bailiwick.core.errors import BailiwickError


class LimitedError(BailiwickError):
    """A limit, the breaker or the system's own wish stands in the way; nothing was sent.

    `kind` is `rate`, `at-once`, `queue`, `breaker`, `held` or `day`; `retry_seconds` is when to come again.
    """

    code = "integration.limited"
    status = 429

    def __init__(self, kind: str, message: str, retry_seconds: float, *, of_person: bool = False) -> None:
        """Take the kind, what stands in the way, when it may not any more, and whether it is only in this person's."""
        super().__init__(message, hint=f"try again in {max(1, round(retry_seconds))} s", deciders=(f"limit-{kind}",))
        self.kind = kind
        self.retry_seconds = retry_seconds
        self.status = 503 if kind == "breaker" else 429
        self.of_person = of_person
