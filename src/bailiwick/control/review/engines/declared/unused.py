"""What is declared and not used: each takes a line out of what the app may reach."""

from collections.abc import Callable, Collection, Iterator, Mapping

from bailiwick.control.review.engines.declared import edits
from bailiwick.control.review.engines.declared.clients import MODEL_VARIABLES
from bailiwick.control.review.engines.declared.files import STORAGE, STORAGE_VARIABLE
from bailiwick.control.review.engines.declared.model import Use
from bailiwick.control.review.model import Edit, Finding
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import FILE_NAME, Manifest

_PROSE = (".md", ".txt", ".rst", ".lock")


def unused(manifest: Manifest, written: str, files: Mapping[str, TreeFile], used: Collection[Use]) -> Iterator[Finding]:
    """Yield a finding for each declared host, integration, model and folder that no file of the app speaks of."""
    texts = [file.content for file in files.values() if file.path != FILE_NAME and not file.path.endswith(_PROSE)]

    def spoken_of(name: str) -> bool:
        return any(name.encode() in text for text in texts)

    hosts = {use.what.rpartition(":")[0] for use in used if use.kind in {"host", "database"}}
    for entry in manifest.egress.addresses:
        host = entry.rpartition(":")[0]
        if host not in hosts and not spoken_of(host) and not _in_parts(host, spoken_of):
            needle = f'"{entry}"' if entry in manifest.egress.allow else f'"{host}"'
            yield _finding(written, needle, f"{entry} may be reached, but no code speaks of it",
                           edits.remove_host(written, entry))  # fmt: skip
    for name in manifest.integrations:
        variable = f"{name.upper().replace('-', '_')}_URL"
        if not spoken_of(variable) and not spoken_of(f"{name}.internal"):
            section = f"integrations.{name}"
            yield _finding(written, section, f"{variable} is given to the app, but no code asks for it",
                           edits.remove_section(written, section))  # fmt: skip
    if manifest.models and not any(use.kind == "model" or use.what in MODEL_VARIABLES for use in used):
        name = next(iter(manifest.models))
        words = "models are declared, but no code talks to one"
        yield _finding(written, f"models.{name}", words, edits.remove_section(written, f"models.{name}"))
    if manifest.storage is not None and not spoken_of(STORAGE_VARIABLE) and not spoken_of(STORAGE):
        words = f"{STORAGE_VARIABLE} is given to the app, but no code asks for it"
        yield _finding(written, "storage", words, edits.remove_section(written, "storage"))


def _in_parts(host: str, spoken_of: Callable[[str], bool]) -> bool:
    """Return whether a host may be put together from parts that the app speaks of."""
    parts = [part for part in host.split(".")[:-1] if len(part) > 3]  # noqa: PLR2004 - shorter ones are everywhere
    return bool(parts) and any(spoken_of(part) for part in parts)


def _finding(written: str, needle: str, words: str, edit: Edit | None) -> Finding:
    line = edits.line_of(written, needle)
    return Finding(rule("declared-but-unused"), FILE_NAME, line, words, needle, edit=edit)
