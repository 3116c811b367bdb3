"""Values in the KV engine, version 2, of OpenBao or HashiCorp Vault: the newest version, or one that is named."""

from datetime import datetime
from typing import Any

from bailiwick.control.vault.errors import StoreVersionError
from bailiwick.control.vault.stores.fields import text_of
from bailiwick.control.vault.stores.openbao import NotThereError, OpenBaoClient
from bailiwick.control.vault.stores.options import KvOptions
from bailiwick.control.vault.stores.provider import Found, Spot

_FIELD = "value"  # of what has a single value, as the command line of both writes it


class KvStore:
    """Its token needs `read` on `MOUNT/data/UNDER/*`, and nothing else."""

    def __init__(self, name: str, options: KvOptions) -> None:
        """Remember where it is."""
        self._name = name
        self._options = options
        self._client = OpenBaoClient(name, options)

    def read(self, spot: Spot) -> Found:
        """Return the value of a field."""
        pinned = int(spot.pinned) if spot.pinned else None

        def ask(client: Any) -> Any:
            return client.secrets.kv.v2.read_secret_version(
                spot.path, version=pinned, mount_point=self._options.mount, raise_on_deleted_version=True
            )

        try:
            answer = self._client.asked(f"reading {spot.path}", ask)
        except NotThereError as fault:
            raise self._missing(spot, fault.answer) from None
        data = answer.get("data")
        fields, metadata = (data.get("data"), data.get("metadata")) if isinstance(data, dict) else (None, None)
        if (
            not isinstance(fields, dict)
            or not isinstance(metadata, dict)
            or not isinstance(metadata.get("version"), int)
        ):
            raise StoreVersionError(
                f"{spot.words} is in no KV engine of version 2",
                hint=f"enable versions: bao kv enable-versioning {self._options.mount}",
            )
        version = str(metadata["version"])
        if spot.pinned and version != spot.pinned:
            raise StoreVersionError(f"{spot.words} came in version {version}, not {spot.pinned}")
        return Found(text_of(spot, fields, spot.field or _FIELD), version, _time(metadata.get("created_time")))

    def _missing(self, spot: Spot, answer: dict[str, Any]) -> StoreVersionError:
        data = answer.get("data")
        metadata = data.get("metadata") if isinstance(data, dict) else None
        which = f"version {spot.pinned} of {spot.words}" if spot.pinned else spot.words
        if isinstance(metadata, dict) and (metadata.get("destroyed") or metadata.get("deletion_time")):
            return StoreVersionError(
                f"{which} was deleted there", hint="undelete it, write another version, or link another one"
            )
        return StoreVersionError(
            f"there is no {which}", hint=f"is the path right, and '{self._options.mount}' a KV engine of version 2?"
        )


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
