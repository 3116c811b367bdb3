"""A decision: the answer to one question, with the policies that gave it."""

from dataclasses import dataclass

from bailiwick.core.errors import ForbiddenError


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an action is allowed, why in words, and the ids of the policies that decided."""

    allowed: bool
    reason: str
    deciders: tuple[str, ...] = ()

    def require(self) -> None:
        """Return when allowed; raise `ForbiddenError` with the reason and the deciding policies when not."""
        if not self.allowed:
            raise ForbiddenError(
                self.reason,
                hint="ask an administrator for the role or grant that this needs",
                deciders=self.deciders,
            )
