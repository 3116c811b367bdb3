"""Everything that an app's files say of packages, read once and kept together."""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from bailiwick.control.review.engines.packages.model import NPM, PYPI, Kind, Package, Problem, Reading
from bailiwick.control.review.engines.packages.readers import (
    javascript_locks,
    json_files,
    pip,
    registry_files,
    setup_files,
    toml_files,
)
from bailiwick.core.artifacts import TreeFile

Reader = Callable[[str, str], Reading]

_REQUIREMENTS = re.compile(
    r"(?:[\w.-]*requirements?[\w.-]*|constraints?[\w.-]*)\.(txt|in|lock)|requirements/[\w.-]+\.(txt|in)"
)
_MOST = 10_000
PIP_LOCK = "requirements.lock"
_READERS: Mapping[str, tuple[str, Kind, Reader]] = {
    "pyproject.toml": (PYPI, "manifest", toml_files.pyproject),
    "Pipfile": (PYPI, "manifest", toml_files.pipfile),
    "Pipfile.lock": (PYPI, "lock", json_files.pipfile_lock),
    "poetry.lock": (PYPI, "lock", toml_files.lock),
    "uv.lock": (PYPI, "lock", toml_files.lock),
    "pdm.lock": (PYPI, "lock", toml_files.lock),
    "pylock.toml": (PYPI, "lock", toml_files.lock),
    "setup.py": (PYPI, "manifest", setup_files.setup_py),
    "setup.cfg": (PYPI, "manifest", setup_files.setup_cfg),
    "package.json": (NPM, "manifest", json_files.package_json),
    "package-lock.json": (NPM, "lock", json_files.package_lock),
    "npm-shrinkwrap.json": (NPM, "lock", json_files.package_lock),
    "yarn.lock": (NPM, "lock", javascript_locks.yarn),
    "pnpm-lock.yaml": (NPM, "lock", javascript_locks.pnpm),
    "bun.lock": (NPM, "lock", javascript_locks.bun),
    ".npmrc": (NPM, "settings", registry_files.read),
    ".yarnrc": (NPM, "settings", registry_files.read),
    ".yarnrc.yml": (NPM, "settings", registry_files.read),
    "bunfig.toml": (NPM, "settings", registry_files.read),
    "pip.conf": (PYPI, "settings", registry_files.read),
    "pip.ini": (PYPI, "settings", registry_files.read),
    "uv.toml": (PYPI, "settings", registry_files.read),
}


@dataclass(frozen=True)
class Inventory:
    """The packages of an app, the problems of the files that name them, and those files by ecosystem and kind."""

    packages: tuple[Package, ...]
    problems: tuple[Problem, ...]
    files: Mapping[tuple[str, Kind], tuple[str, ...]]

    def of(self, ecosystem: str, kind: Kind) -> tuple[Package, ...]:
        """Return the packages of an ecosystem that manifests, or lock files, name."""
        return tuple(item for item in self.packages if item.ecosystem == ecosystem and item.kind == kind)


def kind_of(path: str) -> tuple[str, Kind, Reader] | None:
    """Return the ecosystem, kind and reader of a file that names packages; None for others."""
    name = posixpath.basename(path)
    known = _READERS.get(name)
    if known is not None:
        return known
    if name.startswith("pylock.") and name.endswith(".toml"):
        return PYPI, "lock", toml_files.lock
    found = _REQUIREMENTS.fullmatch(name) or _REQUIREMENTS.fullmatch("/".join(path.split("/")[-2:]))
    if found is None:
        return None
    kind: Kind = "lock" if name.endswith(".lock") else "manifest"
    return PYPI, kind, lambda path, text: pip.read(path, text, kind)


def take(files: Iterable[TreeFile]) -> Inventory:
    """Read every manifest, lock file and script head among an app's files."""
    by_path = {file.path: file for file in files}
    packages: list[Package] = []
    problems: list[Problem] = []
    found: dict[tuple[str, Kind], tuple[str, ...]] = {}
    for path, file in by_path.items():
        known = kind_of(path) or _as_script(file)
        if known is None:
            continue
        ecosystem, kind, reader = known
        text, problem = _text(file)
        problems += [problem] if problem else []
        for item in islice(reader(path, text), _MOST):
            (packages if isinstance(item, Package) else problems).append(item)  # type: ignore[arg-type]
        if len(packages) >= _MOST:
            words = f"more than {_MOST:,} packages are named, which is more than can be reviewed"
            problems.append(Problem("file-too-large", path, 0, words))
            break
        found[ecosystem, kind] = (*found.get((ecosystem, kind), ()), path)
        if posixpath.basename(path) not in _READERS and not path.endswith((".py", ".toml")):
            problems += _missing_includes(path, text, by_path)
    return Inventory(tuple(packages), tuple(problems), found)


def _as_script(file: TreeFile) -> tuple[str, Kind, Reader] | None:
    if file.path.endswith(".py") and b"# /// script" in file.content:
        return PYPI, "manifest", toml_files.script
    return None


def _text(file: TreeFile) -> tuple[str, Problem | None]:
    """Return a file's text; where it is not UTF-8, what could be read and a problem, as pip and npm guess then."""
    content = file.content.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode(), None
    except UnicodeDecodeError:
        words = "not UTF-8, so installers may read other names than reviewers do"
        return content.decode(errors="replace"), Problem("syntax-error", file.path, 0, words)


def _missing_includes(path: str, text: str, files: Mapping[str, TreeFile]) -> Iterable[Problem]:
    for line, written in pip.includes(text):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), written))
        if target not in files:
            words = f"it takes in {written[:80]}, which is not in the app's tree"
            yield Problem("package-not-from-index", path, line, words, written[:120])
        elif kind_of(target) is None:
            words = f"it takes in {written[:80]}; name it requirements-NAME.txt, as else it is not known for what it is"
            yield Problem("dependencies-not-locked", path, line, words, written[:120])
