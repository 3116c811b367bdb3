"""Values that are called passwords, secrets, tokens or keys, in the syntax of any language.

The pack says how a name and a value are written; whether the value is a credential is for `judgement` to say.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from bailiwick.core.redaction.secrets.hits import Hit
from bailiwick.core.redaction.secrets.judgement import judged, looks_random
from bailiwick.core.redaction.secrets.pack import pack
from bailiwick.core.redaction.sieve import NearSieve
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
    """A way of writing a name and a value: which groups are the name and, one of them, the value."""

    pattern: str
    name: str = ""
    only_in: str = ""


# RFC 7617: the password is only encoded.
_BASIC = _Form(r"(?i)\bBasic\s+([A-Za-z0-9+/]{8,200}={0,2})")
# How much of a text around a word of a name a form may take: what comes before it, and a value of the longest after.
_BEFORE, _AFTER = 300, 900
_AMONG_WORDS = frozenset({"prose", "comments"})
_PART = re.compile("«(\\w+)»")


@cache
def _forms() -> tuple[_Form, ...]:
    parts: dict[str, str] = pack()["parts"]

    def whole(pattern: str) -> str:
        return _PART.sub(lambda part: whole(parts[part[1]]), pattern)

    written = pack()["form"]
    forms = (_Form(whole(form["pattern"]), form.get("name", ""), form.get("only_in", "")) for form in written)
    return (*forms, _BASIC)


@cache
def _sieve() -> NearSieve:
    return NearSieve([form.pattern for form in _forms()], pack()["hints"], _BEFORE, _AFTER)


def assigned(text: bytes, path: str) -> Iterator[Hit]:
    """Yield the credentials that stand under a name in a text; `path` says which language it is in."""
    wanted = {"", "settings"} if _has_bare_values(path) else {""}
    wanted.add("prose" if path.lower().endswith(_TEXTS) else "comments")
    for index, match, begin in _sieve().matches(text):
        form = _forms()[index]
        if form is _BASIC:
            yield from _basic(match, begin)
        elif form.only_in in wanted:
            yield from _judged(form, match, begin)


def _has_bare_values(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return "." not in name or name.rpartition(".")[2] not in _CODE


def _judged(form: _Form, match: Any, begin: int) -> Iterator[Hit]:
    groups = match.groups()
    first = 0 if form.name else 1
    index = next((place for place in range(first, len(groups)) if groups[place]), None)
    if index is None:
        return
    if not form.name and _is_type(match):
        return
    name = form.name or groups[0].decode("latin-1")
    value = groups[index]
    level = judged(name, value.decode(errors="replace"))
    if level is None or (form.only_in in _AMONG_WORDS and not _is_odd(value)):
        return
    kind = "password" if level is Severity.MEDIUM else "hard-coded credential"
    said = kind if form.name else f"{kind} under the name '{name.strip('-.$')[-40:]}'"
    yield Hit(said, value, begin + match.start(index + 1), level)


def _is_type(match: Any) -> bool:
    """Return whether what stands for a name is the end of a type's in quotes, such as "AWS::IAM::AccessKey"."""
    begin, end = match.span(1)
    return bool(match.string[max(0, begin - 2) : begin] == b"::" and match.string[end : end + 1] in b"\"'")


def _is_odd(value: bytes) -> bool:
    """Return whether a word of a comment can only be meant as a password: prose has none like it."""
    written = value.decode(errors="replace").rstrip(".")
    mixed = re.search(r"[a-z].*\d|\d.*[a-z]", written) and re.search(r"[A-Z]|[!$%^&*?@]", written)
    return bool(mixed) or looks_random(written)


def _basic(match: Any, begin: int) -> Iterator[Hit]:
    try:
        name, colon, password = base64.b64decode(match[1], validate=True).partition(b":")
    except binascii.Error:
        return
    if colon and name.isascii() and password.isascii() and judged("password", password.decode()):
        yield Hit("password of basic authentication", match[1], begin + match.start(1), Severity.HIGH)
