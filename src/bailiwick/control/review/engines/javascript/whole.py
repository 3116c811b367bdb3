"""What shows only in the whole of an app, or in the text of a file: what no route checks, what no server sets."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.syntax import Source

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_LONG_LINE = 1_000
_STATEMENTS = re.compile(rb"function\b|=>|return\b|var |[;}]")
_TEXTS = re.compile(rb"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_LEAST_STATEMENTS = 40


def is_minified(content: bytes) -> bool:
    """Return whether a file was written by a tool that takes out what people read: many statements on one long line."""
    longest = max(content.split(b"\n"), key=len, default=b"")
    if len(longest) < _LONG_LINE:
        return False
    code = _TEXTS.sub(b"''", longest[:200_000])
    return len(_STATEMENTS.findall(code)) >= _LEAST_STATEMENTS and code.count(b" ") * 5 < len(code)


def check_app(run: "Interpreter", sources: Mapping[str, Source], files: Mapping[str, bytes]) -> None:
    """Report what shows only in the whole."""
