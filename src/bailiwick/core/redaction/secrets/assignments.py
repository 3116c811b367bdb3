"""Values that are called passwords, secrets, tokens or keys, in the syntax of any language.

The pack says how a name and a value are written; whether the value is a credential is for `judgement` to say.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from bailiwick.core.redaction.gates import Gated, GatedSieve
from bailiwick.core.redaction.secrets.hits import Hit
from bailiwick.core.redaction.secrets.judgement import judged, looks_random
from bailiwick.core.redaction.secrets.pack import pack
from bailiwick.core.severity import Severity

# Code in which a word that stands in no quotes is a name or a call.
_CODE = frozenset(
    "py pyi js jsx ts tsx mjs cjs java kt kts scala groovy go c h cc cpp hpp cs rb php rs swift m dart lua r pl pm ex"
    " exs erl html htm css scss vue svelte sql tf hcl json ipynb proto graphql zig jl clj hs elm sol toml lock svg"
    " ps1".split()
)
_TEXTS = (".md", ".txt", ".rst", ".adoc", ".log", ".eml", ".csv")


@dataclass(frozen=True)
class _Form:
    """A way of writing a name and a value: which groups are the name and, one of them, the value; what has it in it."""

    pattern: str
    gate: str
    name: str = ""
    only_in: str = ""
    before: int = 100


# RFC 7617: the password is only encoded.
_BASIC_PATTERN = r"(?i)\bBasic\s+([A-Za-z0-9+/]{8,200}={0,2})"
_BASIC = _Form(_BASIC_PATTERN, _BASIC_PATTERN)
# How far the longest value and what is around it reach.
_AFTER = 900
# Of a word that is longer so much is looked at, and what is in quotes is no credential.
_LONGEST = 400
_QUOTES = {b'"', b"'", b"`"}
_AMONG_WORDS = frozenset({"prose", "comments"})
_PART = re.compile("«(\\w+)»")
# So much of a value at the end of a pattern is enough to know that it may be there.
_ANY_NAME = r"(?i)([\w.$-]*"
_ALL_OF_VALUE = re.compile(r"\{(\d+),\d*\}(\)?)$")


@cache
def _forms() -> tuple[_Form, ...]:
    parts = pack()["parts"]
    of_gate = parts | pack()["parts_of_gates"]
    forms = [
        _Form(
            _whole(form["pattern"], parts),
            _gate_of(_whole(form.get("gate", form["pattern"]), of_gate)),
            form.get("name", ""),
            form.get("only_in", ""),
            form.get("before", _Form.before),
        )
        for form in pack()["form"]
    ]
    return (*forms, _BASIC)


def _gate_of(pattern: str) -> str:
    """Return a pattern without what takes time to look for at its ends: a name's beginning, and most of a value."""
    return _ALL_OF_VALUE.sub(r"{\1}\2", pattern).replace(_ANY_NAME, "(?i)(", 1)


def _whole(pattern: str, parts: Mapping[str, str]) -> str:
    """Return a pattern with the parts in it that it names."""
    return _PART.sub(lambda part: _whole(parts[part[1]], parts), pattern)


@cache
def _sieve() -> GatedSieve:
    return GatedSieve([Gated(form.pattern, form.gate, form.before, _AFTER) for form in _forms()])


def assigned(text: bytes, path: str) -> Iterator[Hit]:
    """Yield the credentials that stand under a name in a text; `path` says which language it is in."""
    settings, prose = _has_bare_values(path), path.lower().endswith(_TEXTS)
    for index, match in _sieve().matches(text, _wanted(settings=settings, prose=prose)):
        form = _forms()[index]
        yield from _basic(match) if form is _BASIC else _judged(form, match)


@cache
def _wanted(*, settings: bool, prose: bool) -> frozenset[int]:
    """Return which forms mean anything in a text."""
    kinds = {"", "prose" if prose else "comments"} | ({"settings"} if settings else set())
    return frozenset(index for index, form in enumerate(_forms()) if form.only_in in kinds)


def _has_bare_values(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return "." not in name or name.rpartition(".")[2] not in _CODE


def _judged(form: _Form, match: Any) -> Iterator[Hit]:
    groups = match.groups()
    first = 0 if form.name else 1
    index = next((place for place in range(first, len(groups)) if groups[place]), None)
    if index is None:
        return
    if not form.name and _is_type(match):
        return
    name = form.name or groups[0].decode("latin-1")
    value, begin = groups[index], match.start(index + 1)
    level = judged(name, value[:_LONGEST].decode(errors="replace"))
    if level is None or (form.only_in in _AMONG_WORDS and not _is_odd(value)):
        return
    kind = "password" if level is Severity.MEDIUM else "hard-coded credential"
    said = kind if form.name else f"{kind} under the name '{name.strip('-.$')[-40:]}'"
    yield Hit(said, value, begin, level)


def _is_type(match: Any) -> bool:
    """Return whether what stands for a name is the end of a type's in quotes, such as "AWS::IAM::AccessKey"."""
    begin, end = match.span(1)
    return bool(match.string[max(0, begin - 2) : begin] == b"::" and match.string[end : end + 1] in b"\"'")


def _is_odd(value: bytes) -> bool:
    """Return whether a word of a comment can only be meant as a password: prose has none like it."""
    written = value.decode(errors="replace").rstrip(".")
    mixed = re.search(r"[a-z].*\d|\d.*[a-z]", written) and re.search(r"[A-Z]|[!$%^&*?@]", written)
    return bool(mixed) or looks_random(written)


def _basic(match: Any) -> Iterator[Hit]:
    try:
        name, colon, password = base64.b64decode(match[1], validate=True).partition(b":")
    except binascii.Error:
        return
    if colon and name.isascii() and password.isascii() and judged("password", password.decode()):
        yield Hit("password of basic authentication", match[1], match.start(1), Severity.HIGH)
