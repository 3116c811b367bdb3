"""Text that matches a pattern, made up afresh, so that no file of the repository holds anything that looks real."""

import random
import re
import string
from re import _parser  # type: ignore[attr-defined] # what else says what a pattern is made of
from typing import Any

_LETTERS = string.ascii_letters + string.digits


def matching(pattern: str, source: random.Random) -> str:
    """Return a text that a pattern matches."""
    return "".join(_made(item, source) for item in _parser.parse(pattern.replace("(?i:", "(?:").replace("(?m)", "")))


def _made(item: tuple[Any, Any], source: random.Random) -> str:
    kind, value = str(item[0]), item[1]
    if kind in {"MAX_REPEAT", "MIN_REPEAT"}:
        least, _, parts = value
        return "".join(_made(part, source) for _ in range(least or source.choice([0, 1])) for part in parts)
    if kind in {"BRANCH", "SUBPATTERN"}:
        parts = source.choice(value[1]) if kind == "BRANCH" else value[-1]
        return "".join(_made(part, source) for part in parts)
    if kind == "IN":
        return source.choice(_letters_of(value))
    return chr(value) if kind == "LITERAL" else {"AT": "", "ANY": "x", "NOT_LITERAL": " "}[kind]


def _letters_of(parts: Any) -> list[str]:
    negated = str(parts[0][0]) == "NEGATE"
    allowed = re.compile("[" + "".join(_class(part) for part in parts) + "]")
    everything = " ;" if negated else f"{_LETTERS}{string.punctuation} \t\n"
    letters = [sign for sign in everything if allowed.match(sign)]
    plain = [sign for sign in letters if sign in _LETTERS]
    return plain if len(plain) > 1 else letters


def _class(part: tuple[Any, Any]) -> str:
    kind, value = str(part[0]), part[1]
    if kind == "NEGATE":
        return "^"
    if kind == "RANGE":
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    if kind == "CATEGORY":
        return {"CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S"}[
            str(value)
        ]
    return re.escape(chr(value))
