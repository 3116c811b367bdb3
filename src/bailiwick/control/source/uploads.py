"""Files that come without git: the platform makes the commit, and from there on it is a push like any other."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.review import Report, without_secrets
from bailiwick.control.source.errors import PushRefusedError
from bailiwick.control.source.hook_server import Push, PushAnswer, RefUpdate
from bailiwick.control.source.objects import Quarantine, quarantine
from bailiwick.control.source.patches import Patch
from bailiwick.control.source.provenance import Told
from bailiwick.control.source.repositories import NOTHING
from bailiwick.control.source.service import SourceService
from bailiwick.core.artifacts import MAX_BYTES, MAX_FILES, TreeFile, is_safe_path, write_tree
from bailiwick.core.branches import MAIN, checked_branch, ref_of
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError
from bailiwick.core.masking import Masker
from bailiwick.core.principals import Identity
from bailiwick.store import Store

_LONGEST_MESSAGE = 4000
_PLATFORM = "Bailiwick <bailiwick@localhost>"


@dataclass(frozen=True)
class Upload:
    """All the files of an app, and what is said of them. `base` is the commit that they were made from, if known.

    `branch` is where they go, empty for main; a branch that is not there yet begins at main.
    """

    files: Sequence[TreeFile]
    message: str = ""
    base: str = ""
    told: Told = field(default_factory=Told)
    door: str = "api"
    branch: str = ""


class UploadService:
    """The way in for whoever has files and no git. Whoever calls holds the app's turn (`HookServer.turn`)."""

    def __init__(
        self,
        store: Store,
        authorizer: Authorizer,
        catalog: CatalogService,
        sources: SourceService,
        secrets: Callable[[Session], Masker],
        clock: Clock,
    ) -> None:
        self._store = store
        self._authorizer = authorizer
        self._catalog = catalog
        self._sources = sources
        self._secrets = secrets
        self._clock = clock

    def require_push(self, identity: Identity, app_path: str) -> App:
        """Return the app when somebody may push to it: asked before their files are read."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            self._authorizer.require(session, identity, "app.push", app.resource)
            return app

    def take(self, identity: Identity, app_path: str, upload: Upload) -> tuple[PushAnswer, str]:
        """Make a commit of the files, have it reviewed as any push, and move main (or the branch) when it passes.

        Returns the answer and the commit. Raises `InvalidInputError` for files that no tree can hold, `ConflictError`
        when nothing differs, `PushRefusedError` when it is not at `base` any more.
        """
        with self._made(identity, app_path, upload) as made:
            answer = self._sources.receive(made.push)
            if answer.accepted:
                made.kept.accept()
                self._sources.repositories.move(made.app.id, made.old, made.commit, upload.branch)
        return answer, made.commit

    def try_out(self, identity: Identity, app_path: str, upload: Upload) -> Report:
        """Return what the review says of files if they were sent, and take nothing. Raises as `take` does."""
        with self._made(identity, app_path, upload) as made:
            return self._sources.try_out(made.push)

    def patched(self, identity: Identity, app_path: str, base: str, patch: Patch, branch: str = "") -> list[TreeFile]:
        """Return all files of an app as they are at `base`, which must be what main is at, with a patch on top.

        On a branch it must be what that is at, or main where there is no such branch yet.
        An app that holds nothing yet has no base. Raises `PushRefusedError`, and `InvalidInputError` for a patch that
        takes out what is not there.
        """
        app = self.require_push(identity, app_path)
        old = self._begin(app, branch)[1]
        if base != ("" if old == NOTHING else old):
            raise _moved_on(old, base, branch)
        return patch.on(self._sources.files(app, old) if old != NOTHING else [])

    def _begin(self, app: App, branch: str) -> tuple[str, str]:
        """Return what main or a branch is at, and what the next commit follows: main, where a branch begins."""
        self._sources.repository(app)
        heads = self._sources.repositories
        old = heads.head(app.id, branch)
        return old, heads.head(app.id) if branch and old == NOTHING else old

    @contextmanager
    def _made(self, identity: Identity, app_path: str, upload: Upload) -> Iterator["_Made"]:
        """Make the commit beside the repository; it is gone at the end, if it was not accepted."""
        app = self.require_push(identity, app_path)
        _require_tree(upload.files)
        with self._store.transaction() as session:
            masker = self._secrets(session)
        repository = Path(self._sources.repository(app))
        repositories = self._sources.repositories
        branch = checked_branch(upload.branch) if upload.branch else ""
        old, parent = self._begin(app, branch)
        if upload.base and upload.base != parent:
            raise _moved_on(parent, upload.base, branch)
        with quarantine(repository) as kept:
            tree = write_tree(upload.files, kept.write).hex()
            if parent != NOTHING and repositories.tree_of(app.id, parent) == tree:
                where = branch if branch and old != NOTHING else MAIN
                raise ConflictError(
                    f"these files are what is on {where} already", hint="change something, then send it"
                )
            message = without_secrets(upload.message.replace("\0", "").strip()[:_LONGEST_MESSAGE], masker)
            commit = kept.write(b"commit", self._commit(identity, tree, parent, message or "Upload")).hex()
            push = Push(
                app_path=app.path,
                pusher=identity,
                updates=(RefUpdate(old, commit, ref_of(branch)),),
                quarantine=kept.environment,
                told=upload.told,
                door=upload.door,
            )
            yield _Made(app, old, commit, push, kept)

    def _commit(self, identity: Identity, tree: str, parent: str, message: str) -> bytes:
        """Return a commit object. Its author is who was authenticated, its committer the platform."""
        seconds = int(self._clock().timestamp())
        name = "".join(sign for sign in identity.principal.name if sign.isprintable() and sign not in "<>")
        lines = [f"tree {tree}", *([f"parent {parent}"] if parent != NOTHING else [])]
        lines += [f"author {name} <{name}> {seconds} +0000", f"committer {_PLATFORM} {seconds} +0000", "", message, ""]
        return "\n".join(lines).encode(errors="replace")


@dataclass(frozen=True)
class _Made:
    """A commit that was made of files, and the push that would bring it."""

    app: App
    old: str
    commit: str
    push: Push
    kept: Quarantine


def _moved_on(head: str, base: str, branch: str) -> PushRefusedError:
    at = "empty" if head == NOTHING else f"at {head[:12]}"
    return PushRefusedError(
        f"{branch or MAIN} is {at} and not at {base[:12] or 'nothing'} any more",
        hint="look at what came, then send again",
    )


def _require_tree(files: Sequence[TreeFile]) -> None:
    if not files:
        raise InvalidInputError("there is no file in it", hint="send the whole app: what is left out is taken out")
    if len(files) > MAX_FILES or sum(len(file.content) for file in files) > MAX_BYTES:
        raise InvalidInputError(
            f"an app has {MAX_FILES:,} files and {MAX_BYTES // 2**20} MiB at most",
            hint="leave out what is made by tools and keep data outside",
        )
    paths = [file.path for file in files]
    for path in paths:
        if not is_safe_path(path) or any(part.lower() == ".git" for part in path.split("/")):
            raise InvalidInputError(f"'{path!r:.120}' is not a path inside the app", hint="write folder/file.py")
    known = set(paths)
    folders = {path[:at] for path in paths for at, sign in enumerate(path) if sign == "/"}
    if len(known) < len(paths) or known & folders:
        twice = next(iter(known & folders), next((path for path in paths if paths.count(path) > 1), ""))
        raise InvalidInputError(f"'{twice[:120]}' is in it twice", hint="name each file once")
