"""Accounts that OpenBao or HashiCorp Vault makes in a database for us, each with a lease: made, renewed, revoked."""

from dataclasses import dataclass, field

from bailiwick.control.vault.errors import StoreVersionError
from bailiwick.control.vault.stores.openbao import NotThereError, OpenBaoClient
from bailiwick.control.vault.stores.options import DatabaseAccountOptions


@dataclass(frozen=True, slots=True)
class MadeAccount:
    """An account, the lease that it lives by, and for how many seconds."""

    lease: str
    username: str
    password: str = field(repr=False)
    seconds: int


class AccountStore:
    """Its token needs `read` on `MOUNT/creds/ROLE`, and `update` on `sys/leases/renew` and `sys/leases/revoke`."""

    def __init__(self, name: str, options: DatabaseAccountOptions) -> None:
        """Remember where it is."""
        self._name = name
        self._options = options
        self._client = OpenBaoClient(name, options)

    def make(self, role: str) -> MadeAccount:
        """Have an account made; raises as stores do."""
        try:
            answer = self._client.asked(
                f"an account of the role {role}",
                lambda client: client.secrets.database.generate_credentials(role, mount_point=self._options.mount),
            )
            data = answer["data"]
            return MadeAccount(
                str(answer["lease_id"]), str(data["username"]), str(data["password"]), int(answer["lease_duration"])
            )
        except NotThereError:
            raise StoreVersionError(f"the store '{self._name}' has no role '{role}'") from None
        except (KeyError, TypeError, ValueError):
            raise StoreVersionError(f"the store '{self._name}' made no account that could be used") from None

    def renew(self, lease: str, seconds: int) -> int:
        """Have a lease last for so many seconds from now; return for how many it does."""
        answer = self._client.asked("renewing a lease", lambda client: client.sys.renew_lease(lease, seconds))
        try:
            return int(answer["lease_duration"])
        except (KeyError, TypeError, ValueError):
            return 0

    def revoke(self, lease: str) -> None:
        """End a lease, and the account with it; one that is over already is ended."""
        try:
            self._client.asked("revoking a lease", lambda client: client.sys.revoke_lease(lease))
        except NotThereError:
            return
