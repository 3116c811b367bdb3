"""OpenAPI documents as access rules: what an administrator picks of them becomes calls that apps may be granted.

Versions 3.0, 3.1 and 3.2 (https://spec.openapis.org/oas/). A rule is all reading or all writing operations of a tag,
or one operation. What cannot be expressed as a grant is left out and told of, never opened wider.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import ValidationError

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.grants import Method, RequestGrant

_VERSION = re.compile(r"3\.[0-2](\.\d+)?")
_READS = frozenset({"GET", "HEAD"})
_METHODS = frozenset(get_args(Method))
_PART = re.compile(r"\{([^{}/]{1,100})\}")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_NAME = re.compile(r"[A-Za-z0-9_.$\[\]-]{1,80}")
_HEADER = re.compile(r"[a-z0-9-]{1,60}")
_NEXT = re.compile(r"next(_?(link|url|page(_?(link|url))?))?", re.IGNORECASE)
# What the platform shows itself, and no app may choose.
_OURS = frozenset({"authorization", "cookie", "host", "x-api-key", "accept", "content-type"})
_MOST_OPERATIONS, _MOST_STEPS = 5000, 20


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its name, its tags, and the call that it is."""

    name: str
    tags: tuple[str, ...]
    grant: RequestGrant

    @property
    def verb(self) -> str:
        """Whether it reads or writes."""
        return "read" if self.grant.methods <= _READS else "write"


@dataclass(frozen=True, slots=True)
class Described:
    """What a document describes. `left_out` says which operations are not here, and why."""

    title: str
    server: str
    operations: tuple[Operation, ...]
    left_out: tuple[str, ...]

    @property
    def rules(self) -> dict[str, tuple[Operation, ...]]:
        """The operations of each rule that could be offered: by tag, and each by itself."""
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            for name in filter(None, dict.fromkeys([*map(_word, operation.tags), _word(operation.name)])):
                found.setdefault(f"{name}:{operation.verb}", []).append(operation)
        return {name: tuple(operations) for name, operations in sorted(found.items())}

    def pick(self, names: tuple[str, ...]) -> dict[str, tuple[RequestGrant, ...]]:
        """Return the offers of these rules; raise `InvalidInputError` for one that there is not."""
        rules = self.rules
        unknown = [name for name in names if name not in rules]
        if unknown:
            raise InvalidInputError(
                f"the document has nothing for '{unknown[0][:80]}'", hint=f"it has: {', '.join(rules)[:1000]}"
            )
        return {name: tuple(dict.fromkeys(operation.grant for operation in rules[name])) for name in names}


@dataclass
class _Reader:
    document: Mapping[str, Any]
    left_out: list[str] = field(default_factory=list)

    def operations(self) -> Iterator[Operation]:
        for path, item in _items(self.document.get("paths")):
            try:
                shared = self.resolved(item)
            except ValueError as fault:
                self.left_out.append(f"{str(path)[:200]}: {fault}")
                continue
            for verb, operation in _items(shared):
                method = str(verb).upper()
                if method not in _METHODS or not isinstance(operation, Mapping):
                    continue
                try:
                    yield self._operation(str(path), method, shared, operation)
                except ValueError as fault:
                    self.left_out.append(f"{method} {str(path)[:200]}: {_why(fault)}")

    def resolved(self, value: Any) -> Mapping[str, Any]:
        """Return an object, through references within the document; nothing is fetched for one that leads elsewhere."""
        for _ in range(_MOST_STEPS):
            if not isinstance(value, Mapping):
                return {}
            reference = value.get("$ref")
            if reference is None:
                return value
            if not isinstance(reference, str) or not reference.startswith("#/"):
                raise ValueError("it refers to another document; put all into one")
            value = self.document
            for part in reference[2:].split("/"):
                name = part.replace("~1", "/").replace("~0", "~")
                value = value.get(name) if isinstance(value, Mapping) else None
        raise ValueError("its references lead in circles")

    def _operation(self, path: str, method: str, shared: Mapping[str, Any], operation: Mapping[str, Any]) -> Operation:
        parameters = [self.resolved(item) for of in (shared, operation) for item in _list(of.get("parameters"))]
        query = _named(parameters, "query", _NAME)
        headers = [name.lower() for name in _named(parameters, "header", re.compile(".*"))]
        grant = RequestGrant(
            methods=frozenset({method}),
            path=_pattern(path),
            query=tuple(dict.fromkeys(query)),
            body=self._body(operation),
            headers=tuple(dict.fromkeys(name for name in headers if _HEADER.fullmatch(name) and name not in _OURS)),
            links=self._links(operation),
        )
        tags = tuple(str(tag) for tag in _list(operation.get("tags")) if _word(str(tag)))
        return Operation(str(operation.get("operationId") or f"{method} {path}"), tags, grant)

    def _body(self, operation: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Return the fields that a call may send: none where the document says nothing of a body."""
        content = self.resolved(operation.get("requestBody")).get("content")
        if not content:
            return ()
        kinds = dict(_items(content))
        if "application/json" not in kinds:
            return None  # a file or a form: only JSON is looked into
        names = self._properties(self.resolved(kinds["application/json"]).get("schema"), _MOST_STEPS)
        if not names:
            raise ValueError("the fields of its body are not listed")
        if not all(map(_NAME.fullmatch, names)):
            raise ValueError("a field of its body has a name that no grant can have")
        return tuple(names)

    def _links(self, operation: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the fields of the answer that say where the next part is."""
        answers = dict(_items(operation.get("responses")))
        content = dict(_items(self.resolved(answers.get("200", answers.get(200))).get("content")))
        schema = self.resolved(content.get("application/json")).get("schema")
        return tuple(name for name in self._properties(schema, _MOST_STEPS) if _NEXT.fullmatch(name))

    def _properties(self, schema: Any, steps: int) -> list[str]:
        """Return the properties of a schema of an object, of its alternatives too."""
        if steps <= 0:
            raise ValueError("its schemas are nested too deeply")
        found = self.resolved(schema)
        names = [str(name) for name, _ in _items(found.get("properties"))]
        for word in ("allOf", "anyOf", "oneOf"):
            for part in _list(found.get(word)):
                names += self._properties(part, steps - 1)
        return list(dict.fromkeys(names))


def read_openapi(document: Mapping[str, Any]) -> Described:
    """Return what an OpenAPI document describes; raise `InvalidInputError` for what is none of a version 3."""
    version = str(document.get("openapi", ""))
    if not _VERSION.fullmatch(version) or not isinstance(document.get("paths"), Mapping):
        raise InvalidInputError("this is no OpenAPI document of version 3 with paths", hint="openapi: 3.1.0")
    if sum(len(dict(_items(item))) for _, item in _items(document["paths"])) > _MOST_OPERATIONS:
        raise InvalidInputError(f"the document has more than {_MOST_OPERATIONS} operations")
    reader = _Reader(document)
    operations = tuple(reader.operations())
    servers = [item for item in _list(document.get("servers")) if isinstance(item, Mapping)]
    server = str(servers[0].get("url", "")) if servers else ""
    info = document.get("info")
    title = str(info.get("title", "")) if isinstance(info, Mapping) else ""
    return Described(title[:300], server.rstrip("/"), operations, tuple(reader.left_out))


def _pattern(path: str) -> str:
    """Return a path as grants write it; raise `ValueError` where a variable is only a part of a part."""
    parts = []
    for part in path.removeprefix("/").split("/"):
        variable = _PART.fullmatch(part)
        if part in {".", ".."}:
            raise ValueError("its path can be read in two ways")
        if variable is None and "{" in part:
            raise ValueError("a variable is only a part of a part of its path")
        name = _NOT_A_WORD.sub("_", variable[1].lower()).strip("_")[:30] if variable is not None else ""
        parts.append(f"{{{name if name[:1].isalpha() else f'p_{name}'}}}" if variable is not None else part)
    return "/" + "/".join(parts)


def _word(name: str) -> str:
    """Return a name as access rules have it."""
    word = _NOT_A_WORD.sub("_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()).strip("_")[:60]
    return word if word[:1].isalpha() or not word else f"_{word}"


def _named(parameters: list[Mapping[str, Any]], place: str, form: re.Pattern[str]) -> list[str]:
    names = [str(item.get("name", "")) for item in parameters if item.get("in") == place]
    return [name for name in names if form.fullmatch(name)]


def _items(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _why(fault: Exception) -> str:
    if isinstance(fault, ValidationError):
        first = fault.errors(include_input=False, include_url=False)[0]
        return f"its {'.'.join(map(str, first['loc']))} can be in no grant"
    return str(fault)
