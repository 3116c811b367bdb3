"""Pushes: read what git holds in quarantine, have it reviewed, and take it or refuse it, with its history."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from bailiwick.control.source.authorship import accepted_pushes, makers, pushes_between
from bailiwick.control.source.blame import BlamedLine
from bailiwick.control.source.branches import Branches, require_deletable
from bailiwick.control.source.commits import CommitRecord, commit_record, commits_of, redacted, remember_commits
from bailiwick.control.source.errors import PushRefusedError
from bailiwick.control.source.hook_server import Push, PushAnswer, RefUpdate
from bailiwick.control.source.provenance import LONGEST_PROMPT, told_by
from bailiwick.control.source.pushes import PushRecord, record_of
from bailiwick.control.source.repositories import NOTHING, Commit, Repositories
from bailiwick.control.source.tables import PushRow
from bailiwick.control.source.updates import manifest_in, only_update, taken
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

OnAccepted = Callable[[Session, App, PushRecord, Envelope, Sequence[TreeFile]], str]
CheckReach = Callable[[Session, App, Manifest], None]
RequirePusher = Callable[[Session, Identity, str], None]


class SourceService:
    """Takes pushes. `on_accepted` runs in the push's own transaction, `check_reach` raises when grants are missing,
    `require_pusher` when whoever pushes may not push to a resource (any more). `branches` keeps what is beside main.
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
        on_leak: Callable[[Collection[str], str], None],
        check_reach: CheckReach,
        require_pusher: RequirePusher,
        on_accepted: OnAccepted,
        branches: Branches,
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
        self._on_leak = on_leak
        self._require_pusher = require_pusher
        self._on_accepted = on_accepted
        self._branches = branches
        self._review_url = review_url
        self._clock = clock

    def receive(self, push: Push) -> PushAnswer:
        """Review a push and answer it. What passes is taken with its verdict and preview in one transaction."""
        update, branch = only_update(push.updates)
        if update.new == NOTHING:
            return self._delete(push, update.old, branch)
        app, masker, change, report = self._read(push, update, branch)
        with self._store.transaction() as session:
            report = self._judged(session, push, app, change, report)
            stored = self._reviews.record(
                session, app=app.path, commit=update.new, author=str(push.pusher.principal), report=report
            )
            record = self._remember(session, app, update, stored, push, masker)
            if stored.verdict is not None:
                release = self._on_accepted(session, app, record, stored.verdict, change.files)
                words = self._beside(session, app, update, branch, change)
                if push.waiting.gone:
                    raise PushRefusedError("whoever pushed went away before the answer", hint="push again")
                return taken(record, release, words)
        url = f"{self._review_url}/{stored.id}"
        lines = refusal_lines(report.blocking, report.could_not_review, url, change)
        return PushAnswer(False, tuple(lines), stored.id)

    def try_out(self, push: Push) -> Report:
        """Review a push as `receive` does, and take nothing: all that stays is that somebody asked."""
        app, _, change, report = self._read(push, *only_update(push.updates))
        with self._store.transaction() as session:
            report = self._judged(session, push, app, change, report)
            self._audit.note(
                session,
                str(push.pusher.principal),
                "push.tried",
                app.resource,
                app=app.path,
                context={"tree": report.tree, "passed": report.passed, "door": push.door},
            )
        return report

    def _beside(self, session: Session, app: App, update: RefUpdate, branch: str, change: Change) -> tuple[str, ...]:
        """Do what is to be done for main or a branch that moves; return what is said of a branch."""
        manifest = manifest_in(change)
        if not branch:
            self._catalog.declare(session, app.path, manifest.app.data_classes if manifest is not None else ())
            return ()
        if update.old != NOTHING:
            # A branch may be rewritten; what was reviewed stays in the history all the same.
            self._repositories.keep(app.id, update.old)
        return self._branches.words(session, app, branch, own_database=manifest is not None and bool(manifest.database))

    def _delete(self, push: Push, old: str, branch: str) -> PushAnswer:
        """Let git delete a branch for somebody who pushed to it; its preview ends, what was pushed is kept."""
        with self._store.transaction() as session:
            app = self._catalog.app(session, push.app_path)
            self._require_pusher(session, push.pusher, app.resource)
            who = push.pusher.principal
            require_deletable(session, self._repositories, app, branch, old, who)
            self._repositories.keep(app.id, old)
            self._branches.deleted(session, app, branch, str(who))
            facts = {"branch": branch, "commit": old, "door": push.door}
            self._audit.note(session, str(who), "branch.deleted", app.resource, app=app.path, context=facts)
        return PushAnswer(True, (f"The branch {branch} and its preview end. What was pushed stays in the history.",))

    def _read(self, push: Push, update: RefUpdate, branch: str) -> tuple[App, Masker, Change, Report]:
        """Return what a push is of, and what the review finds in it before waivers and grants are looked at."""
        with self._store.transaction() as session:
            app = self._catalog.app(session, push.app_path)
            masker = self._secrets(session)
            if branch:
                self._branches.require_room(session, app, branch)
        push.waiting.words = "reading what the push brings ..."
        # Both wait for git most of the time; why a push may not be taken goes before why it cannot be read.
        with ThreadPoolExecutor(1) as side:
            ask = (app.id, update.old, update.new, push.quarantine)
            allowed = side.submit(self._repositories.require_next, *ask, branch=branch)
            try:
                change = self._repositories.read_change(app.id, update.new, push.quarantine)
            finally:
                allowed.result()
        report = self._reviewed(app, change, masker, Layer.INLINE, lambda engine: _say(push, change, engine))
        return app, masker, change, report

    def _judged(self, session: Session, push: Push, app: App, change: Change, report: Report) -> Report:
        """Return a report with the app's waivers, and what its manifest asks for that nobody offers."""
        # Once more, as they may have lost their access while the push came in and was reviewed.
        self._require_pusher(session, push.pusher, app.resource)
        return self._with_reach(session, app, self._reviews.with_waivers(session, app.path, report), change)

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
        leaked: set[str] = set()

        def known(text: str) -> bool:
            found = masker.found(text)
            leaked.update(found)
            return bool(found)

        report = review(change, around, layer=layer, run=self._pool.run, known_secret=known, say=say)
        if leaked:
            self._on_leak(leaked, app.path)
        return report

    def author_of_tree(self, session: Session, app_path: str, tree: str) -> tuple[str, str] | None:
        """Return the newest commit that brought a tree and who pushed it, or None when none was taken."""
        taken = (PushRow.app == app_path, PushRow.tree == tree, PushRow.accepted)
        query = select(PushRow.commit, PushRow.pusher).where(*taken).order_by(PushRow.time.desc()).limit(1)
        row = session.execute(query).one_or_none()
        return (row.commit, row.pusher) if row is not None else None

    def head(self, session: Session, app: App) -> PushRecord | None:
        """Return the newest push to main that was taken."""
        taken = (PushRow.app == app.path, PushRow.accepted, PushRow.branch == "")
        row = session.scalars(select(PushRow).where(*taken).order_by(PushRow.time.desc()).limit(1)).one_or_none()
        return record_of(row) if row is not None else None

    def accepted(self, session: Session, app: App, commit: str, *, anywhere: bool = False) -> PushRecord | None:
        """Return the push that brought a commit to main, when it was taken; to a branch too, when `anywhere`."""
        query = select(PushRow).where(PushRow.app == app.path, PushRow.commit == commit, PushRow.accepted)
        query = query if anywhere else query.where(PushRow.branch == "")
        row = session.scalars(query.order_by(PushRow.branch == "", PushRow.time).limit(1)).one_or_none()
        return record_of(row) if row is not None else None

    def authors(self, session: Session, app: App, commit: str, *, since: str) -> frozenset[str]:
        """Return who pushed what leads from one accepted commit to a later one, as `pushes_between` counts."""
        found = pushes_between(session, self._repositories, app, commit, since=since)
        return frozenset(push.author for push in found)

    def made_by(self, session: Session, app: App, commit: str, *, since: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the agents and the models that made what leads from one commit to another, as `authors` counts.

        They are those that commits and pushes name, and the agents whose credentials pushes came with.
        """
        return makers(session, pushes_between(session, self._repositories, app, commit, since=since))

    def change(self, app: App, commit: str) -> Change:
        """Return a commit that was taken before, as a change."""
        return self._repositories.read_change(app.id, commit, {})

    def accepted_pushes(self, session: Session, app_path: str, branch: str = "") -> list[PushRecord]:
        """Return every push to main (or a branch) that was taken, oldest first."""
        return accepted_pushes(session, app_path, branch)

    def landed(self, session: Session, app: App, commit: str) -> PushRecord | None:
        """Return the first push to main that holds a commit which a branch brought; None while it was not merged."""
        pushes = self.accepted_pushes(session, app.path)
        tip = self._repositories.first_after(app.id, commit, [push.commit for push in pushes])
        return next((push for push in pushes if push.commit == tip), None)

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
        query = select(PushRow).where(PushRow.app == app.path).order_by(PushRow.time.desc()).limit(limit)
        return [record_of(row) for row in session.scalars(query)]

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

    def _with_reach(self, session: Session, app: App, report: Report, change: Change) -> Report:
        """Return the report with a finding more when the manifest asks for data that nobody offers."""
        text = next((file.content for file in change.files if file.path == FILE_NAME), None)
        if text is None or not report.passed:
            return report
        try:
            self._check_reach(session, app, parse_manifest(text.decode(errors="replace")))
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

        _, branch = only_update([update])
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
            branch=branch,
        )
        if stored.passed:
            remember_commits(session, app.path, row.id, commits, push.told, redact, branch)
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
            context={
                "commit": row.commit,
                "tree": row.tree,
                "review": stored.id,
                "agent": row.agent,
                "door": row.door,
                **({"branch": branch} if branch else {}),
            },
        )
        return record_of(row)


def _say(push: Push, change: Change, engine: str) -> None:
    count = len(change.files)
    push.waiting.words = f"reviewing {count:,} file{'' if count == 1 else 's'}: {engine} ..."
