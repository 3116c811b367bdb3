"""Which of a grant's calls a request is: by method, path, parameters and the fields of its body; or none of them.

A request is read once, checked, and written anew from what was read: what was checked is what the service gets.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from bailiwick.core.call_rules import RequestRule, meets, value_at
from bailiwick.core.grants import FieldMask, RequestGrant
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# The characters of a path (RFC 3986 section 3.3), and those that stay as they are when it is written anew.
_PATH = re.compile(r"(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+")
_PLAIN = "!$&'()*+,;=:@"
_MOST_PARAMETERS = 200
_HIDES = frozenset("/\\")
_DECIDERS = ("data-grant",)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for: the parts of its path, decoded, and its parameters in their order."""

    method: str
    parts: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]

    @property
    def path(self) -> str:
        """The path, written anew."""
        return "/" + "/".join(quote(part, safe=_PLAIN) for part in self.parts)

    @property
    def target(self) -> str:
        """Path and query, written anew."""
        return f"{self.path}?{urlencode(self.parameters, quote_via=quote)}" if self.parameters else self.path


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a call besides path and parameters: its headers, and the attributes of the person behind it."""

    headers: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Matched:
    """What holds for a call: grants that open it. Its body must suit one of them."""

    grants: tuple[RequestGrant, ...]

    @property
    def headers(self) -> frozenset[str]:
        """The headers of the app that go along."""
        return frozenset(name for grant in self.grants for name in grant.headers)

    @property
    def fields(self) -> tuple[FieldMask, ...]:
        """What is masked in the answer: a field that one grant leaves open is open."""
        first, *others = self.grants
        return tuple(field for field in first.fields if all(field.path in _paths(other) for other in others))

    @property
    def links(self) -> frozenset[str]:
        """The fields of the answer that hold addresses of the service."""
        return frozenset(path for grant in self.grants for path in grant.links)

    @property
    def looks_at_bodies(self) -> bool:
        """Whether the body of a call decides what opens it: then it is read before anything is sent."""
        return any(grant.looks_at_bodies for grant in self.grants)


def read_target(method: str, target: str) -> Wanted:
    """Return what a request line asks for; raise `CallRefusedError` for one that can be read in two ways."""
    path, _, query = target.partition("?")
    parts = tuple(map(unquote, path[1:].split("/")))
    if not _PATH.fullmatch(path) or any(map(_is_odd, parts)) or "" in parts[:-1]:
        raise CallRefusedError(400, "the path can be read in more than one way", deciders=_DECIDERS)
    try:
        parameters = _parameters(query)
    except ValueError:
        raise CallRefusedError(400, "the query is not one of names and values", deciders=_DECIDERS) from None
    return Wanted(method, parts, tuple(parameters))


def _parameters(query: str) -> list[tuple[str, str]]:
    """Return names and values; a name by itself is one without a value (`?uploads`), and written anew with `=`."""
    named = "&".join(item if "=" in item else f"{item}=" for item in query.split("&")) if query else ""
    if "&=" in f"&{named}":
        raise ValueError("a parameter has no name")
    return parse_qsl(
        named, keep_blank_values=True, strict_parsing=bool(named), errors="strict", max_num_fields=_MOST_PARAMETERS
    )


def match(wanted: Wanted, grants: Iterable[RequestGrant], told: Told | None = None) -> Matched:
    """Return what opens a call; raise `CallRefusedError` with what stands in its way when nothing does.

    `told` is what else is known; without it no rule about that is met.
    """
    asked = told or Told()
    of_path = [grant for grant in grants if _is_of(wanted.parts, grant.path)]
    if not of_path:
        raise _refused(f"no access opens {wanted.path}")
    of_method = [grant for grant in of_path if wanted.method in grant.methods]
    if not of_method:
        raise _refused(f"no access opens {wanted.method} on {wanted.path}")
    names = {name for name, _ in wanted.parameters}
    found = tuple(grant for grant in of_method if grant.query is None or names <= set(grant.query))
    if not found:
        closed = sorted(names - {name for grant in of_method for name in grant.query or ()})
        raise _refused(f"no access opens the parameter{'s' * (len(closed) > 1)} {', '.join(closed)[:200]}".rstrip())
    return _held_to_rules(found, lambda rule, grant: _values_of(rule, grant, wanted, asked), asked)


def suiting(matched: Matched, body: bytes, content_type: str, told: Told | None = None) -> Matched:
    """Return what opens a call with this body; raise `CallRefusedError` when nothing does."""
    document = _object(body, content_type) if body else {}
    names = set(document) if document is not None else None
    found = tuple(
        grant
        for grant in matched.grants
        if not grant.looks_at_bodies or (names is not None and (grant.body is None or names <= set(grant.body)))
    )
    if not found and names is None:
        raise _refused("this access takes a JSON object only")
    if not found:
        closed = sorted((names or set()) - {name for grant in matched.grants for name in grant.body or ()})
        raise _refused(f"no access opens sending {', '.join(closed)[:200]}")
    return _held_to_rules(found, lambda rule, _: value_at(document, rule.body) if rule.body else None, told or Told())


def _held_to_rules(
    grants: tuple[RequestGrant, ...], values: Callable[[RequestRule, RequestGrant], list[Any] | None], told: Told
) -> Matched:
    """Return the grants whose rules are met, by what each is about; None is what another look is for."""

    def is_met(rule: RequestRule, grant: RequestGrant) -> bool:
        found = values(rule, grant)
        return found is None or (bool(found) and all(meets(rule, value, told.attributes) for value in found))

    held = tuple(grant for grant in grants if all(is_met(rule, grant) for rule in grant.rules))
    if not held:
        broken = next(rule for rule in grants[0].rules if not is_met(rule, grants[0]))
        raise _refused(f"no access opens this call with its {broken.subject}")
    return Matched(held)


def _values_of(rule: RequestRule, grant: RequestGrant, wanted: Wanted, told: Told) -> list[Any] | None:
    """Return what a call says of what a rule is about, but for its body."""
    if rule.part is not None:
        place = grant.path[1:].split("/").index(f"{{{rule.part}}}")
        return [wanted.parts[place]]
    if rule.query is not None:
        return [value for name, value in wanted.parameters if name == rule.query]
    if rule.header is not None:
        return [told.headers[rule.header]] if rule.header in told.headers else []
    return None


def _refused(words: str) -> CallRefusedError:
    hint = "bailiwick.toml names accesses; describe_integrations and `bailiwick integration show` say what each opens"
    return CallRefusedError(403, words, hint=hint, deciders=_DECIDERS)


def _is_odd(part: str) -> bool:
    return part in {".", ".."} or not part.isprintable() or not _HIDES.isdisjoint(part) or "\ufffd" in part


def _is_of(parts: tuple[str, ...], pattern: str) -> bool:
    named = pattern[1:].split("/")
    if named[-1] == "**":
        named = named[:-1]
        return len(parts) >= len(named) and all(map(_suits, parts, named))
    return len(parts) == len(named) and all(map(_suits, parts, named))


def _suits(part: str, named: str) -> bool:
    return bool(part) if named.startswith("{") else part == named


def _paths(grant: RequestGrant) -> frozenset[str]:
    return frozenset(field.path for field in grant.fields)


def _object(body: bytes, content_type: str) -> dict[str, Any] | None:
    """Return a JSON object, None for anything else; one that says a name twice, at any depth, is something else."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        return None
    try:
        document = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is given twice")
    return made
