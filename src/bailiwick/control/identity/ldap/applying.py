"""Does what a plan says in bounded transactions, each with its audit events; what is refused becomes a problem."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from bailiwick.control.identity.directory import problems
from bailiwick.control.identity.directory.changes import Changes, claim_problem
from bailiwick.control.identity.directory.errors import NameTakenError
from bailiwick.control.identity.directory.model import DirectoryClient, Kind
from bailiwick.control.identity.directory.problems import Problem
from bailiwick.control.identity.directory.service import DirectoryService
from bailiwick.control.identity.ldap.plan import Known, Step, with_members

# A transaction that audits makes others that audit wait, and whoever leaves must not wait long.
_AT_ONCE = 50

Progress = Callable[[Session, int], None]


@dataclass
class Applying:
    """Goes through the steps of one plan. `ids` has our identifiers by the directory's."""

    directory: DirectoryService
    client: DirectoryClient
    progress: Progress
    ids: dict[str, str]
    _done: int = 0
    _refused: list[tuple[Step, NameTakenError]] = field(default_factory=list)
    _incomplete: list[Step] = field(default_factory=list)

    @classmethod
    def of(
        cls, directory: DirectoryService, client: DirectoryClient, known: Sequence[Known], progress: Progress
    ) -> "Applying":
        """Return one for a directory of which this is known."""
        return cls(directory, client, progress, {item.external_id: item.id for item in known})

    def apply(self, steps: Sequence[Step]) -> list[Problem]:
        """Do all steps; return what was refused. What waited for a name that was still taken is tried once more, and
        so are groups with members that were made after them.
        """
        self._go(steps)
        again, self._refused = [step for step, _ in self._refused], []
        self._go(again)
        late, self._incomplete = self._incomplete, []
        self._go(late)
        return [claim_problem(step.draft, fault) for step, fault in self._refused if step.draft is not None]

    def report(self, found: Sequence[Problem]) -> None:
        """Keep these problems of the directory and no others."""
        by = str(self.client.identity.principal)
        with self.directory.entered(self.client, writing=True) as session:
            for problem in found:
                problems.report(session, self.directory.audit, self.client.directory, problem, by=by)
            problems.keep_only(session, self.client.directory, [problem.key for problem in found])

    def _go(self, steps: Sequence[Step]) -> None:
        for first in range(0, len(steps), _AT_ONCE):
            some = steps[first : first + _AT_ONCE]
            with (
                self.directory.entered(self.client, writing=True) as session,
                self.directory.changing(session, self.client) as changes,
            ):
                for step in some:
                    self._take(changes, step)
                self._done += len(some)
                self.progress(session, self._done)

    def _take(self, changes: Changes, step: Step) -> None:
        if step.draft is None:
            assert step.known is not None  # noqa: S101 - a step without a draft removes something
            changes.delete(step.known.kind, step.known.id, expected=None)
            self.ids.pop(step.external_id, None)
            return
        draft = with_members(step, self.ids) if step.draft.kind is Kind.GROUP else step.draft
        try:
            if step.external_id in self.ids:
                changes.replace(self.ids[step.external_id], draft, expected=None)
            else:
                self.ids[step.external_id] = changes.create(draft).id
        except NameTakenError as fault:
            self._refused.append((step, fault))
            return
        if len(draft.members) < len(step.members):
            self._incomplete.append(step)
