"""What grants open of an MCP server: tools by name and definition with their arguments, resources, prompts. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bailiwick.core.call_rules import ArgumentRule, meets, value_at
from bailiwick.core.grants import (
    Asked,
    AskingGrant,
    DataGrant,
    FieldMask,
    PromptGrant,
    ResourceGrant,
    ServedGrant,
    ToolGrant,
)
from bailiwick.core.tool_definitions import argument_fault, digest_of
from bailiwick.dataplane.gateways.refusals import CallRefusedError

GRANT = ("data-grant",)
# The same name as in the audit log: a server whose tool is not what somebody approved.
DRIFT = ("tool-definition",)
_URI = re.compile(r"([a-z][a-z0-9+.-]{0,30})://((?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)")
_HIDES = frozenset("/\\")
_FORBIDDEN, _BAD = 403, 400


@dataclass(frozen=True, slots=True)
class Opened:
    """What a binding's grant opens of a server."""

    tools: Mapping[str, tuple[ToolGrant, ...]]
    resources: tuple[ResourceGrant, ...]
    prompts: Mapping[str, tuple[PromptGrant, ...]]
    asks: frozenset[Asked]

    @classmethod
    def by(cls, grant: DataGrant) -> "Opened":
        """Return it, sorted by what it is of."""
        served = grant.served
        asks = [item.server_asks for item in served if isinstance(item, AskingGrant)]
        return cls(
            _by_name((item.tool, item) for item in served if isinstance(item, ToolGrant)),
            tuple(item for item in served if isinstance(item, ResourceGrant)),
            _by_name((item.prompt, item) for item in served if isinstance(item, PromptGrant)),
            frozenset().union(*asks),
        )

    @property
    def hides(self) -> bool:
        """Whether fields of any tool are masked: what a server tells besides could hold them."""
        return any(grant.fields for grants in self.tools.values() for grant in grants)

    def tool(self, name: str) -> tuple[ToolGrant, ...]:
        """Return what opens a tool; raise `CallRefusedError` when nothing does."""
        return self.tools.get(name) or _nothing(f"the tool {name[:128]}")

    def prompt(self, name: str, arguments: Iterable[str]) -> None:
        """Return when a prompt is opened with these arguments; raise `CallRefusedError` otherwise."""
        grants = self.prompts.get(name) or _nothing(f"the prompt {name[:128]}")
        names = set(arguments)
        if not any(grant.arguments is None or names <= set(grant.arguments) for grant in grants):
            _nothing(f"these arguments of the prompt {name}")

    def resource(self, uri: str) -> None:
        """Return when a resource is opened; raise `CallRefusedError` otherwise."""
        if not self.opens(uri):
            _nothing("this resource")

    def opens(self, uri: str) -> bool:
        """Return whether a URI is one of an opened resource. What could be read in two ways is none."""
        found = _URI.fullmatch(uri)
        if found is None:
            return False
        parts = tuple(map(unquote, found[2].split("/")))
        if any(map(_is_odd, parts)) or "" in parts[1:-1]:
            return False
        return any(_is_of(found[1], parts, grant.resource) for grant in self.resources)

    def template(self, written: str) -> bool:
        """Return whether a template of URIs that a server lists is one of those that are opened, by another name of its
        variables at most.
        """
        return any(_nameless(written) == _nameless(grant.resource) for grant in self.resources)


def suiting(
    grants: Iterable[ToolGrant],
    tool: Mapping[str, Any] | None,
    arguments: Mapping[str, Any],
    attributes: Mapping[str, str] | None,
) -> tuple[ToolGrant, ...]:
    """Return the grants that open a call of a tool, which the server defines as `tool` now.

    `attributes` are those of the person behind it, None where there is none. Raises `CallRefusedError`.
    """
    approved = as_approved(grants, tool)
    fault = argument_fault((tool or {}).get("inputSchema"), arguments)
    if fault:
        raise CallRefusedError(_BAD, fault, deciders=("tool-definition",))
    names = set(arguments)
    of_names = [grant for grant in approved if grant.arguments is None or names <= set(grant.arguments)]
    if not of_names:
        closed = sorted(names - {name for grant in approved for name in grant.arguments or ()})
        _nothing(f"the argument{'s' * (len(closed) > 1)} {', '.join(closed)[:200]} of {approved[0].tool}".rstrip())
    found = tuple(grant for grant in of_names if not any(_broken(rule, arguments, attributes) for rule in grant.rules))
    if found:
        return found
    broken = next(rule for rule in of_names[0].rules if _broken(rule, arguments, attributes))
    raise CallRefusedError(
        _FORBIDDEN, f"no access opens {approved[0].tool} with this {broken.argument}", hint=_HINT, deciders=GRANT
    )


def as_approved(grants: Iterable[ToolGrant], tool: Mapping[str, Any] | None) -> tuple[ToolGrant, ...]:
    """Return the grants of a tool that are of its very definition; raise `CallRefusedError` when none is."""
    given = tuple(grants)
    name = given[0].tool
    if tool is None:
        raise CallRefusedError(_BAD, f"the server has no tool {name} now")
    digest = digest_of(tool)
    found = tuple(grant for grant in given if grant.digest == digest)
    if not found:
        raise CallRefusedError(
            _FORBIDDEN,
            f"the server changed what the tool {name} says of itself since it was approved",
            hint="an administrator looks at it (bailiwick integration import-mcp) and registers it, then deploy",
            deciders=DRIFT,
        )
    return found


def masks_of(grants: Iterable[ToolGrant]) -> tuple[FieldMask, ...]:
    """Return what is masked in a result: a field that one of the grants leaves open is open."""
    first, *others = grants
    return tuple(
        field for field in first.fields if all(field.path in {item.path for item in other.fields} for other in others)
    )


def open_arguments(grants: Iterable[ToolGrant]) -> frozenset[str] | None:
    """Return the arguments that some grants open together, None for any."""
    given = tuple(grants)
    if any(grant.arguments is None for grant in given):
        return None
    return frozenset(name for grant in given for name in grant.arguments or ())


_HINT = "bailiwick.toml names accesses; describe_integrations and `bailiwick integration show` say what each opens"


def _nothing(what: str) -> Any:
    raise CallRefusedError(_FORBIDDEN, f"no access opens {what}", hint=_HINT, deciders=GRANT)


def _by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, tuple[Any, ...]]:
    made: dict[str, tuple[ServedGrant, ...]] = {}
    for name, grant in pairs:
        made[name] = (*made.get(name, ()), grant)
    return made


def _broken(rule: ArgumentRule, arguments: Mapping[str, Any], attributes: Mapping[str, str] | None) -> bool:
    """Return whether a call breaks a rule: what is not given would be whatever the server takes instead."""
    values = value_at(arguments, rule.argument)
    return not values or not all(
        meets(rule, item, attributes or {}) and not (_is_of_number(rule) and isinstance(item, str)) for item in values
    )


def _is_of_number(rule: ArgumentRule) -> bool:
    return rule.at_least is not None or rule.at_most is not None


def _is_of(scheme: str, parts: tuple[str, ...], pattern: str) -> bool:
    wanted, _, rest = pattern.partition("://")
    named = rest.split("/")
    if scheme != wanted:
        return False
    if named[-1] == "**":
        named = named[:-1]
        # Something is there below the folder.
        return len(parts) > len(named) and all(map(_suits, parts, named))
    return len(parts) == len(named) and all(map(_suits, parts, named))


def _suits(part: str, named: str) -> bool:
    return bool(part) if named.startswith("{") else part == named


def _is_odd(part: str) -> bool:
    return part in {".", ".."} or not part.isprintable() or not _HIDES.isdisjoint(part) or "\ufffd" in part


def _nameless(template: str) -> str:
    return re.sub(r"\{[^{}/]*\}", "{}", template)
