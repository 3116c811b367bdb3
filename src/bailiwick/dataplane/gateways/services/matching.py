"""Which of a grant's calls a request is: by method, path, parameters and the fields of its body; or none of them.

A request is read once, checked, and written anew from what was read: what was checked is what the service gets.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode

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
        return any(grant.body is not None for grant in self.grants)


def read_target(method: str, target: str) -> Wanted:
    """Return what a request line asks for; raise `CallRefusedError` for one that can be read in two ways."""
    path, _, query = target.partition("?")
    parts = tuple(map(unquote, path[1:].split("/")))
    if not _PATH.fullmatch(path) or any(map(_is_odd, parts)) or "" in parts[:-1]:
        raise CallRefusedError(400, "the path can be read in more than one way", deciders=_DECIDERS)
    try:
        parameters = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:
        raise CallRefusedError(400, "the query is not one of names and values", deciders=_DECIDERS) from None
    return Wanted(method, parts, tuple(parameters))


def match(wanted: Wanted, grants: Iterable[RequestGrant]) -> Matched:
    """Return what opens a call; raise `CallRefusedError` with what stands in its way when nothing does."""
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
    return Matched(found)


def suiting(matched: Matched, body: bytes, content_type: str) -> Matched:
    """Return what opens a call with this body; raise `CallRefusedError` when nothing does."""
    if not body:
        return matched
    names = _field_names(body, content_type)
    found = tuple(
        grant for grant in matched.grants if grant.body is None or (names is not None and names <= set(grant.body))
    )
    if found:
        return Matched(found)
    if names is None:
        raise _refused("this access takes a JSON object only")
    closed = sorted(names - {name for grant in matched.grants for name in grant.body or ()})
    raise _refused(f"no access opens sending {', '.join(closed)[:200]}")


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


def _field_names(body: bytes, content_type: str) -> set[str] | None:
    """Return the fields of a JSON object, None for anything else; names that are given twice count as another body."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        return None
    try:
        pairs = json.loads(body, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, _Pairs) or len({name for name, _ in pairs}) < len(pairs):
        return None
    return {name for name, _ in pairs}


class _Pairs(list[tuple[str, object]]):
    """The fields of a JSON object, each time that one is given."""
