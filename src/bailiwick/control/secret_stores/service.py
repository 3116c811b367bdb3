"""Says in which store of the company a secret lies, and follows what becomes of it there; each verb asks policy."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.vault import Environment, Spot, Vault, folder_of, place_of, require_name
from bailiwick.core.errors import NotFoundError
from bailiwick.core.principals import Identity
from bailiwick.store import Store


@dataclass(frozen=True, slots=True)
class StoreView:
    """What may be shown of a store: its kind, whose it is, and of which environment its secrets are."""

    name: str
    kind: str
    folder: str
    environment: Environment


class SecretStoreService:
    """Links of secrets. `folders` returns those that there are; `on_seen` is called after each look at the stores."""

    def __init__(
        self,
        store: Store,
        authorizer: Authorizer,
        vault: Vault,
        folders: Callable[[Session], Collection[str]],
        on_seen: Callable[[], None],
    ) -> None:
        self._store = store
        self._authorizer = authorizer
        self._vault = vault
        self._folders = folders
        self._on_seen = on_seen

    def stores(self, identity: Identity) -> list[StoreView]:
        """Return the stores that somebody may link secrets to, by name; never what lies in them."""
        options = self._vault.linked.stores.options
        with self._store.transaction() as session:
            places = sorted({_at(item.folder) for item in options.values()})
            theirs = set(self._authorizer.allowed_among(session, identity, "secret.manage", places))
        return [
            StoreView(name, item.kind, item.folder, item.environment)
            for name, item in sorted(options.items())
            if _at(item.folder) in theirs
        ]

    def link(self, identity: Identity, name: str, spot: Spot, environment: Environment) -> int:
        """Say where a secret lies, once it could be read there, and return the number of its version; 0 where a store
        makes accounts, as none is made before one is used.

        Whoever does it looks after secrets both where the secret belongs and where the store does: a store may hold
        more than a folder's people are to have. Raises as stores do, and `InvalidInputError` for what does not fit.
        """
        require_name(name)
        with self._store.transaction() as session:
            self._require(session, identity, name, spot)
            folder = folder_of(name)
            if folder and folder not in self._folders(session):
                raise NotFoundError(
                    f"there is no folder '{folder[:80]}'",
                    hint=f"an administrator makes it: bailiwick app create-folder {folder[:80]}",
                )
        stores, by = self._vault.linked.stores, str(identity.principal)
        stores.require(name, environment, spot)
        if stores.makes_accounts(spot):
            tried = stores.accounts(spot)
            tried.revoke(tried.make(spot.path).lease)
            with self._store.transaction() as session:
                self._require(session, identity, name, spot)
                self._vault.leased.link(session, name, spot, by=by, environment=environment)
            return 0
        found = self._vault.linked.look(spot)
        with self._store.transaction() as session:
            self._require(session, identity, name, spot)
            return self._vault.linked.link(session, name, spot, found, by=by, environment=environment)

    def keep(self) -> None:
        """Look at each secret in its store: what is new there is masked, and told to planes."""
        self._vault.linked.refresh()
        self._on_seen()

    def _require(self, session: Session, identity: Identity, name: str, spot: Spot) -> None:
        self._authorizer.require(session, identity, "secret.manage", place_of(name))
        options = self._vault.linked.stores.options.get(spot.store)
        self._authorizer.require(session, identity, "secret.manage", _at(options.folder if options else ""))


def _at(folder: str) -> str:
    return f"folder:{folder}" if folder else ORGANIZATION
