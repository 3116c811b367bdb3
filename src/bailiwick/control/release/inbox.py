"""The approval inbox: what waits, whether for whoever looks, in whose place, and what is new in one line."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.release.deploys import DeployService
from bailiwick.control.release.model import Deploy
from bailiwick.core.principals import Identity


@dataclass(frozen=True, slots=True)
class InboxLine:
    """A deploy that waits. `mine`: the approval of whoever looks would bring it on, in the place of `behalf` where that
    is not empty. `waits` says what it waits for that has its approvals.
    """

    deploy: Deploy
    mine: bool
    behalf: str
    added: tuple[str, ...]
    waits: str

    @property
    def new(self) -> str:
        """What is new in its reach, in one line."""
        if not self.added:
            return "nothing new in its reach"
        more = f", and {len(self.added) - 1} more" if len(self.added) > 1 else ""
        return f"{self.added[0]}{more}"


def inbox_lines(
    deploys: DeployService, session: Session, identity: Identity, waiting: Sequence[Deploy]
) -> list[InboxLine]:
    """Return deploys that wait as lines of somebody's inbox: first what they may decide about, each part as it came."""
    lines = [_line(deploys, session, identity, deploy) for deploy in waiting]
    return sorted(lines, key=lambda line: not line.mine)


def _line(deploys: DeployService, session: Session, identity: Identity, deploy: Deploy) -> InboxLine:
    judged = deploys.explain_approval(session, identity, deploy.id)
    added = deploys.reach_change(session, deploy.id).added
    standing = deploys.standing(session, identity, deploy.id)
    mine, waits = (standing.you_could_help, standing.waits) if standing is not None else (False, "")
    return InboxLine(deploy, mine, judged.behalf, added, waits)
