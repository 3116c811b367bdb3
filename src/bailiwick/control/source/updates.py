"""What a push wants of refs: one branch, by a name that may be one; and what is said once it was taken."""

from collections.abc import Sequence

from bailiwick.control.review import Change
from bailiwick.control.source.errors import PushRefusedError
from bailiwick.control.source.hook_server import PushAnswer, RefUpdate
from bailiwick.control.source.pushes import PushRecord
from bailiwick.control.source.repositories import NOTHING
from bailiwick.core.branches import HEADS, MAIN, checked_branch
from bailiwick.core.manifest import FILE_NAME, Manifest, parse_manifest


def only_update(updates: Sequence[RefUpdate]) -> tuple[RefUpdate, str]:
    """Return the one thing that a push wants, and the name of the branch that it is of (empty: main).

    Raises `PushRefusedError`, and `InvalidInputError` for a name that no branch has.
    """
    if len(updates) != 1 or not updates[0].ref.startswith(HEADS):
        names = ", ".join(update.ref for update in updates)[:200]
        raise PushRefusedError(
            f"only branches are taken here, one at a time; this push is of {names}", hint="git push origin HEAD:main"
        )
    update = updates[0]
    name = update.ref.removeprefix(HEADS)
    if name == MAIN and update.new == NOTHING:
        raise PushRefusedError("main is not deleted", hint="history is kept; push a commit that takes things out")
    return update, "" if name == MAIN else checked_branch(name)


def manifest_in(change: Change) -> Manifest | None:
    """Return the manifest of a change, which the review has found to be sound; None without one."""
    text = next((file.content for file in change.files if file.path == FILE_NAME), None)
    return parse_manifest(text.decode()) if text is not None else None


def taken(record: PushRecord, release: str, more: Sequence[str] = ()) -> PushAnswer:
    """Return what is said of a push that was taken; `more` are lines about its branch."""
    lines = (f"Bailiwick reviewed tree {record.tree[:12]} and takes it.", f"Its preview {release} is starting.", *more)
    return PushAnswer(True, ("", *lines, ""), record.review)
