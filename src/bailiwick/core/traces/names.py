"""Names of spans: routes without values, statements without literals, nothing that hides from the eye, and an end."""

import hashlib
import re
import unicodedata

from bailiwick.core.messages.spans import LONGEST_SPAN_NAME

# What a router of an app is written with: a word, perhaps with a dash or an ending, and no long one.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]{0,29}(\.[a-z]{1,8})?|v[0-9]{1,2}|\.well-known|")
_MOST_SEGMENTS = 12
_CUT = "…"


def route_of(path: str) -> str:
    """Return a path with `{}` in the place of whatever may be a value: `/orders/1207` as `/orders/{}`."""
    parts = path.partition("?")[0].split("/")
    cut = parts[: _MOST_SEGMENTS + 1]
    route = "/".join(part if _PLAIN.fullmatch(part) else "{}" for part in cut)
    return said_name(route + ("/" + _CUT if len(parts) > len(cut) else ""))


def said_name(text: str, most: int = LONGEST_SPAN_NAME) -> str:
    """Return a text as a name: on one line, without characters that control a terminal or hide, and not too long."""
    plain = "".join(
        " " if item in "\t\r\n" else item
        for item in text[: most * 2]
        if item in "\t\r\n" or unicodedata.category(item)[0] != "C"
    )
    plain = " ".join(plain.split())
    return plain if len(plain) <= most else plain[: most - 1] + _CUT


def root_span(trace: str) -> str:
    """Return the id of the span that a trace begins with: the router's own, which whoever knows the trace may name."""
    return trace[16:] if trace[16:].strip("0") else "0" * 15 + "1"


def fingerprint_of(kind: str, place: str) -> str:
    """Return what tells errors of one type at one place from all others, in any release."""
    return hashlib.sha256(f"{kind}\0{place}".encode()).hexdigest()[:16]
