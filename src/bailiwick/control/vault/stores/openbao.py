"""Speaks with OpenBao or HashiCorp Vault: signs in, keeps the token while it is good, and says what is wrong."""

import threading
import time
from collections.abc import Callable
from typing import Any

from bailiwick.control.vault.errors import SecretNotFoundError, StoreRefusedError, StoreUnavailableError
from bailiwick.control.vault.places import SecretFrom, read_outside
from bailiwick.control.vault.stores.options import AppRoleAuth, JwtAuth, OpenBaoOptions, TokenAuth

_TIMEOUT_SECONDS = 5
_NO_CONTENT = 204
# A token that was signed in for is used for this share of its life.
_SHARE = 0.8
_ALIEN = "answers what no OpenBao or Vault would"


class NotThereError(Exception):
    """Nothing lies at a path; `answer` is what the store said of it, as JSON."""

    def __init__(self, answer: dict[str, Any]) -> None:
        """Take the answer."""
        super().__init__()
        self.answer = answer


class OpenBaoClient:
    """One server. Tokens are in memory only, and no message holds one."""

    def __init__(self, store: str, options: OpenBaoOptions) -> None:
        """Remember where it is; nothing is asked yet."""
        self._store = store
        self._options = options
        self._lock = threading.Lock()
        self._token: tuple[str, float] | None = None

    def __repr__(self) -> str:
        return f"OpenBaoClient({self._options.address})"

    def asked(self, what: str, ask: Callable[[Any], Any]) -> dict[str, Any]:
        """Return what the server answers about `what`; raise `NotThereError` where nothing is, or as stores do."""
        try:
            return self._once(what, ask)
        except StoreRefusedError:
            # The token of an earlier sign-in may have been revoked: another one is had once.
            if isinstance(self._options.auth, TokenAuth) or not self._forget():
                raise
        return self._once(what, ask)

    def _once(self, what: str, ask: Callable[[Any], Any]) -> dict[str, Any]:
        try:
            import hvac  # noqa: PLC0415 - an optional dependency
            from hvac.exceptions import InvalidPath, VaultError  # noqa: PLC0415
        except ImportError:
            raise StoreUnavailableError("hvac is not installed", hint='pip install "bailiwick[transit]"') from None
        options = self._options
        client = hvac.Client(
            url=options.address,
            token="",  # without one it would look for files of whoever started us
            namespace=options.namespace,
            verify=str(options.ca) if options.ca is not None else True,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,  # the token goes nowhere else
        )
        try:
            client.token = self._signed_in(client)
            found = ask(client)
        except InvalidPath as fault:
            raise NotThereError(fault.json if isinstance(fault.json, dict) else {}) from None
        except VaultError as fault:
            raise self._explained(what, type(fault).__name__) from None
        except OSError as fault:  # those of requests are
            raise StoreUnavailableError(
                f"the store '{self._store}' does not answer ({type(fault).__name__})",
                hint=f"is {options.address} up, reached from here, and its certificate one of its ca?",
            ) from None
        except (KeyError, TypeError, ValueError):
            raise StoreUnavailableError(f"the store '{self._store}' {_ALIEN}", hint="is its address right?") from None
        finally:
            client.adapter.close()
        if getattr(found, "status_code", 0) == _NO_CONTENT:
            return {}
        if found is not None and not isinstance(found, dict):
            raise StoreUnavailableError(f"the store '{self._store}' {_ALIEN}", hint="is its address right?")
        return found or {}

    def _signed_in(self, client: Any) -> str:
        auth = self._options.auth
        if isinstance(auth, TokenAuth):
            return self._read(auth.token)
        with self._lock:
            if self._token is None or time.monotonic() >= self._token[1]:
                self._token = self._sign_in(client, auth)
            return self._token[0]

    def _sign_in(self, client: Any, auth: AppRoleAuth | JwtAuth) -> tuple[str, float]:
        begun = time.monotonic()
        if isinstance(auth, AppRoleAuth):
            halves = {"role_id": self._read(auth.role_id), "secret_id": self._read(auth.secret_id)}
            answer = client.auth.approle.login(**halves, use_token=False, mount_point=auth.mount)
        else:
            # Both methods have the same call; hvac's own for JWT takes its mount in another way.
            shown = {"role": auth.role, "jwt": self._read(auth.jwt)}
            answer = client.auth.kubernetes.login(**shown, use_token=False, mount_point=auth.mount or auth.method)
        found = answer["auth"]
        return str(found["client_token"]), begun + _SHARE * float(found["lease_duration"] or 60)

    def _forget(self) -> bool:
        with self._lock:
            known, self._token = self._token, None
        return known is not None

    def _read(self, place: SecretFrom) -> str:
        try:
            return read_outside(place).get_secret_value()
        except SecretNotFoundError as fault:
            raise StoreUnavailableError(f"the store '{self._store}' cannot be opened: {fault.message}") from None

    def _explained(self, what: str, kind: str) -> StoreUnavailableError | StoreRefusedError:
        where = f"the store '{self._store}'"
        match kind:
            case "Forbidden" | "Unauthorized":
                return StoreRefusedError(
                    f"{where} denies {what}, or does not know who asks", hint="look at the policy and the sign-in there"
                )
            case "InvalidRequest":
                return StoreRefusedError(f"{where} takes neither {what} nor this sign-in", hint="see the log there")
            case "VaultDown" | "VaultNotInitialized":
                return StoreUnavailableError(f"{where} is sealed or down", hint="unseal it")
            case _:
                return StoreUnavailableError(f"{where} cannot be asked ({kind})", hint="see the log there")
