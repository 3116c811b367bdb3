"""The company's key in the transit engine of HashiCorp Vault or OpenBao: it never leaves it.

The token needs `update` on `encrypt/KEY` and `decrypt/KEY` and `read` on `keys/KEY`; `update` on `keys/KEY/rotate`
where Bailiwick is to rotate; `update` on `keys/KEY/config` and `delete` on `keys/KEY` only where it is to destroy.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from bailiwick.control.vault.errors import KeyUnavailableError
from bailiwick.control.vault.keys.credential import credential
from bailiwick.control.vault.keys.options import TransitOptions
from bailiwick.control.vault.keys.provider import Wrapped

KIND = "transit"
_TIMEOUT_SECONDS = 5


class TransitKeyProvider:
    """A key of type aes256-gcm96; each use is bound to the tenant by associated data."""

    def __init__(self, options: TransitOptions) -> None:
        """Remember where the key is; nothing is asked until a key is needed."""
        self._options = options

    def __repr__(self) -> str:
        return f"TransitKeyProvider({self._options.address}, {self._options.key})"

    @property
    def kind(self) -> str:
        """What the settings call it."""
        return KIND

    def present(self) -> str:
        """Return the name of the newest version."""
        found = self._asked(lambda transit, at: transit.read_key(self._options.key, **at))
        return f"{KIND}:{self._options.key}/{found['data']['latest_version']}"

    def wrap(self, key: bytes, tenant: str) -> Wrapped:
        """Return the key, wrapped."""
        found = self._asked(
            lambda transit, at: transit.encrypt_data(
                self._options.key, plaintext=_base64(key), associated_data=_bound_to(tenant), **at
            )
        )
        text = str(found["data"]["ciphertext"])  # vault:v3:…
        return Wrapped(f"{KIND}:{self._options.key}/{text.split(':')[1].removeprefix('v')}", text.encode())

    def unwrap(self, wrapped: Wrapped, tenant: str) -> bytes:
        """Return the key."""
        if not wrapped.kek_id.startswith(f"{KIND}:{self._options.key}/"):
            raise KeyUnavailableError(
                f"this was wrapped by {wrapped.kek_id}, not by {self._options.key}",
                hint="is vault_keys.present.key right?",
            )
        found = self._asked(
            lambda transit, at: transit.decrypt_data(
                self._options.key, ciphertext=wrapped.blob.decode(), associated_data=_bound_to(tenant), **at
            )
        )
        try:
            return base64.b64decode(found["data"]["plaintext"], validate=True)
        except (binascii.Error, TypeError, KeyError):
            raise self._explained("InvalidRequest") from None

    def rotate(self) -> str:
        """Have the engine make the next version."""
        self._asked(lambda transit, at: transit.rotate_key(self._options.key, **at))
        return self.present()

    def settle(self) -> None:
        """Older versions stay in the engine: backups that were made before need them."""

    def destroy(self) -> str:
        """Allow the deletion of the key, and delete it in every version."""
        self._asked(
            lambda transit, at: transit.update_key_configuration(self._options.key, deletion_allowed=True, **at)
        )
        self._asked(lambda transit, at: transit.delete_key(self._options.key, **at))
        return f"the key '{self._options.key}' was deleted from the transit engine"

    def _asked(self, ask: Callable[[Any, dict[str, str]], Any]) -> Any:
        """Return what the engine answers; say what is wrong in words that hold no token."""
        try:
            import hvac  # noqa: PLC0415 - an optional dependency
            from hvac.exceptions import VaultError  # noqa: PLC0415
        except ImportError:
            raise KeyUnavailableError("hvac is not installed", hint='pip install "bailiwick[transit]"') from None
        client = hvac.Client(
            url=self._options.address,
            token=credential(self._options.token).get_secret_value(),
            namespace=self._options.namespace,
            verify=str(self._options.ca) if self._options.ca is not None else True,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,  # the token goes nowhere else
        )
        try:
            found = ask(client.secrets.transit, {"mount_point": self._options.mount})
        except VaultError as fault:
            raise self._explained(type(fault).__name__) from None
        except OSError as fault:  # those of requests are
            raise KeyUnavailableError(
                f"{self._options.address} does not answer ({type(fault).__name__})",
                hint="is it up, reached from here, and its certificate one of vault_keys.present.ca?",
            ) from None
        finally:
            client.adapter.close()
        return found

    def _explained(self, kind: str) -> KeyUnavailableError:
        where = f"the key '{self._options.key}' at {self._options.address}"
        match kind:
            case "Forbidden" | "Unauthorized":
                return KeyUnavailableError(
                    f"the token may not use {where}, or has ended",
                    hint="put another one where vault_keys.present.token says",
                )
            case "InvalidPath":
                return KeyUnavailableError(
                    f"{where} is not there", hint="was it deleted, or is vault_keys.present.mount wrong?"
                )
            case "VaultDown" | "VaultNotInitialized":
                return KeyUnavailableError(f"{self._options.address} is sealed or down", hint="unseal it")
            case "InvalidRequest":
                return KeyUnavailableError(
                    f"{where} does not open this: the key is not there or not for this version any more, or what was "
                    "wrapped was changed or is another tenant's",
                    hint="look at the key there (deletion, min_decryption_version), and at who wrote to the database",
                )
            case _:
                return KeyUnavailableError(f"{where} cannot be used ({kind})", hint="see the audit log there")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bound_to(tenant: str) -> str:
    return _base64(f"bailiwick-tenant={tenant}".encode())
