"""What people do in the studio: begin a conversation, ask, stop, go back, and look. Each change is audited."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.review import without_secrets
from bailiwick.control.source import SourceService
from bailiwick.control.studio.attachments import checked_picture
from bailiwick.control.studio.deleting import remove
from bailiwick.control.studio.drafts import Draft, draft_of
from bailiwick.control.studio.errors import BusyError, DraftError, NoConversationError, NotSetUpError
from bailiwick.control.studio.model import (
    AGENT,
    LONGEST_PROMPT,
    Conversation,
    FileRef,
    Kind,
    NewStep,
    State,
    Step,
    Work,
)
from bailiwick.control.studio.rows import MOST_STEPS, add_step, blob, conversation_of, newest_tree, steps_of, storable
from bailiwick.control.studio.tables import ConversationRow, RevisionRow, StepRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError, NotAuthenticatedError, NotFoundError
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.masking import Masker
from bailiwick.core.messages import ModelState
from bailiwick.core.principals import Identity
from bailiwick.store import Store

# A turn that gives no sign for so long is over: its process is gone.
SILENT = timedelta(seconds=30)
_MOST_WORKING = 3
_SHOWN = 100
_LONGEST_TITLE = 120


class Agents(Protocol):
    """What is needed of the identity domain."""

    def working_for(self, agent: str, person: Identity) -> Identity:
        """Return an agent as it works for a person; raise when it may not."""


class OpenModels(Protocol):
    """What is needed to know which models somebody may call."""

    def open_to(self, session: Session, identity: Identity) -> list[ModelState]:
        """Return the models that somebody may call with a token of theirs, by name."""


@dataclass(frozen=True)
class Prompt:
    """What a person asks for, with a table in words, and a picture: its media type and its bytes."""

    text: str
    table: str = ""
    picture: tuple[str, bytes] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class StudioService:
    """Opens the transaction and asks policy. `masker` gives what masks every value of the vault."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    catalog: CatalogService
    sources: SourceService
    agents: Agents
    models: OpenModels
    masker: Callable[[Session], Masker]
    clock: Clock

    # -- who and with what -----------------------------------------------------------------------------------------

    def agent_for(self, person: Identity) -> Identity:
        """Return the studio's agent as it works for a person; raise with words where it may not."""
        try:
            return self.agents.working_for(AGENT, person)
        except NotAuthenticatedError as fault:
            raise NotSetUpError(fault.message, hint=fault.hint, deciders=("studio-agent",)) from fault

    def open_models(self, session: Session, agent: Identity) -> list[ModelState]:
        """Return the models that may answer: open to the agent and to the person, and of a wire that is spoken here."""
        return [item for item in self.models.open_to(session, agent) if item.surface in {"openai", "anthropic"}]

    def finds_secret(self, text: str) -> bool:
        """Return whether a text holds a secret."""
        with self.store.transaction() as session:
            masker = self.masker(session)
        return without_secrets(text, masker) != text

    # -- what people do --------------------------------------------------------------------------------------------

    def begin(
        self, person: Identity, app_path: str, model: str, integrations: Sequence[str] = (), *, create: bool = False
    ) -> Conversation:
        """Begin a conversation about an app, with the draft as main is now; `create` makes the app first."""
        agent = self.agent_for(person)
        with self.store.transaction() as session:
            self._require_model(session, agent, model)
        if create:
            self.catalog.create_app(person, app_path)
        with self.store.transaction() as session:
            app = self.catalog.readable_app(session, person, app_path)
            self.authorizer.require(session, agent, "app.push", app.resource)
            head = self.sources.head(session, app)
        draft = draft_of(self.sources.files(app, head.commit) if head is not None else (), _nothing, _never)
        with self.store.transaction() as session:
            now, name = self.clock(), new_id("std")
            row = ConversationRow(
                id=name,
                app=app.path,
                person=str(person.principal),
                title="",
                model=model,
                integrations=sorted(set(integrations)),
                base=head.commit if head is not None else "",
                branch=f"studio-{name[-10:].lower()}",
                state=State.IDLE.value,
                words="",
                live="",
                run="",
                stopping=False,
                beat=now,
                created=now,
                updated=now,
            )
            session.add(row)
            session.flush()
            begun = NewStep(Kind.BEGUN, tree=draft.tree)
            add_step(session, self.clock, name, begun, draft.fresh)
            self.note(session, agent, "studio.begun", row, {"model": model, "integrations": ", ".join(integrations)})
            return conversation_of(row)

    def ask(
        self,
        person: Identity,
        conversation: str,
        prompt: Prompt,
        *,
        model: str = "",
        integrations: Sequence[str] | None = None,
    ) -> Conversation:
        """Take what a person asks for, and begin a turn: whoever calls runs it. Secrets in it are taken out.

        An empty text goes on with what was asked before. Raises `BusyError` while a turn is under way.
        """
        agent = self.agent_for(person)
        with self.store.transaction() as session:
            row = self._own(session, person, conversation)
            app = self.catalog.readable_app(session, person, row.app)
            decision = self.authorizer.require(session, agent, "app.push", app.resource)
            found = self._require_model(session, agent, model or row.model)
            self._require_free(session, row)
            step = self._asked(session, row, prompt, found)
            row.model, row.integrations = (
                found.name,
                sorted(set(row.integrations if integrations is None else integrations)),
            )
            row.state, row.words, row.live, row.stopping = State.WORKING.value, "", "", False
            row.run, row.beat, row.updated = new_id("run"), self.clock(), self.clock()
            if step is not None:
                row.title = row.title or " ".join(step.text.split())[:_LONGEST_TITLE]
                pictures = {step.image.digest: prompt.picture[1]} if step.image and prompt.picture else {}
                add_step(session, self.clock, row.id, step, pictures)
            facts: dict[str, ContextFact] = {"model": found.name, "bytes": len(prompt.text.encode(errors="replace"))}
            self.note(session, agent, "studio.asked", row, facts, deciders=decision.deciders)
            return conversation_of(row)

    def stop(self, person: Identity, conversation: str) -> Conversation:
        """Have the turn that is under way end as soon as it can."""
        with self.store.transaction() as session:
            row = self._own(session, person, conversation)
            if row.state == State.WORKING:
                row.stopping = True
                if self._is_silent(row):
                    row.state, row.words, row.run = State.STOPPED.value, "it was interrupted", ""
                self.note(session, person, "studio.stopped", row, {})
            return conversation_of(row)

    def undo(self, person: Identity, conversation: str, number: int) -> Conversation:
        """Bring the draft back to what it was after a step. What came since stays in the conversation."""
        with self.store.transaction() as session:
            row = self._own(session, person, conversation)
            app = self.catalog.readable_app(session, person, row.app)
            self.authorizer.require(session, person, "app.push", app.resource)
            self._require_free(session, row)
            last = session.scalar(select(func.max(StepRow.number)).where(StepRow.conversation == row.id)) or 0
            if not 1 <= number <= last:
                raise NotFoundError(f"this conversation has no step {number}", hint=f"it has steps 1 to {last}")
            tree = newest_tree(session, row.id, number)
            add_step(session, self.clock, row.id, NewStep(Kind.UNDONE, f"{number}", tree=tree), {})
            row.updated = self.clock()
            self.note(session, person, "studio.undone", row, {"step": number})
            return conversation_of(row)

    def delete(self, person: Identity, conversation: str) -> None:
        """Remove somebody's own conversation for good, also where they may not read its app any more.

        What came of it in git stays. Raises `BusyError` while a turn is under way.
        """
        with self.store.transaction() as session:
            row = self._own(session, person, conversation)
            if row.state == State.WORKING and not self._is_silent(row):
                raise _busy()
            self.note(session, person, "studio.deleted", row, {"steps": remove(session, row)})

    def own_at_rest(self, person: Identity, conversation: str) -> Conversation:
        """Return somebody's own conversation while no turn is under way in it."""
        with self.store.transaction() as session:
            row = self._own(session, person, conversation)
            self.catalog.readable_app(session, person, row.app)
            if row.state == State.WORKING and not self._is_silent(row):
                raise _busy()
            return conversation_of(row)

    # -- what people see -------------------------------------------------------------------------------------------

    def conversations(self, session: Session, person: Identity) -> list[Conversation]:
        """Return somebody's own conversations, the newest first."""
        mine = select(ConversationRow).where(ConversationRow.person == str(person.principal))
        found = session.scalars(mine.order_by(ConversationRow.updated.desc()).limit(_SHOWN)).all()
        return [conversation_of(row) for row in found if self._may_read(session, person, row)]

    def conversation(self, session: Session, identity: Identity, conversation: str) -> Conversation:
        """Return a conversation for whoever had it, and for whoever may read its app: prompts are its history."""
        row = session.get(ConversationRow, conversation)
        if row is None or not self._may_read(session, identity, row):
            raise _unknown(conversation)
        return conversation_of(row)

    def steps(self, session: Session, conversation: str, after: int = 0) -> list[Step]:
        """Return the steps of a conversation behind a number, oldest first."""
        return steps_of(session, conversation, after)

    def tree(self, session: Session, conversation: str, at: int | None = None) -> dict[str, FileRef]:
        """Return the draft as it is, or as it was after a step."""
        return newest_tree(session, conversation, at)

    def content(self, conversation: str, digest: str) -> bytes:
        """Return bytes of a draft, or of a picture."""
        with self.store.transaction() as session:
            return blob(session, conversation, digest)

    def draft(self, conversation: Conversation) -> Draft:
        """Return the draft to be worked on."""
        with self.store.transaction() as session:
            tree = newest_tree(session, conversation.id)

        def read(digest: str) -> bytes:
            return self.content(conversation.id, digest)

        return Draft(tree, read, self.finds_secret)

    def work_of(self, session: Session, app_path: str, commits: Sequence[str]) -> Mapping[str, Work]:
        """Return what it took to make commits in the studio, by commit."""
        here = (RevisionRow.app == app_path, RevisionRow.commit.in_(commits))
        return {
            row.commit: Work(
                row.conversation, tuple(row.models), row.answers, row.tools, row.tokens_in, row.tokens_out, row.cost
            )
            for row in session.scalars(select(RevisionRow).where(*here))
        }

    def note(
        self,
        session: Session,
        who: Identity,
        action: str,
        row: ConversationRow,
        facts: Mapping[str, ContextFact],
        *,
        outcome: Outcome = Outcome.SUCCESS,
        reason: str = "",
        deciders: tuple[str, ...] = (),
    ) -> None:
        """Add to the log what is done in a conversation: sizes and names, never a word of it."""
        self.audit.note(
            session,
            str(who.principal),
            action,
            f"app:{row.app}",
            outcome=outcome,
            reason=storable(reason)[:500],
            app=row.app,
            deciders=deciders,
            context={"conversation": row.id, **facts},
        )

    # -- parts -----------------------------------------------------------------------------------------------------

    def _own(self, session: Session, person: Identity, conversation: str) -> ConversationRow:
        """Return the row of somebody's own conversation, locked: nobody speaks in another's."""
        row = session.get(ConversationRow, conversation, with_for_update=True)
        if row is None or row.person != str(person.principal):
            raise _unknown(conversation)
        return row

    def _may_read(self, session: Session, identity: Identity, row: ConversationRow) -> bool:
        try:
            self.catalog.readable_app(session, identity, row.app)
        except NotFoundError:
            return False
        return True

    def _is_silent(self, row: ConversationRow) -> bool:
        return self.clock() - row.beat > SILENT

    def _require_free(self, session: Session, row: ConversationRow) -> None:
        if row.state == State.WORKING and not self._is_silent(row):
            raise _busy()
        others = select(func.count()).where(
            ConversationRow.person == row.person,
            ConversationRow.id != row.id,
            ConversationRow.state == State.WORKING.value,
            ConversationRow.beat > self.clock() - SILENT,
        )
        if (session.scalar(others) or 0) >= _MOST_WORKING:
            raise BusyError(
                f"the agent is at work in {_MOST_WORKING} conversations of yours", hint="wait for one, or stop one"
            )

    def _require_model(self, session: Session, agent: Identity, name: str) -> ModelState:
        known = {item.name: item for item in self.open_models(session, agent)}
        if name not in known:
            words = f"there are: {', '.join(known)}" if known else f"none is open to both you and {AGENT}"
            raise NotFoundError(f"the model '{name[:60]}' cannot be asked here", hint=words)
        return known[name]

    def _asked(self, session: Session, row: ConversationRow, prompt: Prompt, model: ModelState) -> NewStep | None:
        text = prompt.text.replace("\0", "").strip()
        steps = session.scalar(select(func.count()).where(StepRow.conversation == row.id)) or 0
        if not text:
            if steps <= 1:
                raise InvalidInputError("nothing was asked", hint="say in a sentence what the app is to do")
            return None
        if len(text) > LONGEST_PROMPT:
            raise InvalidInputError(f"more than {LONGEST_PROMPT:,} characters", hint="say it in less")
        if steps > MOST_STEPS - 400:
            raise DraftError("this conversation is as long as one may be", hint="begin another: it goes on from main")
        image = checked_picture(*prompt.picture, model) if prompt.picture is not None else None
        masker = self.masker(session)
        return NewStep(
            Kind.ASKED, without_secrets(text, masker), attached=without_secrets(prompt.table, masker), image=image
        )


def _busy() -> BusyError:
    return BusyError("the agent is at work in this conversation", hint="wait until it is done, or stop it")


def _unknown(conversation: str) -> NoConversationError:
    return NoConversationError(f"there is no conversation '{conversation[:60]}', or you may not see it")


def _nothing(digest: str) -> bytes:
    raise KeyError(digest)


def _never(text: str) -> bool:  # noqa: ARG001 - what main holds was reviewed
    return False
