"""Lines of an app's log in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def line_words(line: Mapping[str, Any]) -> str:
    """Return a line for people, without what would steer a terminal: what an app writes may be anything."""
    time = datetime.fromisoformat(line["time"])
    part = f" [{line['part']}]" if line["part"] else ""
    severity = f" {line['severity'].upper()}" if line.get("severity") else ""
    trace = f" {line['trace'][:8]}" if line["trace"] else ""
    return f"{time:%Y-%m-%d %H:%M:%S.%f}"[:23] + f"{trace}{part}{severity} {plain_words(line['text'])}"


def plain_words(text: str) -> str:
    """Return a text without what would steer a terminal."""
    return "".join(sign if sign.isprintable() or sign == "\t" else "�" for sign in text)
