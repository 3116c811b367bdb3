"""What a new installation needs first, and what of it is there: asked of the database each time, never ticked off."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

_FACTS = """SELECT
    EXISTS (SELECT FROM directory_tokens) OR EXISTS (SELECT FROM directory_resources) AS directory,
    EXISTS (SELECT FROM role_assignments WHERE role = 'security-admin') AS security,
    EXISTS (SELECT FROM integrations) AS integration,
    EXISTS (SELECT FROM pushes WHERE accepted) AS push,
    EXISTS (SELECT FROM deploys WHERE state = 'released') AS deploy,
    EXISTS (SELECT FROM audit_events WHERE outcome = 'refused' AND app <> '') AS refusal"""
STEPS = ("directory", "security", "integration", "push", "deploy", "refusal")


@dataclass(frozen=True, slots=True)
class StepsTaken:
    """Which of `STEPS` are done."""

    facts: Mapping[str, bool]

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return all(self.facts.values())


def steps_taken(session: Session, *, reads_directories: bool) -> StepsTaken:
    """Return what is done. A directory that is read (LDAP) counts as one that describes people by itself."""
    row = session.execute(text(_FACTS)).one()
    facts = dict(zip(STEPS, map(bool, row), strict=True))
    return StepsTaken({**facts, "directory": facts["directory"] or reads_directories})
