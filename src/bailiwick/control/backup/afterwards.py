"""What is done and checked once a backup is restored: history agrees with itself, and nobody is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog, export_lines, sign_checkpoint, verify_export
from bailiwick.control.catalog import app_ids
from bailiwick.control.identity import revoke_everybody
from bailiwick.control.source import GitError, Repositories, last_taken
from bailiwick.control.vault import Vault
from bailiwick.core.clock import Clock
from bailiwick.store import Store


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the checks found: how many audit events and repositories are intact, and what is wrong."""

    events: int
    repositories: int
    problems: Sequence[str]


def after_restore(store: Store, vault: Vault, state: Path, *, by: str, made: str, clock: Clock) -> Outcome:
    """Check the audit log and the repositories, set each main to the last push that the database knows, end all that
    anybody holds, and note it; return what was found.

    Credentials that were ended after the backup was made would come back to life otherwise.
    """
    audit = AuditLog(clock)
    with store.transaction() as session:
        key = vault.signing_key(session, "audit")
        sign_checkpoint(session, key, clock)  # the last events of a running installation may have none yet
        verified = verify_export(export_lines(session, key.public_text), key.public_text)
        repositories, problems = _check_repositories(session, Repositories(state / "repositories", state / "hooks", 0))
        if not verified.intact:
            problems.insert(0, f"the audit log is not intact: {verified.problem}")
        audit.note(
            session,
            by,
            "backup.restored",
            "installation",
            context={"made": made, "problems": "; ".join(problems)[:500]},
        )
        revoke_everybody(session, audit, by=by, reason=f"the installation was restored from a backup of {made}")
        sign_checkpoint(session, key, clock)
    return Outcome(verified.events, repositories, problems)


def _check_repositories(session: Session, repositories: Repositories) -> tuple[int, list[str]]:
    good, problems = 0, []
    ids = app_ids(session)
    for app, commit in last_taken(session).items():
        try:
            repositories.check(ids[app])
            head = repositories.head(ids[app])
            if head != commit:
                repositories.move(ids[app], head, commit)
            good += 1
        except GitError as fault:
            problems.append(f"the repository of the app {app} is not whole: {fault}"[:300])
    return good, problems
