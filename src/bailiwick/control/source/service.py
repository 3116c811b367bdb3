"""Pushes: read what git holds in quarantine, have it reviewed, and take it or refuse it, with its history."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.review import (
    Change,
    Finding,
    Layer,
    Report,
    ReviewPool,
    ReviewService,
    StandardText,
    StoredReview,
    Surroundings,
    held_to_standards,
    refusal_lines,
    review,
    rule,
    without_secrets,
)
from bailiwick.control.source.blame import BlamedLine
from bailiwick.control.source.commits import CommitRecord, commit_record, commits_of, redacted, remember_commits
from bailiwick.control.source.errors import PushRefusedError
from bailiwick.control.source.hook_server import Push, PushAnswer, RefUpdate
from bailiwick.control.source.provenance import LONGEST_PROMPT, told_by
from bailiwick.control.source.pushes import PushRecord, record_of
from bailiwick.control.source.repositories import NOTHING, Commit, Repositories
from bailiwick.control.source.tables import PushRow
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.manifest import FILE_NAME, Manifest, ManifestError, parse_manifest
from bailiwick.core.masking import Masker
from bailiwick.core.principals import Identity
from bailiwick.core.statements import Envelope
from bailiwick.store import Store

MAIN = "refs/heads/main"


OnAccepted = Callable[[Session, App, PushRecord, Envelope, Sequence[TreeFile]], str]
CheckReach = Callable[[Session, Manifest], None]
RequirePusher = Callable[[Session, Identity, str], None]


class SourceService:
    """Takes pushes. `on_accepted` runs in the push's own transaction, `check_reach` raises when grants are missing,
    `require_pusher` when whoever pushes may not push to a resource (any more).
    """

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        catalog: CatalogService,
        reviews: ReviewService,
        pool: ReviewPool,
        repositories: Repositories,
        secrets: Callable[[Session], Masker],
        surroundings: Callable[[str], Surroundings],
        check_reach: CheckReach,
        require_pusher: RequirePusher,
        on_accepted: OnAccepted,
        review_url: str,
        clock: Clock,
    ) -> None:
        self._store = store
        self._audit = audit
        self._catalog = catalog
        self._reviews = reviews
        self._pool = pool
        self._repositories = repositories
        self._secrets = secrets
        self._surroundings = surroundings
        self._check_reach = check_reach
        self._require_pusher = require_pusher
        self._on_accepted = on_accepted
        self._review_url = review_url
        self._clock = clock

    def receive(self, push: Push) -> PushAnswer:
        """Review a push and answer it. What passes is taken with its verdict and preview in one transaction."""
        update = _only_update(push.updates)
        with self._store.transaction() as session:
            app = self._catalog.app(session, push.app_path)
            masker = self._secrets(session)
        push.waiting.words = "reading what the push brings ..."
        self._repositories.require_next(app.id, update.old, update.new, push.quarantine)
        change = self._repositories.read_change(app.id, update.new, push.quarantine)
        report = self._reviewed(app, change, masker, Layer.INLINE, lambda engine: _say(push, change, engine))
        with self._store.transaction() as session:
            # Once more, as they may have lost their access while the push came in and was reviewed.
            self._require_pusher(session, push.pusher, app.resource)
            report = self._reviews.with_waivers(session, app.path, report)
            report = self._with_reach(session, report, change)
            stored = self._reviews.record(
                session, app=app.path, commit=update.new, author=str(push.pusher.principal), report=report
            )
            record = self._remember(session, app, update, stored, push, masker)
            if stored.verdict is not None:
                self._catalog.declare(session, app.path, _declared(change))
                release = self._on_accepted(session, app, record, stored.verdict, change.files)
                if push.waiting.gone:
                    raise PushRefusedError("whoever pushed went away before the answer", hint="push again")
                return _taken(record, release)
        url = f"{self._review_url}/{stored.id}"
        lines = refusal_lines(report.blocking, report.could_not_review, url, change)
        return PushAnswer(False, tuple(lines), stored.id)

    def examine(self, app: App, commit: str) -> Report:
        """Review the tree of a commit that was taken before, by what a review goes by now; nothing is remembered."""
        with self._store.transaction() as session:
            masker = self._secrets(session)
        return self._reviewed(
            app, self._repositories.read_change(app.id, commit, {}), masker, Layer.EVERY, lambda _: None
        )

    def hold_to(self, app: App, commit: str, standards: Sequence[StandardText]) -> tuple[Finding, ...]:
        """Return what standards find in the tree of a commit that was taken before; raise `RuntimeError` in words.

        It runs where reviews run, as it reads what somebody else wrote.
        """
        given = replace(self._surroundings(app.path), standards=tuple(standards))
        return held_to_standards(self.files(app, commit), given, self._pool.run)

    def _reviewed(self, app: App, change: Change, masker: Masker, layer: Layer, say: Callable[[str], None]) -> Report:
        around = self._surroundings(app.path)
        return review(change, around, layer=layer, run=self._pool.run, known_secret=masker.finds, say=say)

    def author_of_tree(self, session: Session, app_path: str, tree: str) -> tuple[str, str] | None:
        """Return the newest commit that brought a tree and who pushed it, or None when none was taken."""
        taken = (PushRow.app == app_path, PushRow.tree == tree, PushRow.accepted)
        query = select(PushRow.commit, PushRow.pusher).where(*taken).order_by(PushRow.time.desc()).limit(1)
        row = session.execute(query).one_or_none()
        return (row.commit, row.pusher) if row is not None else None

    def head(self, session: Session, app: App) -> PushRecord | None:
        """Return the newest push that was taken."""
        return next(iter(self._pushes(session, app, accepted=True, limit=1)), None)

    def accepted(self, session: Session, app: App, commit: str) -> PushRecord | None:
        """Return the push that brought a commit, when it was taken."""
        query = select(PushRow).where(PushRow.app == app.path, PushRow.commit == commit, PushRow.accepted)
        row = session.scalars(query.order_by(PushRow.time.desc()).limit(1)).one_or_none()
        return record_of(row) if row is not None else None

    def authors(self, session: Session, app: App, commit: str, *, since: str) -> frozenset[str]:
        """Return who pushed what leads from one accepted commit to a later one; from the first push on without it.

        Where `since` is no earlier push than `commit`, everyone who ever pushed up to it counts.
        """
        taken = select(PushRow.commit, PushRow.pusher).where(PushRow.app == app.path, PushRow.accepted)
        rows = session.execute(taken.order_by(PushRow.time, PushRow.id)).all()
        commits = [row.commit for row in rows]
        end = commits.index(commit) + 1
        begin = commits.index(since) + 1 if since in commits[: end - 1] else 0
        return frozenset(row.pusher for row in rows[begin:end])

    def made_by(self, session: Session, app: App, commit: str, *, since: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the agents and the models that made what leads from one commit to another, as `authors` counts.

        They are those that commits and pushes name, and the agents whose credentials pushes came with.
        """
        pushes = self.accepted_pushes(session, app.path)
        commits = [item.commit for item in pushes]
        end = commits.index(commit) + 1
        begin = commits.index(since) + 1 if since in commits[: end - 1] else 0
        counted = pushes[begin:end]
        told = [item.told for many in commits_of(session, [one.id for one in counted]).values() for item in many]
        agents = {item.agent for item in told} | {item.agent for item in counted}
        agents |= {item.verified_agent for item in counted}
        models = {item.model for item in told} | {item.model for item in counted}
        return frozenset(agents - {""}), frozenset(models - {""})

    def change(self, app: App, commit: str) -> Change:
        """Return a commit that was taken before, as a change."""
        return self._repositories.read_change(app.id, commit, {})

    def accepted_pushes(self, session: Session, app_path: str) -> list[PushRecord]:
        """Return every push that was taken, oldest first."""
        query = select(PushRow).where(PushRow.app == app_path, PushRow.accepted).order_by(PushRow.time, PushRow.id)
        return [record_of(row) for row in session.scalars(query)]

    def pushes_before(self, session: Session, app_path: str, cursor: str, limit: int) -> list[PushRecord]:
        """Return an app's pushes, refused ones too, newest first, from behind a push on."""
        query = select(PushRow).where(PushRow.app == app_path).order_by(PushRow.id.desc()).limit(limit)
        return [record_of(row) for row in session.scalars(query.where(PushRow.id < cursor) if cursor else query)]

    def commits_of(self, session: Session, pushes: Collection[str]) -> dict[str, list[CommitRecord]]:
        """Return the commits of pushes that were taken, newest first, by push."""
        return commits_of(session, pushes)

    def blame(self, app: App, commit: str, path: str, first: int, last: int) -> list[BlamedLine]:
        """Return lines of a file at a commit, with the commits that brought them."""
        return self._repositories.blame(app.id, commit, path, first, last)

    def push_with(self, session: Session, app: App, commit: str) -> tuple[PushRecord | None, CommitRecord | None]:
        """Return the push that brought a commit, and what is remembered of the commit itself."""
        known = commit_record(session, app.path, commit)
        if known is not None:
            row = session.get(PushRow, known.push)
            return (record_of(row) if row is not None else None), known
        # It came before commits were remembered: the first push that leads to it brought it.
        pushes = self.accepted_pushes(session, app.path)
        tip = self._repositories.first_with(app.id, commit, [push.commit for push in pushes])
        return next((push for push in pushes if push.commit == tip), None), None

    def everyone_who_pushed(self, session: Session, app_path: str) -> frozenset[str]:
        """Return everyone who ever pushed to an app, refused pushes too: any of them may have written any line."""
        return frozenset(session.scalars(select(PushRow.pusher).where(PushRow.app == app_path).distinct()))

    def pushes(self, session: Session, app: App, limit: int = 20) -> list[PushRecord]:
        """Return an app's pushes, newest first, refused ones too."""
        return self._pushes(session, app, accepted=None, limit=limit)

    def files(self, app: App, commit: str) -> list[TreeFile]:
        """Return the files of a commit."""
        return self._repositories.files(app.id, commit)

    def paths(self, app: App, commit: str) -> list[str]:
        """Return the paths of the files of a commit, in order."""
        return self._repositories.paths(app.id, commit)

    def content(self, app: App, commit: str, path: str, *, most_bytes: int) -> bytes | None:
        """Return a file of a commit; None when there is none, or it is larger than is wanted."""
        return self._repositories.content(app.id, commit, path, most_bytes)

    def push(self, session: Session, push_id: str) -> PushRecord:
        """Return a push."""
        row = session.get(PushRow, push_id)
        if row is None:
            raise NotFoundError(f"there is no push '{push_id[:60]}'")
        return record_of(row)

    def commits(self, app: App, commit: str) -> list[Commit]:
        """Return a commit and those before it."""
        return self._repositories.commits(app.id, commit)

    def diff(self, app: App, old: str, new: str) -> str:
        """Return the unified diff between two commits; an empty `old` stands for nothing."""
        return self._repositories.diff(app.id, old, new)

    @property
    def repositories(self) -> Repositories:
        """The repositories, for other ways in."""
        return self._repositories

    def repository(self, app: App) -> str:
        """Return the path of an app's repository, made at the first time."""
        return str(self._repositories.ensure(app.id))

    def _with_reach(self, session: Session, report: Report, change: Change) -> Report:
        """Return the report with a finding more when the manifest asks for data that nobody offers."""
        text = next((file.content for file in change.files if file.path == FILE_NAME), None)
        if text is None or not report.passed:
            return report
        try:
            self._check_reach(session, parse_manifest(text.decode(errors="replace")))
        except ManifestError:
            return report
        except BailiwickError as fault:
            finding = Finding(rule("manifest-invalid"), FILE_NAME, 0, f"{fault.message}; {fault.hint}", engine="reach")
            return replace(report, findings=(*report.findings, finding))
        return report

    def _remember(
        self, session: Session, app: App, update: RefUpdate, stored: StoredReview, push: Push, masker: Masker
    ) -> PushRecord:
        def redact(text: str) -> str:
            return without_secrets(text, masker)

        commits = self._repositories.brought(app.id, update.new, push.quarantine)
        tip = commits[0]
        told = redacted(push.told.over(told_by(f"{tip.subject}\n\n{tip.body}")), redact)
        row = PushRow(
            id=new_id("psh"),
            app=app.path,
            commit=update.new,
            tree=stored.tree,
            pusher=str(push.pusher.principal),
            subject=redact(tip.subject)[:200],
            agent=told.agent,
            model=told.model,
            prompt="\n\n".join(told.prompts)[:LONGEST_PROMPT],
            accepted=stored.passed,
            review=stored.id,
            time=self._clock(),
            door=push.door,
        )
        if stored.passed:
            remember_commits(session, app.path, row.id, commits, push.told, redact)
        session.add(row)
        session.flush()
        blocking = sum(finding.blocking for finding in stored.findings)
        self._audit.note(
            session,
            row.pusher,
            "push.accepted" if stored.passed else "push.refused",
            app.resource,
            outcome=Outcome.SUCCESS if stored.passed else Outcome.REFUSED,
            reason="" if stored.passed else f"{blocking} findings block",
            app=app.path,
            context={"commit": row.commit, "tree": row.tree, "review": stored.id, "agent": row.agent, "door": row.door},
        )
        return record_of(row)

    def _pushes(self, session: Session, app: App, *, accepted: bool | None, limit: int) -> list[PushRecord]:
        query = select(PushRow).where(PushRow.app == app.path)
        if accepted is not None:
            query = query.where(PushRow.accepted == accepted)
        return [record_of(row) for row in session.scalars(query.order_by(PushRow.time.desc()).limit(limit))]


def _say(push: Push, change: Change, engine: str) -> None:
    count = len(change.files)
    push.waiting.words = f"reviewing {count:,} file{'' if count == 1 else 's'}: {engine} ..."


def _only_update(updates: Sequence[RefUpdate]) -> RefUpdate:
    if len(updates) != 1 or updates[0].ref != MAIN:
        names = ", ".join(update.ref for update in updates)[:200]
        raise PushRefusedError(
            f"only main is taken here, one at a time; this push is of {names}", hint="git push origin HEAD:main"
        )
    if updates[0].new == NOTHING:
        raise PushRefusedError("main is not deleted", hint="history is kept; push a commit that takes things out")
    return updates[0]


def _declared(change: Change) -> Sequence[str]:
    """Return the data classes of a change's manifest, which the review has found to be sound."""
    text = next((file.content for file in change.files if file.path == FILE_NAME), None)
    return parse_manifest(text.decode()).app.data_classes if text is not None else ()


def _taken(record: PushRecord, release: str) -> PushAnswer:
    lines = ("", f"Bailiwick reviewed tree {record.tree[:12]} and takes it.", f"Its preview {release} is starting.", "")
    return PushAnswer(True, lines, record.review)
