"""What an MCP server lists of itself, as access rules: an administrator picks of it what apps may be granted.

A rule is one tool, resource or prompt, reading or writing. A tool counts as reading when the server says so; that is a
hint of whoever wrote it, so read what it does before you offer it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.grants import PromptGrant, ResourceGrant, ServedGrant, ToolGrant
from bailiwick.core.tool_definitions import digest_of

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_VARIABLE = re.compile(r"\{\+?([^{}/]{1,100})\*?\}")
_MOST = 5000


@dataclass(frozen=True, slots=True)
class Listed:
    """One thing that a server lists: the rule that would open it, and what it says of itself."""

    rule: str
    grant: ServedGrant
    about: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All that a server lists. `left_out` says what no grant can open, and why."""

    items: tuple[Listed, ...]
    left_out: tuple[str, ...]

    def pick(self, names: Iterable[str]) -> dict[str, tuple[ServedGrant, ...]]:
        """Return the offers of these rules; raise `InvalidInputError` for one that there is not."""
        known = {item.rule for item in self.items}
        wanted = tuple(names)
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise InvalidInputError(
                f"the server lists nothing for '{unknown[0][:80]}'", hint=f"it has: {', '.join(sorted(known))[:1000]}"
            )
        return {name: tuple(item.grant for item in self.items if item.rule == name) for name in wanted}


def read_listing(document: Mapping[str, Any]) -> Listing:
    """Return what a server lists: `tools`, `resources`, `resourceTemplates` and `prompts`, as its answers have them.

    Raises `InvalidInputError` for what is none of that.
    """
    items: list[Listed] = []
    left_out: list[str] = []
    for kind in ("tools", "resources", "resourceTemplates", "prompts"):
        found = document.get(kind, [])
        if not isinstance(found, list) or len(found) > _MOST or not all(isinstance(item, dict) for item in found):
            raise InvalidInputError(f"this is no list of {kind} as MCP servers answer it")
        for item in found:
            try:
                items.append(_listed(kind, item))
            except (ValidationError, ValueError):
                named = str(item.get("name", item.get("uri", "")))[:80]
                left_out.append(f"{kind}: {named} has a name or an address that can be in no grant")
    return Listing(tuple(items), tuple(left_out))


def _listed(kind: str, item: Mapping[str, Any]) -> Listed:
    name = str(item.get("name", ""))
    grant: ServedGrant
    if kind == "tools":
        grant = ToolGrant(tool=name, digest=digest_of(item))
    elif kind == "prompts":
        grant = PromptGrant(prompt=name)
    else:
        grant = ResourceGrant(resource=_pattern(str(item.get("uri", item.get("uriTemplate", "")))))
    hints = item.get("annotations")
    reads = kind != "tools" or (isinstance(hints, dict) and hints.get("readOnlyHint") is True)
    about = " ".join(str(item.get("description") or item.get("title") or "").split())
    return Listed(f"{_word(name)}:{'read' if reads else 'write'}", grant, about)


def _pattern(uri: str) -> str:
    """Return an address, or a template of some (RFC 6570), as grants write it."""

    def named(found: re.Match[str]) -> str:
        word = _NOT_A_WORD.sub("_", found[1].lower()).strip("_")[:30]
        return f"{{{word if word[:1].isalpha() else f'p_{word}'}}}"

    return _VARIABLE.sub(named, uri)


def _word(name: str) -> str:
    """Return a name as access rules have it."""
    word = _NOT_A_WORD.sub("_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()).strip("_")[:60]
    return word if word[:1].isalpha() else f"_{word}"
