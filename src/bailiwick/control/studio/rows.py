"""Rows of the studio as plain values, and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.studio.model import (
    Conversation,
    FileRef,
    Image,
    Kind,
    NewStep,
    Spent,
    State,
    Step,
    ToolCall,
    Tree,
)
from bailiwick.control.studio.tables import BlobRow, ConversationRow, StepRow
from bailiwick.core.clock import Clock

MOST_STEPS = 2000


def conversation_of(row: ConversationRow) -> Conversation:
    """Return the value of a row."""
    return Conversation(
        id=row.id,
        app=row.app,
        person=row.person,
        title=row.title,
        model=row.model,
        integrations=tuple(row.integrations),
        base=row.base,
        branch=row.branch,
        state=State(row.state),
        words=row.words,
        live=row.live,
        run=row.run,
        stopping=row.stopping,
        beat=row.beat,
        created=row.created,
        updated=row.updated,
    )


def step_of(row: StepRow) -> Step:
    """Return the value of a row."""
    data = row.data
    image = data.get("image")
    return Step(
        row.number,
        row.time,
        NewStep(
            kind=Kind(row.kind),
            text=row.text,
            attached=str(data.get("attached", "")),
            image=Image(str(image["digest"]), str(image["type"])) if image else None,
            calls=tuple(ToolCall(it["id"], it["name"], it["arguments"]) for it in data.get("calls", ())),
            call_id=str(data.get("call_id", "")),
            tool=str(data.get("tool", "")),
            failed=bool(data.get("failed", False)),
            tree=tree_of(row.tree) if row.tree is not None else None,
            spent=Spent(row.model, row.tokens_in, row.tokens_out, row.cost),
        ),
    )


def tree_of(kept: Mapping[str, Any]) -> dict[str, FileRef]:
    """Return a draft as it was kept."""
    return {path: FileRef(item[0], item[1], item[2]) for path, item in kept.items()}


def add_step(session: Session, clock: Clock, conversation: str, step: NewStep, blobs: Mapping[str, bytes]) -> int:
    """Keep a step with the bytes that came with it; return its number. The caller holds the conversation's row."""
    last = session.scalar(select(func.max(StepRow.number)).where(StepRow.conversation == conversation))
    for digest, content in blobs.items():
        row = insert(BlobRow).values(conversation=conversation, digest=digest, content=content)
        session.execute(row.on_conflict_do_nothing())
    number = (last or 0) + 1
    session.add(
        StepRow(
            conversation=conversation,
            number=number,
            time=clock(),
            kind=step.kind.value,
            text=storable(step.text),
            data=_data(step),
            tree=_kept(step.tree) if step.tree is not None else None,
            model=storable(step.spent.model),
            tokens_in=step.spent.tokens_in,
            tokens_out=step.spent.tokens_out,
            cost=step.spent.cost,
        )
    )
    session.flush()
    return number


def steps_of(session: Session, conversation: str, after: int = 0) -> list[Step]:
    """Return the steps of a conversation, oldest first."""
    query = select(StepRow).where(StepRow.conversation == conversation, StepRow.number > after)
    return [step_of(row) for row in session.scalars(query.order_by(StepRow.number).limit(MOST_STEPS))]


def newest_tree(session: Session, conversation: str, at: int | None = None) -> dict[str, FileRef]:
    """Return the draft as it is, or as it was after a step."""
    query = select(StepRow.tree).where(StepRow.conversation == conversation, StepRow.tree.is_not(None))
    if at is not None:
        query = query.where(StepRow.number <= at)
    kept = session.scalar(query.order_by(StepRow.number.desc()).limit(1))
    return tree_of(kept) if kept is not None else {}


def blob(session: Session, conversation: str, digest: str) -> bytes:
    """Return bytes that are kept; the caller knows that they are."""
    query = select(BlobRow.content).where(BlobRow.conversation == conversation, BlobRow.digest == digest)
    return session.scalars(query).one()


def storable(text: str) -> str:
    """Return text as PostgreSQL takes it: Unicode, without NUL."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _data(step: NewStep) -> dict[str, Any]:
    found: dict[str, Any] = {
        "attached": storable(step.attached),
        "call_id": storable(step.call_id),
        "tool": storable(step.tool),
        "failed": step.failed,
        "calls": [
            {"id": storable(it.id), "name": storable(it.name), "arguments": storable(it.arguments)} for it in step.calls
        ],
    }
    if step.image is not None:
        found["image"] = {"digest": step.image.digest, "type": step.image.media_type}
    return {name: value for name, value in found.items() if value}


def _kept(tree: Tree) -> dict[str, Any]:
    return {path: [item.digest, item.size, item.executable] for path, item in tree.items()}
