"""Files of settings as names and values with lines: YAML, TOML, JSON, INI, .env, properties."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.control.review.engines.infra.yaml_text import Node, UnreadableYamlError, documents
from bailiwick.control.review.engines.source import ending

_JSON_PAIR = re.compile(r'"((?:[^"\\\n]|\\.){1,200})"\s*:\s*("(?:[^"\\\n]|\\.)*"|[\w.+-]+)')
_LINE_PAIR = re.compile(r"^\s*(?:export\s+)?[\"']?([\w.\-/@:]{1,200}?)[\"']?\s*[=:]\s*(.*?)\s*$")
_SECTION = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+\s*(?:[#;].*)?$")
_COMMENTS = re.compile(r"(?m)^\s*//|/\*|,\s*[}\]]")
_SEALED = frozenset({"SealedSecret", "ExternalSecret", "VaultStaticSecret"})  # what they hold is no secret
_QUOTED = re.compile(r"^\"((?:[^\"\\]|\\.)*)\"|^'([^']*)'")


@dataclass(frozen=True, slots=True)
class Setting:
    """A name and its value as text; `section` is what stands above it, `reference` that a tag says so."""

    name: str
    value: str
    line: int
    section: str = ""
    reference: bool = False

    @property
    def true(self) -> bool:
        """Whether it says yes."""
        return self.value.lower() in {"true", "yes", "on", "1", "enabled"}

    @property
    def false(self) -> bool:
        """Whether it says no."""
        return self.value.lower() in {"false", "no", "off", "0", "disabled", "none"}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """That a file cannot be read, and why."""

    words: str
    line: int


def settings(path: str, text: str) -> Iterator[Setting | Unreadable]:
    """Yield what a file sets; what cannot be read is said once."""
    last = ending(path)
    if last in {"yml", "yaml"}:
        yield from _yaml(text)
    elif last in {"json", "jsonc", "json5", "webmanifest"}:
        yield from _json(text, strict=last == "json")
    else:
        if last == "toml":
            yield from _broken_toml(text)
        yield from _by_lines(text.replace(":_authToken", "/_authToken") if last == "npmrc" else text)


def _yaml(text: str) -> Iterator[Setting | Unreadable]:
    try:
        found = documents(text)
    except UnreadableYamlError as fault:
        yield Unreadable(str(fault), fault.line)
        return
    for document in found:
        if document.get("kind").word in _SEALED or document.get("sops").there:
            continue
        for node in document.walk():
            yield from _pairs(node)


def _pairs(node: Node) -> Iterator[Setting]:
    for name, value in node.fields():
        if value.text is not None:
            yield Setting(name, value.text, value.line, reference=value.tag[:1] == "!" and len(value.tag) > 1)
        for item in value.items or ():
            if item.text is not None:
                yield Setting(name, item.text, item.line)


def _json(text: str, strict: bool) -> Iterator[Setting | Unreadable]:
    try:
        json.loads(text)
    except json.JSONDecodeError as fault:
        # JSON with comments is what some tools want.
        if strict and text.strip() and not _COMMENTS.search(text):
            yield Unreadable(f"not JSON: {fault.msg}", fault.lineno)
    except (RecursionError, ValueError):
        yield Unreadable("not JSON: too deep or too large a number", 0)
    line, done = 1, 0
    for match in _JSON_PAIR.finditer(text):
        line += text.count("\n", done, match.start())
        done = match.start()
        yield Setting(match[1], match[2].strip('"'), line)


def _broken_toml(text: str) -> Iterator[Unreadable]:
    try:
        tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        line = re.search(r"line (\d+)", str(fault))
        yield Unreadable(f"not TOML: {str(fault)[:120]}", int(line[1]) if line else 0)


def _by_lines(text: str) -> Iterator[Setting]:
    section = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip()[0] in "#;!" or len(line) > 10_000:  # noqa: PLR2004
            continue
        if head := _SECTION.match(line):
            section = head[1]
        elif pair := _LINE_PAIR.match(line):
            yield Setting(pair[1], _value(pair[2]), number, section)


def _value(text: str) -> str:
    """Return a value without quotes and without what is said behind it."""
    if quoted := _QUOTED.match(text):
        return quoted[1] if quoted[1] is not None else quoted[2]
    return re.split(r"\s[#;]", text, maxsplit=1)[0].strip()
