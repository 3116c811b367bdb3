"""The engine: whether the manifest holds together, what the code uses that it does not declare, and the other way."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from bailiwick.control.review.engines import entrypoints, static_files
from bailiwick.control.review.engines.declared import data_classes, edits, programs, python_uses, text_uses
from bailiwick.control.review.engines.declared.clients import MODEL_HOSTS, MODEL_VARIABLES
from bailiwick.control.review.engines.declared.files import STORAGE_VARIABLE, judged
from bailiwick.control.review.engines.declared.model import Use
from bailiwick.control.review.engines.declared.unused import unused
from bailiwick.control.review.engines.imports import reach
from bailiwick.control.review.engines.python.project import Project, read_project
from bailiwick.control.review.engines.source import ending
from bailiwick.control.review.model import Change, Edit, Finding, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import FILE_NAME, Manifest, ManifestError, parse_manifest
from bailiwick.core.offer import missing

# What the sandbox sets, or what is usual to ask for and to go on without.
_GIVEN = frozenset({
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "PYTHONUNBUFFERED", "USER", "HOSTNAME", "PWD",
    "TERM", "BAILIWICK_APP", "BAILIWICK_RELEASE", "OTEL_EXPORTER_OTLP_ENDPOINT", "NODE_ENV", "PORT",
})  # fmt: skip
_NO_STORAGE = 'STORAGE_DIR is given where [storage] size = "100MiB" is declared, so this line would fail'
_NO_QUEUE = "BAILIWICK_QUEUE_URL is set only where [workers] are declared that get messages"
# What is spoken at ports where connections do not begin with TLS.
_IN_CLEAR = {"80": "http", "25": "smtp", "587": "smtp"}


@dataclass(frozen=True)
class _App:
    """An app as this engine sees it."""

    manifest: Manifest
    written: str
    files: Mapping[str, TreeFile]
    project: Project
    reached: Collection[str]
    around: Surroundings


def check(change: Change, surroundings: Surroundings) -> Iterator[Finding]:
    """Yield findings about the manifest and about reach that it does not declare, or declares for nothing."""
    files = {file.path: file for file in change.files}
    written = files.get(FILE_NAME)
    if written is None:
        yield Finding(rule("manifest-missing"), FILE_NAME, 0, f"there is no {FILE_NAME} at the root")
        return
    text = written.content.decode(errors="replace")
    try:
        manifest = parse_manifest(text)
    except ManifestError as fault:
        yield Finding(rule("manifest-invalid"), FILE_NAME, fault.line or 0, "; ".join(fault.problems))
        return
    for words in missing(manifest, surroundings.runtimes):
        yield Finding(rule("not-offered-here"), FILE_NAME, 0, words)
    yield from entrypoints.check(manifest, files)
    yield from static_files.check(manifest, files)
    project = read_project(change.files)
    app = _App(manifest, text, files, project, reach(manifest, files).reached, surroundings)
    used = tuple(_uses(app))
    yield from _undeclared(app, used)
    yield from unused(manifest, text, files, used)
    yield from _opened_for_nothing(app)
    yield from data_classes.check(manifest, text, files, surroundings)


def _uses(app: _App) -> Iterator[Use]:
    for module in app.project.modules.values():
        yield from python_uses.uses(app.project, module)
    named = _names_in(app)
    for file in app.files.values():
        if file.path == FILE_NAME or not text_uses.reads(file.path):
            continue
        # Configuration matters where the app reads it: elsewhere it is another tool's.
        is_configuration = ending(file.path) in text_uses.CONFIGURATION
        if not is_configuration or file.path.rpartition("/")[2] in named:
            yield from text_uses.uses(file)


def _names_in(app: _App) -> set[str]:
    """Return the names of files that the app's code speaks of."""
    found: set[str] = set()
    for module in app.project.modules.values():
        if module.path in app.reached:
            source = "\n".join(module.lines)
            found |= {name.rpartition("/")[2] for name in re.findall(r"['\"]([\w./-]+\.\w{2,10})['\"]", source)}
    return found


def _undeclared(app: _App, used: Collection[Use]) -> Iterator[Finding]:
    seen: set[tuple[str, str, str]] = set()
    for use in sorted(used, key=lambda item: (item.path, item.line)):
        if (use.kind, use.what, use.path) in seen:
            continue
        seen.add((use.kind, use.what, use.path))
        finding = _judged(app, use)
        if finding is not None:
            yield finding


def _judged(app: _App, use: Use) -> Finding | None:  # noqa: PLR0911 - one a kind
    match use.kind:
        case "host":
            return _host(app, use)
        case "database":
            words = f"{use.what.rpartition(':')[0]} is a database that the code connects to by itself"
            return _finding(app, "undeclared-database", use, words)
        case "variable":
            return _variable(app, use)
        case "model":
            return _model(app, use, f"{use.what} talks to models")
        case "listener":
            words = f"{use.what} opens a door of its own, which nobody can reach: the platform serves the app"
            return _finding(app, "undeclared-listener", use, words)
        case "program":
            return _program(app, use)
        case "file":
            found = judged(use, has_storage=app.manifest.storage is not None)
            return None if found is None else _finding(app, *found)


def _program(app: _App, use: Use) -> Finding | None:
    """Return a finding on programs that no sandbox holds; that it may start none at all is another rule's word."""
    missing = [name for name in use.what.split(", ") if programs.is_missing(name, app.files)]
    if not missing:
        return None
    what = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'}"
    if any(item.capability == programs.CAPABILITY for item in app.around.opened):
        words = f"{what} started, but not there where the app runs: a sandbox holds Python and the app's packages"
        return _finding(app, "undeclared-program", use, words)
    words = (
        f"{what} started, which nothing declares; a security administrator would have to open {programs.CAPABILITY} "
        "for the app, and its sandbox would still hold Python and its packages only"
    )
    # The start itself blocks by a rule of its own.
    return replace(_finding(app, "undeclared-program", use, words), worse=-1)


def _opened_for_nothing(app: _App) -> Iterator[Finding]:
    until = next((item.until for item in app.around.opened if item.capability == programs.CAPABILITY), None)
    if until is not None and not programs.may_start(app.files):
        words = f"{programs.CAPABILITY} is open for this app until {until}, but no code starts a program"
        yield Finding(rule("declared-but-unused"), FILE_NAME, 0, words)


def _host(app: _App, use: Use) -> Finding | None:
    host, _, port = use.what.rpartition(":")
    if use.what in app.manifest.egress.addresses:
        return None
    if host in MODEL_HOSTS:
        return _model(app, use, f"{host} is a model's address")
    others = [entry for entry in app.manifest.egress.addresses if entry.startswith(f"{host}:")]
    known = f" (declared with another port: {others[0]})" if others else ""
    protocol = _IN_CLEAR.get(port)
    if protocol is None:
        declaration, edit = f'[egress] allow = ["{use.what}"]', edits.allow_host(app.written, use.what)
    else:
        section = f'[[egress.hosts]]\nhost = "{host}"\nport = {port}\nprotocol = "{protocol}"'
        declaration, edit = section.replace("\n", ", "), edits.add_section(app.written, section)
    words = (
        f"{host} is called but not declared{known}; to declare it: {declaration}; the app would newly reach {host} on "
        f"port {port}"
    )
    return _finding(app, "undeclared-host", use, words, edit)


def _model(app: _App, use: Use, what: str) -> Finding | None:
    if app.manifest.models and use.kind != "host":
        return None
    declared = "" if app.manifest.models else ', declared as [models.default] use = "NAME"'
    words = f"{what}, but models are reached through the gateway only{declared}"
    return _finding(app, "undeclared-model", use, words)


def _variable(app: _App, use: Use) -> Finding | None:
    name = use.what.removesuffix("_URL")
    integrations = {item.upper().replace("-", "_") for item in app.manifest.integrations}
    if use.what in MODEL_VARIABLES:
        return _model(app, use, f"{use.what} is given where models are declared")
    if use.what == "DATABASE_URL" and app.manifest.database is not None:
        return None
    sections = {"BAILIWICK_QUEUE_URL": (app.manifest.has_queues, _NO_QUEUE)}
    sections[STORAGE_VARIABLE] = (app.manifest.storage is not None, _NO_STORAGE)
    declared, missing = sections.get(use.what, (use.what in _GIVEN, ""))
    if missing and not declared and use.sure:
        return _finding(app, "undeclared-variable", use, missing)
    if use.what.endswith("_URL") and name and not missing:
        return None if name in integrations else _integration(app, use, name.lower().replace("_", "-"))
    if declared or not use.sure:
        return None
    there = (variable for variable, (is_declared, _) in sections.items() if is_declared)
    given = ", ".join(sorted([*(f"{item}_URL" for item in integrations), *there, "TMPDIR"]))
    words = f"{use.what} is not set where the app runs, so this line would fail; there are: {given}"
    return _finding(app, "undeclared-variable", use, words)


def _integration(app: _App, use: Use, name: str) -> Finding:
    access = _tables(app)
    section = f'[integrations.{name}]\nuse = "{name}"\naccess = [{", ".join(access)}]'
    edit = edits.add_section(app.written, section) if access else None
    reaches = f"; the app would newly reach {', '.join(access)} of {name}".replace('"', "") if access else ""
    words = (
        f"{use.what} is used but no integration of that name is declared; to declare it: [integrations.{name}]{reaches}"
    )
    return _finding(app, "undeclared-integration", use, words, edit)


def _tables(app: _App) -> list[str]:
    """Return the access that the SQL in the code needs, as a manifest writes it; nothing when it is too much."""
    found: dict[str, None] = {}
    pattern = re.compile(r"(?i)\b(from|join|into|update)\s+\"?([a-z_][a-z0-9_]*)\"?")
    for module in app.project.modules.values():
        for line in module.lines if module.path in app.reached else ():
            if re.search(
                r"(?i)['\"\s](select|insert|update|delete|join|from)\s", line
            ) and not line.lstrip().startswith(("#", "from ", "import ")):
                for word, table in pattern.findall(line):
                    if re.search(r"['\"]", line) and table.lower() not in {"set", "select", "import"}:
                        kind = "read" if word.lower() in {"from", "join"} else "write"
                        found[f'"{table}:{kind}"'] = None
    return list(found) if len(found) <= 12 else []  # noqa: PLR2004 - more than anybody reads


def _finding(app: _App, rule_id: str, use: Use, words: str, edit: Edit | None = None) -> Finding:
    """Return a finding on a use; a file that no entrypoint reaches is no way out by itself."""
    worse = -2 if use.path.endswith(".py") and use.path not in app.reached else 0
    return Finding(rule(rule_id), use.path, use.line, words, use.excerpt, column=use.column, edit=edit, worse=worse)
