"""What a turn writes down as it goes: its steps, what the model says now, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.studio.drafts import Draft
from bailiwick.control.studio.errors import TurnEndedError
from bailiwick.control.studio.model import Conversation, Kind, NewStep, State, Step
from bailiwick.control.studio.rows import add_step, steps_of, storable
from bailiwick.control.studio.service import StudioService
from bailiwick.control.studio.tables import ConversationRow, RevisionRow, StepRow
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.masking import Masker
from bailiwick.core.principals import Identity

_LONGEST_LIVE = 20_000


@dataclass(frozen=True)
class TurnLog:
    """Writes for one turn, which `conversation` names: a turn that another took the place of writes nothing more."""

    studio: StudioService
    conversation: Conversation
    agent: Identity

    def steps(self) -> list[Step]:
        """Return the conversation so far."""
        with self.studio.store.transaction() as session:
            return steps_of(session, self.conversation.id)

    def pulse(self, live: str) -> str:
        """Give a sign of life with what the model says now; return why the turn is to end, or nothing."""
        ours = (ConversationRow.id == self.conversation.id, ConversationRow.run == self.conversation.run)
        with self.studio.store.transaction() as session:
            shown = self.studio.masker(session).mask(live) if live else ""
            values = {"beat": self.studio.clock(), "live": storable(shown[-_LONGEST_LIVE:])}
            done = update(ConversationRow).where(*ours).values(**values).returning(ConversationRow.stopping)
            stopping = session.scalars(done).one_or_none()
        if stopping is None:
            return "another turn took its place"
        return "you stopped it" if stopping else ""

    def add(self, step: NewStep, draft: Draft) -> int:
        """Keep a step without values of the vault, with what the draft has new since the last."""
        with self.studio.store.transaction() as session:
            row = self._row(session)
            kept = _masked(step, self.studio.masker(session))
            number = add_step(session, self.studio.clock, row.id, kept, draft.fresh)
            row.live, row.beat, row.updated = "", self.studio.clock(), self.studio.clock()
        draft.fresh.clear()
        return number

    def remember_base(self, commit: str) -> None:
        """Keep that main is at a commit that came of this draft."""
        with self.studio.store.transaction() as session:
            self._row(session).base = commit

    def remember_revision(self, commit: str, models: Sequence[str]) -> None:
        """Keep what it took to make a commit: everything since the one before it."""
        here = StepRow.conversation == self.conversation.id
        with self.studio.store.transaction() as session:
            steps = session.scalars(select(StepRow).where(here)).all()
            earlier = session.scalars(select(RevisionRow).where(RevisionRow.conversation == self.conversation.id)).all()
            said = [step for step in steps if step.kind == Kind.SAID]
            total = {
                "answers": len(said),
                "tools": sum(step.kind == Kind.TOOL for step in steps),
                "tokens_in": sum(step.tokens_in for step in said),
                "tokens_out": sum(step.tokens_out for step in said),
                "cost": sum(step.cost for step in said),
            }
            since = {name: value - sum(getattr(row, name) for row in earlier) for name, value in total.items()}
            whose = {"app": self.conversation.app, "commit": commit, "conversation": self.conversation.id}
            row = insert(RevisionRow).values(**whose, models=list(models), **since)
            session.execute(row.on_conflict_do_nothing())

    def end(self, state: State, words: str) -> None:
        """Write down how the turn ended, unless another has taken its place."""
        try:
            with self.studio.store.transaction() as session:
                row = self._row(session)
                row.state, row.words, row.live, row.run, row.stopping = (
                    state.value,
                    storable(words)[:500],
                    "",
                    "",
                    False,
                )
                row.updated = self.studio.clock()
                if words:
                    add_step(session, self.studio.clock, row.id, NewStep(Kind.ENDED, words, failed=True), {})
                outcome = Outcome.FAILED if state is State.FAILED else Outcome.SUCCESS
                steps = session.scalars(select(StepRow).where(StepRow.conversation == row.id)).all()
                facts: dict[str, ContextFact] = {
                    "model": row.model,
                    "state": state.value,
                    "tokens_in": sum(step.tokens_in for step in steps),
                    "tokens_out": sum(step.tokens_out for step in steps),
                }
                self.studio.note(session, self.agent, "studio.turn-ended", row, facts, outcome=outcome, reason=words)
        except TurnEndedError:
            return

    def _row(self, session: Session) -> ConversationRow:
        row = session.get(ConversationRow, self.conversation.id, with_for_update=True)
        if row is None or row.run != self.conversation.run:
            raise TurnEndedError("another turn took its place")
        return row


def _masked(step: NewStep, masker: Masker) -> NewStep:
    """Return a step without values of the vault: a model may have been told one where nobody knew it for what it is."""
    calls = tuple(replace(call, arguments=masker.mask(call.arguments)) for call in step.calls)
    return replace(step, text=masker.mask(step.text), calls=calls)
