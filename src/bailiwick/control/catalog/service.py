"""The inventory: make folders and apps, find them, list those that the asker may know of."""

import re
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog.model import App, AppPage, Folder
from bailiwick.control.catalog.tables import AppRow, FolderRow
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.ids import new_id
from bailiwick.core.passes import GRANTS_LABEL
from bailiwick.core.principals import Identity
from bailiwick.store import Store

_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")
_DEEPEST = 6
_NAME_RULE = "use a-z, 0-9 and -, beginning with a letter, 39 characters at most"
MAX_PAGE = 200


class CatalogService:
    """Folders and apps. Making one is one transaction with its audit event."""

    def __init__(self, *, store: Store, audit: AuditLog, authorizer: Authorizer, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._clock = clock

    def create_folder(self, identity: Identity, path: str) -> Folder:
        """Make a folder; the one above it must be there."""
        parent = _checked(path).rpartition("/")[0]
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "folder.create", f"folder:{parent}" if parent else ORGANIZATION)
            if parent:
                self._require_folder(session, parent)
            if self._folder(session, path) is not None:
                raise ConflictError(f"the folder '{path}' is there already")
            row = FolderRow(path=path, created_by=str(identity.principal), created_at=self._clock())
            session.add(row)
            self._audit.note(session, row.created_by, "folder.created", f"folder:{path}")
            return Folder(row.path, row.created_by, row.created_at)

    def create_app(self, identity: Identity, path: str) -> App:
        """Make an app in a folder that is there. Its host label is its name, or folder and name when that is taken."""
        folder, _, name = _checked(path).rpartition("/")
        if not folder:
            raise InvalidInputError(
                f"'{path[:80]}' says no folder", hint="write folder/name, for example finance/refund-desk"
            )
        with self._store.transaction() as session:
            self._require_folder(session, folder)
            self._authorizer.require(session, identity, "app.create", f"folder:{folder}")
            if session.scalar(select(AppRow.id).where(AppRow.path == path)):
                raise ConflictError(f"the app '{path}' is there already", hint="push to it, or choose another name")
            row = AppRow(
                id=new_id("app"),
                path=path,
                folder=folder,
                name=name,
                host=self._free_host(session, folder, name),
                created_by=str(identity.principal),
                owner=identity.principal.answerable,
                created_at=self._clock(),
            )
            session.add(row)
            self._audit.note(session, row.created_by, "app.created", f"app:{path}", app=path)
            return _app(row)

    def give_owner(self, identity: Identity, path: str, owner: Identity) -> App:
        """Make somebody answer for an app, as when whoever did has left. They must be able to see it: being its owner
        gives no role.
        """
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "app.give-owner", f"app:{path}")
            row = session.scalars(select(AppRow).where(AppRow.path == path).with_for_update()).one_or_none()
            if row is None:
                raise _no_app(path)
            name = str(owner.principal)
            if not self.readable(session, owner, [path]):
                raise InvalidInputError(
                    f"{name} is switched off, unknown, or may not see '{path}'",
                    hint=f"give them a role first: bailiwick role assign builder {name} folder:{row.folder}",
                )
            before, row.owner = row.owner, name
            if before != name:
                self._audit.note(
                    session,
                    str(identity.principal),
                    "app.owner-given",
                    f"app:{path}",
                    app=path,
                    deciders=decision.deciders,
                    context={"before": before, "owner": name},
                )
            return _app(row)

    def app(self, session: Session, path: str) -> App:
        """Return an app; raise `NotFoundError` when there is none."""
        row = session.scalars(select(AppRow).where(AppRow.path == path)).one_or_none()
        if row is None:
            raise _no_app(path)
        return _app(row)

    def readable_app(self, session: Session, identity: Identity, path: str) -> App:
        """Return an app when the asker may read it; to others it looks as if there were none."""
        if not self.readable(session, identity, [path]):
            raise NotFoundError(f"there is no app '{path[:80]}', or you may not see it")
        return self.app(session, path)

    def readable(self, session: Session, identity: Identity, paths: Collection[str]) -> set[str]:
        """Return the paths of the apps that the asker may read, of some."""
        names = [f"app:{path}" for path in paths]
        allowed = self._authorizer.allowed_among(session, identity, "app.read", names)
        return {name.removeprefix("app:") for name in allowed}

    def list_apps(
        self,
        session: Session,
        identity: Identity,
        *,
        cursor: str = "",
        limit: int = 50,
        owned_by: Collection[str] | None = None,
    ) -> AppPage:
        """Return the apps that the asker may read, by path; only those that one of `owned_by` owns, when that is given.

        SQL finds candidates, policy decides each.
        """
        wanted = min(max(limit, 1), MAX_PAGE)
        found: list[App] = []
        place = cursor
        while len(found) <= wanted:
            query = select(AppRow).where(AppRow.path > place).order_by(AppRow.path).limit(MAX_PAGE)
            if owned_by is not None:
                query = query.where(AppRow.owner.in_(owned_by))
            rows = session.scalars(query).all()
            readable = self.readable(session, identity, [row.path for row in rows])
            found += [_app(row) for row in rows if row.path in readable]
            if len(rows) < MAX_PAGE:
                break
            place = rows[-1].path
        page = tuple(found[:wanted])
        return AppPage(page, page[-1].path if len(found) > wanted else "")

    def folders(self, session: Session) -> list[Folder]:
        """Return every folder by path."""
        rows = session.scalars(select(FolderRow).order_by(FolderRow.path))
        return [Folder(row.path, row.created_by, row.created_at) for row in rows]

    def every_app(self, session: Session) -> list[App]:
        """Return every app by path, for whoever has asked policy already."""
        return [_app(row) for row in session.scalars(select(AppRow).order_by(AppRow.path))]

    def declare(self, session: Session, path: str, data_classes: Collection[str]) -> None:
        """Remember the data classes that the newest manifest of an app declares."""
        row = session.scalars(select(AppRow).where(AppRow.path == path)).one()
        row.data_classes = sorted(data_classes)

    def app_paths(self, session: Session, after: str, limit: int) -> Sequence[str]:
        """Return the paths of apps after one, in order, `limit` at most."""
        return session.scalars(select(AppRow.path).where(AppRow.path > after).order_by(AppRow.path).limit(limit)).all()

    def owners(self, session: Session, paths: Collection[str]) -> dict[str, str]:
        """Return who answers for each of these apps, by path."""
        query = select(AppRow.path, AppRow.owner).where(AppRow.path.in_(paths))
        return {row.path: row.owner for row in session.execute(query)}

    def folder_paths(self, session: Session, after: str, limit: int) -> Sequence[str]:
        """Return the paths of folders after one, in order, `limit` at most."""
        query = select(FolderRow.path).where(FolderRow.path > after).order_by(FolderRow.path)
        return session.scalars(query.limit(limit)).all()

    def _folder(self, session: Session, path: str) -> FolderRow | None:
        return session.scalars(select(FolderRow).where(FolderRow.path == path)).one_or_none()

    def _require_folder(self, session: Session, path: str) -> None:
        if self._folder(session, path) is None:
            raise NotFoundError(
                f"there is no folder '{path}'", hint=f"an administrator makes it: bailiwick app create-folder {path}"
            )

    def _free_host(self, session: Session, folder: str, name: str) -> str:
        for label in (name, f"{folder.replace('/', '-')}-{name}"):
            if label != GRANTS_LABEL and session.scalar(select(AppRow.id).where(AppRow.host == label)) is None:
                return label
        raise ConflictError(f"the host names '{name}' and with its folder are taken", hint="choose another name")


def app_ids(session: Session) -> dict[str, str]:
    """Return the id of every app by its path."""
    return {row.path: row.id for row in session.execute(select(AppRow.path, AppRow.id))}


def data_classes_of(session: Session, resources: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the data classes that these apps (`app:finance/desk`) declare; of apps that are not there, nothing."""
    paths = [resource.removeprefix("app:") for resource in resources]
    rows = session.execute(select(AppRow.path, AppRow.data_classes).where(AppRow.path.in_(paths)))
    return {f"app:{row.path}": frozenset(row.data_classes) for row in rows}


def _checked(path: str) -> str:
    parts = path.split("/")
    if len(parts) > _DEEPEST or not all(_NAME.fullmatch(part) for part in parts):
        raise InvalidInputError(f"'{path[:80]}' cannot name a folder or an app", hint=_NAME_RULE)
    return path


def _no_app(path: str) -> NotFoundError:
    return NotFoundError(f"there is no app '{path[:80]}'", hint="bailiwick app list shows those you may see")


def _app(row: AppRow) -> App:
    return App(row.id, row.path, row.folder, row.name, row.host, row.created_by, row.owner, row.created_at)
