"""Which file of the app an import names: relative paths, and the aliases that bundlers know."""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping

SUFFIXES = (".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte", ".json")
_COMMENTS = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")

_MAJOR = re.compile(r"^[\^~=v]*(\d{1,4})\b")


def aliases(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the prefixes of imports that a tsconfig.json or jsconfig.json maps to folders, and the usual ones."""
    found: dict[str, str] = {}
    for path, content in files.items():
        if posixpath.basename(path) in {"tsconfig.json", "jsconfig.json"}:
            found |= _configured(posixpath.dirname(path), content)
    for prefix in ("@/", "~/"):
        if prefix not in found:
            found[prefix] = "src/" if any(path.startswith("src/") for path in files) else ""
    return found


def majors(files: Mapping[str, bytes]) -> dict[str, int]:
    """Return the major versions of the packages that files named package.json declare: the lowest that any says."""
    found: dict[str, int] = {}
    for path, content in files.items():
        if posixpath.basename(path) == "package.json":
            for name, major in _declared(content):
                found[name] = min(major, found.get(name, major))
    return found


def _declared(content: bytes) -> Iterator[tuple[str, int]]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return  # the engine for packages says so
    parts = [document.get(part) for part in ("dependencies", "devDependencies")] if isinstance(document, dict) else []
    for part in parts:
        for name, version in part.items() if isinstance(part, dict) else ():
            number = _MAJOR.match(version) if isinstance(version, str) else None
            if number is not None:
                yield name, int(number[1])


def _configured(folder: str, content: bytes) -> dict[str, str]:
    text = _COMMENTS.sub(lambda match: match[1] or "", content.decode(errors="replace"))
    try:
        options = json.loads(_TRAILING_COMMA.sub(r"\1", text)).get("compilerOptions", {})
        paths, base = options.get("paths", {}), options.get("baseUrl", ".")
        return {
            name.removesuffix("*"): posixpath.normpath(posixpath.join(folder, base, targets[0].removesuffix("*"))) + "/"
            for name, targets in paths.items()
            if name.endswith("/*") and targets
        }
    except (ValueError, AttributeError, TypeError, IndexError, RecursionError):
        return {}


def resolve(specifier: str, importer: str, paths: Mapping[str, object], known: Mapping[str, str]) -> str | None:
    """Return the path of the app's file that an import names, or None when it names a package or nothing."""
    if specifier.startswith("."):
        base = posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))
    else:
        prefix = next((name for name in known if specifier.startswith(name)), None)
        if prefix is None:
            return None
        base = posixpath.normpath(posixpath.join(known[prefix], specifier.removeprefix(prefix)))
    stem = re.sub(r"\.[cm]?jsx?$", "", base)
    candidates = [base, *(base + suffix for suffix in SUFFIXES), *(f"{base}/index{suffix}" for suffix in SUFFIXES)]
    candidates += [stem + suffix for suffix in SUFFIXES]
    return next((path for path in candidates if path in paths), None)
