"""Reads from the stores of the settings: what was read is used while a store is down, for a stated time at most."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bailiwick.control.vault.errors import StoreRefusedError, StoreUnavailableError, StoreVersionError
from bailiwick.control.vault.model import Environment, folder_of, is_within
from bailiwick.control.vault.stores.accounts import AccountStore
from bailiwick.control.vault.stores.options import (
    DatabaseAccountOptions,
    KvOptions,
    OperatorEnvironmentOptions,
    StoreOptions,
)
from bailiwick.control.vault.stores.provider import Found, SecretStore, Spot
from bailiwick.core.errors import InvalidInputError

# A store that did not answer is left alone for so long, so that nobody waits for it again and again.
_QUIET_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Found
    ends: float


class SecretStores:
    """Every store by name. `cache_seconds` is as for opened keys: so long a value outlives its store's last answer."""

    def __init__(
        self,
        options: Mapping[str, StoreOptions],
        stores: Mapping[str, SecretStore],
        cache_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        accounts: Mapping[str, AccountStore] | None = None,
    ) -> None:
        self.options = options
        self._accounts = accounts or {}
        self._stores = stores
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Spot, _Kept] = {}
        self._quiet: dict[str, tuple[float, StoreUnavailableError]] = {}

    def __repr__(self) -> str:
        return f"SecretStores({sorted(self._stores)})"

    def require(self, name: str, environment: Environment, spot: Spot) -> None:
        """Return when a secret of this name and environment may lie there; raise `InvalidInputError` otherwise."""
        options = self._options(spot)
        if not is_within(folder_of(name), options.folder):
            raise InvalidInputError(f"the store '{spot.store}' is of the folder '{options.folder}'")
        if options.environment not in {Environment.BOTH, environment}:
            raise InvalidInputError(
                f"the store '{spot.store}' is of the environment {options.environment}, the secret of {environment}",
                hint="a store's secrets go to no plane of another environment",
            )
        if not options.allows(spot.path):
            raise InvalidInputError(
                f"no secret may lie there in the store '{spot.store}'", hint="the settings say below what they may"
            )
        if spot.field and self.makes_accounts(spot):
            raise InvalidInputError("an account has no fields", hint="write STORE:ROLE")
        if spot.pinned and not _can_pin(options, spot.pinned):
            raise InvalidInputError(f"the store '{spot.store}' has no such version")

    def read(self, spot: Spot) -> Found:
        """Return a value. Raises what stores raise; one that is down is answered for from what was read before."""
        # The settings may have changed since the secret was linked.
        if not self._options(spot).allows(spot.path):
            raise StoreRefusedError(f"the settings open {spot.words} no more", hint="link it to another place")
        try:
            found = self._asked(spot)
        except StoreUnavailableError:
            kept = self._kept.get(spot)
            if kept is None or self._clock() >= kept.ends:
                self._drop(spot)
                raise
            return kept.found
        except (StoreRefusedError, StoreVersionError):
            self._drop(spot)
            raise
        with self._lock:
            self._kept[spot] = _Kept(found, self._clock() + self._cache_seconds)
        return found

    def makes_accounts(self, spot: Spot) -> bool:
        """Return whether what is there are accounts with leases, not a value."""
        return spot.store in self._accounts

    def accounts(self, spot: Spot) -> AccountStore:
        """Return the store that makes accounts of a role; raise `StoreRefusedError` where the settings name none."""
        options, store = self.options.get(spot.store), self._accounts.get(spot.store)
        if options is None or store is None or not options.allows(spot.path):
            raise StoreRefusedError(f"the settings open {spot.words} no more", hint="link it to another place")
        return store

    def clear(self) -> None:
        """Drop every value now."""
        with self._lock:
            self._kept.clear()

    def _asked(self, spot: Spot) -> Found:
        quiet = self._quiet.get(spot.store)
        if quiet is not None and self._clock() < quiet[0]:
            raise quiet[1]
        try:
            found = self._stores[spot.store].read(spot)
        except StoreUnavailableError as fault:
            self._quiet[spot.store] = (self._clock() + _QUIET_SECONDS, fault)
            raise
        self._quiet.pop(spot.store, None)
        return found

    def _options(self, spot: Spot) -> StoreOptions:
        options = self.options.get(spot.store)
        if options is None:
            raise StoreRefusedError(
                f"the settings name no store '{spot.store[:40]}'", hint="secret_stores in the control plane's settings"
            )
        return options

    def _drop(self, spot: Spot) -> None:
        with self._lock:
            self._kept.pop(spot, None)


def _can_pin(options: StoreOptions, version: str) -> bool:
    match options:
        case KvOptions():
            return re.fullmatch(r"[1-9][0-9]{0,8}", version) is not None
        case OperatorEnvironmentOptions() | DatabaseAccountOptions():
            return False
        case _:
            return re.fullmatch(r"[A-Za-z0-9-]{1,64}", version) is not None
