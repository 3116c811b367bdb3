"""What a backup says of itself."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

FORMAT = "bailiwick-backup/1"
PAYLOAD_TYPE = "application/vnd.bailiwick.backup+json"
MANIFEST = "manifest.json"
KEY = "key.json"
DATABASE = "database/"
STATE = "state/"
VAULT_KEY = "vault.key"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Part):
    """One file of the archive: its name there, its size in bytes, its SHA-256, and the mode of a restored file."""

    name: str
    size: int
    sha256: str
    mode: int


class Manifest(_Part):
    """All that is in a backup, signed by the installation's own key for backups.

    `signer` is that key's public half, and `voucher` is the same wrapped by the key that the vault hangs on: whoever
    holds that key can tell a genuine backup without asking anybody. `kek_id` names that key; `schema_version`
    is that of the database.
    """

    format: str
    made: datetime
    version: str
    schema_version: str
    public_url: str
    signer: str
    kek_id: str = "local-file"
    voucher: str
    entries: tuple[Entry, ...]

    @property
    def bytes(self) -> int:
        """How many bytes there are in all."""
        return sum(entry.size for entry in self.entries)
