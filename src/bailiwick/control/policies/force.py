"""Keeps the policies that a process decides by those that are in force in the database."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.policies.tables import PolicyForceRow
from bailiwick.core.policy import PoliciesInForce

_LOG = logging.getLogger("bailiwick.control.policies")
_GENERATION = select(PolicyForceRow.generation)


@dataclass(frozen=True)
class PolicyForce:
    """Asked before every decision, in the decision's own transaction: whatever was put into force before the question
    came, by whichever process, is what answers it. `on_swap` is called when other policies came into force.
    """

    policies: PoliciesInForce
    on_swap: Callable[[], None] = lambda: None

    def refresh(self, session: Session) -> None:
        """Swap the policies when others are in force."""
        if (session.scalar(_GENERATION) or 0) == self.policies.generation:
            return
        # Both in one statement, so that a generation never comes with another's text.
        row = session.execute(select(PolicyForceRow.generation, PolicyForceRow.text)).one_or_none()
        generation, text = (row.generation, row.text) if row is not None else (0, "")
        fault = self.policies.install(generation, text)
        self.on_swap()
        if fault:
            _LOG.error("policies of generation %d cannot be read, so everything is refused: %s", generation, fault)

    def in_force(self, session: Session) -> tuple[int, str]:
        """Return the generation in force, and everything beside the built-in policies as Cedar text, for planes."""
        row = session.execute(select(PolicyForceRow.generation, PolicyForceRow.text)).one_or_none()
        return (row.generation, self.policies.base + row.text) if row is not None else (0, self.policies.base)
