"""Which lines of an app break a rule of a standard."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import re2

from bailiwick.control.review.engines.source import text_of
from bailiwick.control.review.standards.code import Named, Source, source_of
from bailiwick.control.review.standards.globs import module_matches, path_matches
from bailiwick.control.review.standards.model import Kind, StandardRule
from bailiwick.core.artifacts import TreeFile

_MOST_OF_ONE_RULE = 200


@dataclass(frozen=True, slots=True)
class Broken:
    """A place that breaks a rule, and how; line 0 is the whole file."""

    path: str
    line: int
    words: str
    excerpt: str = ""


@dataclass(frozen=True)
class App:
    """The files of an app, those of known languages also as sources."""

    files: tuple[TreeFile, ...]
    sources: Mapping[str, Source]


def app_of(files: Sequence[TreeFile]) -> App:
    """Return files as an app, parsed once for all rules."""
    sources = {file.path: source for file in files if (source := source_of(file)) is not None}
    return App(tuple(files), sources)


def broken(rule: StandardRule, app: App) -> list[Broken]:
    """Return where an app breaks a rule, a few hundred places at most."""
    found: list[Broken] = []
    for item in _CHECKS[rule.kind](rule, app):
        found.append(item)
        if len(found) >= _MOST_OF_ONE_RULE:
            break
    return found


def _covers(rule: StandardRule, path: str) -> bool:
    return path_matches(path, rule.paths) and not path_matches(path, rule.exclude)


def _sources(rule: StandardRule, app: App) -> Iterator[Source]:
    return (source for path, source in app.sources.items() if _covers(rule, path))


def _at(source: Source, line: int, words: str) -> Broken:
    return Broken(source.path, line, words, source.lines.line(line).strip()[:200])


def _imports(rule: StandardRule, app: App) -> Iterator[Broken]:
    for source in _sources(rule, app):
        for item in source.imports:
            if rule.forbid and module_matches(item.name, rule.forbid):
                yield _at(source, item.line, f"{item.name} is imported")
        for wanted in rule.require:
            if source.text.strip() and not any(module_matches(item.name, (wanted,)) for item in source.imports):
                yield Broken(source.path, 0, f"{wanted} is not imported")


def _layers(rule: StandardRule, app: App) -> Iterator[Broken]:
    """Yield imports that go up: the layers are named from the highest to the lowest."""
    for source in _sources(rule, app):
        own = _layer(source.module, rule.layers)
        if own is None:
            continue
        for item in source.imports:
            other = _layer(item.name, rule.layers)
            if other is not None and other < own:
                yield _at(source, item.line, f"{rule.layers[own]} imports {item.name}, which is above it")


def _layer(module: str, layers: tuple[str, ...]) -> int | None:
    """Return which layer a module is in; of nested ones the innermost."""
    matching = [place for place, layer in enumerate(layers) if module_matches(module, (layer,))]
    return max(matching, key=lambda place: len(layers[place]), default=None)


def _size(rule: StandardRule, app: App) -> Iterator[Broken]:
    covered = [file for file in app.files if _covers(rule, file.path)]
    if rule.most_files and len(covered) > rule.most_files:
        yield Broken(".", 0, f"{len(covered)} files, and {rule.most_files} are the most")
    for file in covered if rule.most_lines else ():
        text = text_of(file.content)
        lines = len(text.splitlines()) if text is not None else 0
        if lines > rule.most_lines:
            yield Broken(file.path, 0, f"{lines} lines, and {rule.most_lines} are the most")
    for source in _sources(rule, app) if rule.most_function_lines else ():
        for item in source.names:
            if item.lines > rule.most_function_lines:
                yield _at(
                    source,
                    item.line,
                    f"{item.name} has {item.lines} lines, and {rule.most_function_lines} are the most",
                )


def _naming(rule: StandardRule, app: App) -> Iterator[Broken]:
    wanted = {kind: re2.compile(pattern) for kind, pattern in rule.names.items()}
    for source in _sources(rule, app):
        for item in source.names:
            pattern = wanted.get(item.kind)
            if pattern is not None and not _is_plain_module(item) and not pattern.fullmatch(item.name):
                yield _at(
                    source, item.line, f"the {item.kind} '{item.name[:80]}' is not named like {rule.names[item.kind]}"
                )


def _is_plain_module(item: Named) -> bool:
    return item.kind == "module" and item.name in {"__init__", "__main__", "index"}


def _pattern(rule: StandardRule, app: App) -> Iterator[Broken]:
    where = {name: re2.compile(pattern) for name, pattern in rule.where.items()}
    for source in _sources(rule, app):
        if source.language != rule.language and {source.language, rule.language} != {"tsx", "typescript"}:
            continue
        for node in source.root.find_all(pattern=rule.pattern):
            values = {name: node.get_match(name) for name in where}
            if all(value is not None and where[name].search(value.text()) for name, value in values.items()):
                yield _at(source, node.range().start.line + 1, node.text().split("\n")[0][:80])


def _files(rule: StandardRule, app: App) -> Iterator[Broken]:
    for wanted in rule.files:
        if not any(path_matches(file.path, (wanted,)) for file in app.files):
            yield Broken(wanted, 0, f"there is no {wanted}")


_CHECKS: Mapping[Kind, Callable[[StandardRule, App], Iterator[Broken]]] = {
    Kind.IMPORT: _imports,
    Kind.LAYERS: _layers,
    Kind.SIZE: _size,
    Kind.NAMING: _naming,
    Kind.PATTERN: _pattern,
    Kind.FILE: _files,
}
