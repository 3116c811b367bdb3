"""Code where nobody looks for it: in archives that an interpreter imports from, and in files that are data."""

import io
import pickletools
import tarfile
import zipfile
from collections.abc import Iterator

from bailiwick.control.review.engines.secrets.unpacking import ArchiveTooLargeError, Budget, is_tar, unpacked
from bailiwick.control.review.model import Finding
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile

_CODE = tuple(
    ".py .pyc .pyw .js .mjs .cjs .ts .so .pyd .dll .class .jar .sh .rb .php .pl .exe .node .ps1 .bat"
    " vbaproject.bin".split()
)
_PICKLE_ENDINGS = (".pkl", ".pickle", ".joblib", ".dill", ".p")
_PICKLE_PROTOCOLS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_MOST_OPERATIONS = 500_000
_REMEMBERING = frozenset({"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"})
_CALLING = frozenset({"GLOBAL", "STACK_GLOBAL", "INST"})
# What pickles of plain values name.
_HARMLESS = frozenset(
    "collections OrderedDict|collections defaultdict|collections deque|datetime datetime|datetime date|datetime time"
    "|datetime timedelta|decimal Decimal|fractions Fraction|uuid UUID|builtins set|builtins frozenset|builtins object"
    "|builtins bytearray|builtins complex|copyreg _reconstructor|pathlib PurePosixPath|_codecs encode".split("|")
)


def hidden_code(file: TreeFile) -> Iterator[Finding]:
    """Yield what a file holds of that kind."""
    inside = next((name for name in _members(file.content) if name.lower().endswith(_CODE)), None)
    if inside is not None:
        shown = inside.encode("unicode_escape").decode()[:100]
        yield Finding(rule("code-in-archive"), file.path, 0, f"'{shown}' in it is code")
    called = _called_by_pickle(file)
    if called:
        yield Finding(rule("code-in-data"), file.path, 0, f"reading this pickle calls {called[:100]}")


def _members(content: bytes) -> Iterator[str]:
    """Yield the names of what is packed in an archive, and in archives inside of it."""
    yield from _listed(content)
    try:
        for inner in unpacked(content, Budget()):
            yield from _listed(inner)
    except ArchiveTooLargeError:
        return  # the tree's engine says so, and blocks


def _listed(content: bytes) -> Iterator[str]:
    try:
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from archive.namelist()
        elif is_tar(content):
            with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tape:
                yield from (member.name for member in tape)
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, ValueError, NotImplementedError):
        return  # the tree's engine says that it cannot be unpacked, and blocks


def _called_by_pickle(file: TreeFile) -> str:
    """Return what reading a pickle calls that no plain value needs, or nothing when it is none."""
    if not (file.content.startswith(_PICKLE_PROTOCOLS) or file.path.lower().endswith(_PICKLE_ENDINGS)):
        return ""
    before: list[object] = [None, None]  # what the last operations pushed; a name that is fetched is none here
    try:
        for count, (operation, value, _) in enumerate(pickletools.genops(file.content)):
            if count > _MOST_OPERATIONS:
                return "more than can be looked at"
            if operation.name in _CALLING:
                named = value if operation.name != "STACK_GLOBAL" else " ".join(map(str, before[-2:]))
                if named not in _HARMLESS:
                    return str(named).replace(" ", ".")
            if operation.name not in _REMEMBERING:
                before = [before[-1], value if isinstance(value, str) else None]
    except Exception:
        return ""
    return ""
