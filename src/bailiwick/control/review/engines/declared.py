"""What the code reaches against what the manifest declares; and whether the manifest itself holds together."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from bailiwick.control.review.engines import entrypoints
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import FILE_NAME, Manifest, ManifestError, parse_manifest
from bailiwick.core.offer import missing, own_runtime

_URL = re.compile(r"\b(?:https?|wss?|ftp|smtp|postgres(?:ql)?|mysql|redis|mongodb|amqp)://[^\s'\"<>{}\\)]+")
_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80, "ftp": 21, "smtp": 25, "postgresql": 5432, "postgres": 5432,
          "mysql": 3306, "redis": 6379, "mongodb": 27017, "amqp": 5672}  # fmt: skip
_NAMESPACES = frozenset({"www.w3.org", "json-schema.org", "schemas.xmlsoap.org", "localhost", "127.0.0.1"})
_CODE = (".py", ".js", ".ts", ".mjs", ".sh")
_ENVIRONMENT_URL = re.compile(r"""environ(?:\.get\(|\[)\s*['"]([A-Z][A-Z0-9_]*)_URL['"]""")
_OWN_URLS = frozenset({"DATABASE", "OPENAI_BASE", "ANTHROPIC_BASE"})


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield findings about the manifest and about reach that it does not declare."""
    files = {file.path: file for file in change.files}
    written = files.get(FILE_NAME)
    if written is None:
        yield Finding(rule("manifest-missing"), FILE_NAME, 0, f"there is no {FILE_NAME} at the root")
        return
    try:
        manifest = parse_manifest(written.content.decode(errors="replace"))
    except ManifestError as fault:
        yield Finding(rule("manifest-invalid"), FILE_NAME, fault.line or 0, "; ".join(fault.problems))
        return
    for words in missing(manifest, [own_runtime()]):
        yield Finding(rule("not-offered-here"), FILE_NAME, 0, words)
    yield from entrypoints.check(manifest, files)
    for file in change.files:
        if file.path.endswith(_CODE) and not file.path.startswith("tests/"):
            yield from _reach(file, manifest)


def _reach(file: TreeFile, manifest: Manifest) -> Iterator[Finding]:
    declared = set(manifest.egress.allow)
    hosts = {entry.rpartition(":")[0] for entry in declared}
    integrations = {name.upper().replace("-", "_") for name in manifest.integrations}
    for number, line in enumerate(file.content.decode(errors="replace").splitlines(), start=1):
        if line.lstrip().startswith("#"):
            continue
        for url in _URL.findall(line):
            host, port = _target(url)
            if host and host not in _NAMESPACES and not host.endswith(".internal") and f"{host}:{port}" not in declared:
                edit = f'[egress]\nallow = ["{host}:{port}"]'
                known = f" (declared with another port: {host})" if host in hosts else ""
                message = f"{host} is called but not declared{known}; to declare it: {edit.replace(chr(10), ' ')}"
                yield Finding(rule("undeclared-host"), file.path, number, message, line.strip()[:200])
        for name in _ENVIRONMENT_URL.findall(line):
            if name not in integrations | _OWN_URLS:
                edit = f"[integrations.{name.lower().replace('_', '-')}]"
                message = f"{name}_URL is used but no integration of that name is declared; to declare it: {edit}"
                yield Finding(rule("undeclared-integration"), file.path, number, message, line.strip()[:200])


def _target(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 443)
    except ValueError:
        return "", 0
