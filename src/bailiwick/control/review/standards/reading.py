"""The text of a standard: read strictly, and tested by its own examples before it may say anything of an app."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

import re2
from ast_grep_py import SgRoot
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bailiwick.control.review.model import Severity
from bailiwick.control.review.standards.check import app_of, broken
from bailiwick.control.review.standards.model import Example, Fault, Kind, Standard, StandardRule
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.errors import InvalidInputError

LONGEST_TEXT = 200_000
MOST_RULES = 100
_NAMED_KINDS = ("module", "class", "function", "constant", "route")
_LANGUAGES = ("python", "javascript", "typescript", "tsx")
# Which fields each kind must have, one of them at least, and may have.
_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.IMPORT: ("forbid", "require"),
    Kind.LAYERS: ("layers",),
    Kind.SIZE: ("most_lines", "most_function_lines", "most_files"),
    Kind.NAMING: ("names",),
    Kind.PATTERN: ("pattern", "language", "where"),
    Kind.FILE: ("files",),
}
_OWN = frozenset(name for names in _FIELDS.values() for name in names)
Text = Annotated[str, Field(min_length=1, max_length=500)]
Texts = Annotated[tuple[Text, ...], Field(max_length=100)]


class StandardNotValidError(InvalidInputError):
    """The text is no standard, or its rules fail their own tests; `details` says where."""

    code = "standard.not-valid"

    def __init__(self, faults: list[Fault]) -> None:
        """Take what is wrong."""
        lines = [f"{fault.rule}: {fault.message}" if fault.rule else fault.message for fault in faults]
        super().__init__(
            lines[0], hint="bailiwick standard check FILE shows everything", details={"problems": lines[:50]}
        )


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Test(_Strict):
    expect: Literal["bad", "good"]
    path: str = Field(default="", max_length=300)
    text: str = Field(default="", max_length=20_000)
    files: dict[str, str] = Field(default_factory=dict, max_length=30)


class _Rule(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,58}$")]
    kind: Kind
    message: Text
    fix: str = Field(default="", max_length=500)
    severity: Literal["low", "medium", "high"] = "medium"
    paths: Texts = ("**",)
    exclude: Texts = ()
    test: tuple[_Test, ...] = ()
    forbid: Texts = ()
    require: Texts = ()
    layers: Texts = ()
    most_lines: Annotated[int, Field(ge=1)] | None = None
    most_function_lines: Annotated[int, Field(ge=1)] | None = None
    most_files: Annotated[int, Field(ge=1)] | None = None
    names: dict[str, str] = Field(default_factory=dict)
    language: str = ""
    pattern: str = Field(default="", max_length=2000)
    where: dict[str, str] = Field(default_factory=dict)
    files: Texts = ()


class _Head(_Strict):
    title: Text
    warn_until: date | None = None


class _Document(_Strict):
    standard: _Head
    rule: Annotated[tuple[_Rule, ...], Field(max_length=MOST_RULES)] = ()


def read_standard(name: str, text: str) -> Standard:
    """Return a standard from its text; raise `StandardNotValidError`. Its own tests are not run."""
    standard, faults = _read(name, text)
    if standard is None:
        raise StandardNotValidError(list(faults))
    return standard


def faults_in(name: str, text: str) -> list[Fault]:
    """Return what is wrong with a text, its own tests included; nothing when it may come into force."""
    standard, faults = _read(name, text)
    if standard is None:
        return list(faults)
    return [fault for rule in standard.rules for fault in _failing(rule)]


@lru_cache(maxsize=256)
def _read(name: str, text: str) -> tuple[Standard | None, tuple[Fault, ...]]:
    if len(text) > LONGEST_TEXT:
        return None, (Fault("", f"over {LONGEST_TEXT:,} characters"),)
    try:
        document = _Document.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        return None, (Fault("", f"not TOML: {fault}"),)
    except ValidationError as fault:
        return None, tuple(_words(item) for item in fault.errors()[:20])
    faults = tuple(fault for rule in document.rule for fault in _wrong(rule))
    ids = [rule.id for rule in document.rule]
    faults += tuple(Fault(item, "two rules have this id") for item in sorted({x for x in ids if ids.count(x) > 1}))
    if faults:
        return None, faults
    rules = tuple(_rule(rule) for rule in document.rule)
    return Standard(name, document.standard.title, rules, document.standard.warn_until), ()


def _words(item: Any) -> Fault:
    place = [str(part) for part in item["loc"]]
    message = item["msg"]
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], [*_Rule.model_fields, *_Head.model_fields], n=1)
        message = f"there is no '{place[-1]}'" + (f"; did you mean '{near[0]}'?" if near else "")
    return Fault("", f"{'.'.join(place)}: {message}"[:300])


def _wrong(rule: _Rule) -> Iterator[Fault]:
    """Yield what the form of a rule does not tell: fields of another kind, patterns that cannot be read, no tests."""
    allowed = _FIELDS[rule.kind]
    used = {name for name in _OWN if getattr(rule, name)}
    for name in sorted(used - set(allowed)):
        yield Fault(rule.id, f"'{name}' is not for rules of the kind '{rule.kind}'")
    if not used & set(allowed):
        yield Fault(rule.id, f"a rule of the kind '{rule.kind}' needs {' or '.join(allowed)}")
    for name, pattern in (*rule.names.items(), *rule.where.items()):
        try:
            re2.compile(pattern)
        except re2.error:
            yield Fault(rule.id, f"the pattern of '{name}' is no regular expression (RE2): {pattern[:80]}")
    for name in sorted(set(rule.names) - set(_NAMED_KINDS)):
        yield Fault(rule.id, f"there are names of {', '.join(_NAMED_KINDS)}, and not of '{name[:40]}'")
    if rule.kind is Kind.PATTERN:
        yield from _wrong_pattern(rule)
    if len(rule.layers) == 1:
        yield Fault(rule.id, "one layer alone has nothing above it")
    kinds = {test.expect for test in rule.test}
    for missing in sorted({"bad", "good"} - kinds):
        yield Fault(rule.id, f'it has no test that is {missing}: [[rule.test]] with expect = "{missing}"')


def _wrong_pattern(rule: _Rule) -> Iterator[Fault]:
    if rule.language not in _LANGUAGES:
        yield Fault(rule.id, f"language is one of {', '.join(_LANGUAGES)}")
        return
    try:
        SgRoot("", rule.language).root().find(pattern=rule.pattern)
    except (RuntimeError, ValueError) as fault:
        yield Fault(rule.id, f"the pattern cannot be read: {str(fault)[:120]}")
    for name in rule.where:
        if not re.search(rf"\$+{re.escape(name)}\b", rule.pattern):
            yield Fault(rule.id, f"the pattern has no ${name[:40]}")


def _rule(rule: _Rule) -> StandardRule:
    examples = tuple(
        Example(test.expect == "bad", test.files or {test.path or _default_path(rule): test.text}) for test in rule.test
    )
    return StandardRule(
        id=rule.id,
        kind=rule.kind,
        message=rule.message,
        fix=rule.fix,
        severity=Severity[rule.severity.upper()],
        paths=rule.paths,
        exclude=rule.exclude,
        examples=examples,
        forbid=rule.forbid,
        require=rule.require,
        layers=rule.layers,
        most_lines=rule.most_lines or 0,
        most_function_lines=rule.most_function_lines or 0,
        most_files=rule.most_files or 0,
        names=rule.names,
        language=rule.language,
        pattern=rule.pattern,
        where=rule.where,
        files=rule.files,
    )


def _default_path(rule: _Rule) -> str:
    return {"javascript": "example.js", "typescript": "example.ts", "tsx": "example.tsx"}.get(
        rule.language, "example.py"
    )


def _failing(rule: StandardRule) -> Iterator[Fault]:
    for number, example in enumerate(rule.examples, start=1):
        files = [TreeFile(path, text.encode(errors="replace")) for path, text in example.files.items()]
        found = broken(rule, app_of(files))
        if example.bad and not found:
            yield Fault(rule.id, f"test {number} is bad, and the rule finds nothing in it")
        if not example.bad and found:
            yield Fault(
                rule.id, f"test {number} is good, and the rule finds: {found[0].path}:{found[0].line} {found[0].words}"
            )
