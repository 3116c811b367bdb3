"""Migrations of an app's own database: which there are, in which order, and what each does to data."""

from bailiwick.core.migrations.breaks import still_read
from bailiwick.core.migrations.effects import Kind, Loss, Script, Way, classify, losses, read_script
from bailiwick.core.migrations.files import FOLDER, Migration, MigrationsError, migrations_of

__all__ = [
    "FOLDER",
    "Kind",
    "Loss",
    "Migration",
    "MigrationsError",
    "Script",
    "Way",
    "classify",
    "losses",
    "migrations_of",
    "read_script",
    "still_read",
]
