"""Which names a page template of the tree shows without escaping them."""

import re
from collections.abc import Iterable

from bailiwick.core.artifacts import TreeFile

ENDINGS = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".xhtml", ".djhtml", ".svg", ".xml", ".tmpl", ".tpl")
_SHOWN = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)([^{}]*?)-?\}\}")
_UNESCAPED = re.compile(r"\|\s*(?:safe|safeseq)\b")
_OFF = re.compile(r"\{%-?\s*autoescape\s+(?:off|false)\s*-?%\}(.*?)(?:\{%-?\s*endautoescape|\Z)", re.DOTALL)
_LOOP = re.compile(r"\{%-?\s*for\s+(\w+)(?:\s*,\s*(\w+))?\s+in\s+([A-Za-z_]\w*)")
_SET = re.compile(r"\{%-?\s*(?:set|with)\s+(\w+)\s*=\s*([A-Za-z_]\w*)")
_LARGEST = 1_000_000


def unescaped_names(files: Iterable[TreeFile]) -> dict[str, frozenset[str]]:
    """Return for each template, by each end of its path, the names that it shows unescaped."""
    found: dict[str, frozenset[str]] = {}
    for file in files:
        if file.path.endswith(ENDINGS) and len(file.content) <= _LARGEST:
            names = shown_unescaped(file.content.decode(errors="replace"))
            if not file.path.endswith((".html", ".htm", ".xml", ".xhtml", ".svg", ".djhtml")):
                # Flask escapes only in templates whose names end so.
                names |= {place.group(1) for place in _SHOWN.finditer(file.content.decode(errors="replace"))}
            if names:
                parts = file.path.split("/")
                for start in range(len(parts)):
                    end = "/".join(parts[start:])
                    found[end] = found.get(end, frozenset()) | names
    return found


def shown_unescaped(text: str) -> frozenset[str]:
    """Return the names that a template's text shows without escaping them, where templates are escaped by default."""
    names = {place.group(1) for place in _SHOWN.finditer(text) if _UNESCAPED.search(place.group(2))}
    for part in _OFF.finditer(text):
        names |= {place.group(1) for place in _SHOWN.finditer(part.group(1))}
    for place in _LOOP.finditer(text):
        if names & {place.group(1), place.group(2)}:
            names.add(place.group(3))
    for place in _SET.finditer(text):
        if place.group(1) in names:
            names.add(place.group(2))
    return frozenset(names)
