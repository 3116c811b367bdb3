"""The offer: what a place runs for apps, against what a manifest asks for; what is missing is said, never ignored."""

import sys
from collections.abc import Collection, Iterator

from bailiwick.core.manifest import ANY_PYTHON, Manifest


def own_runtime() -> str:
    """Return the name of the runtime that is made from the interpreter that runs us, as manifests write it."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def missing(
    manifest: Manifest, runtimes: Collection[str], *, databases: bool = True, no_storage: str = ""
) -> tuple[str, ...]:
    """Return a sentence for each thing that a manifest asks for and that is not here; none when all of it is.

    `runtimes` are the names of the runtimes that there are; `databases` is whether apps get databases of their own;
    `no_storage` says why they get no storage, when they do not.
    """
    return tuple(_missing(manifest, runtimes, databases=databases, no_storage=no_storage))


def _pythons(runtimes: Collection[str]) -> list[str]:
    return [name for name in runtimes if name.startswith(f"{ANY_PYTHON}.")]


def _missing(manifest: Manifest, runtimes: Collection[str], *, databases: bool, no_storage: str) -> Iterator[str]:
    app = manifest.app
    if not app.is_static and app.runtime not in runtimes and not (app.runtime == ANY_PYTHON and _pythons(runtimes)):
        yield f"the runtime {app.runtime} is not here; there is: {', '.join(sorted(runtimes))}"
    if manifest.database is not None and not databases:
        yield "apps get no [database] of their own here; declare an integration with a database that there is"
    if manifest.storage is not None and no_storage:
        yield f"apps get no [storage] here: {no_storage}"
