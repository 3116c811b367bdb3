"""An organisation's own policies: checked with line and column, and made fit to stand beside the built-in ones.

A set stands on the organisation or on a folder. One on a folder can only refuse, only in that folder, and not what
those above it need to look, stop and undo: each of its policies begins with that as conditions.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy

from bailiwick.core.policy.engine import built_in_schema
from bailiwick.core.policy.places import Statement, Token, line_and_column, statements

# What a policy costs at every decision is small but adds up: see docs/policies.md.
MOST_POLICIES = 50
_MOST_CHARACTERS = 65536
_DEEPEST = 200
_NAME = re.compile(r"[a-z][a-z0-9-]{0,59}")
_QUOTED = re.compile(r"`([^`]*)`|: (\w+)$")
# CVE-2021-42574
_HIDING = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad\u061c]")
_KEYWORDS = ("permit", "forbid", "when", "unless")
_LAST_WORD = re.compile(r'(\w[\w.-]*)"?$')
_WORDS = re.compile(r'"([a-z_]+)":|"([a-z]+\.[a-z-]+)"|entity ([\w, ]+?) (?:in|=)')
# The platform's own gates: a policy may refuse at them, but only the built-in ones open them.
_GATES = frozenset(
    {
        "app.deploy",
        "consent.fetch",
        "consent.give",
        "directory.sync",
        "egress.connect",
        "integration.query",
        "pass.issue",
        "report.take",
        "secret.fetch",
        "webhook.deliver",
    }
)
# What administrators of the organisation and of security do in a folder whatever it says: look, stop, and undo.
_OF_THOSE_ABOVE = frozenset(
    {
        "app.kill",
        "app.read",
        "policy.approve",
        "policy.propose",
        "policy.read",
        "role.assign",
        "role.read",
        "role.remove",
        "stop.start",
        "waiver.end",
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a text of policies, where (both from 1), and what would help."""

    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        words = f"line {self.line}, column {self.column}: {self.message}"
        return f"{words} ({self.hint})" if self.hint else words


@dataclass(frozen=True, slots=True)
class CustomerSet:
    """A version of a set of policies on the organisation or a folder (`folder:finance`)."""

    name: str
    version: int
    scope: str
    text: str

    @property
    def prefix(self) -> str:
        """What the ids of its policies begin with in decisions."""
        return f"{self.name}@{self.version}/"


def faults_in(text: str, *, scope: str) -> list[Fault]:
    """Return what is wrong with a text of policies for a scope, in order; nothing when it may stand there."""
    if len(text) > _MOST_CHARACTERS:
        return [Fault(1, 1, f"the text has {len(text)} characters", f"{_MOST_CHARACTERS} are allowed")]
    if count_of(text) > MOST_POLICIES:
        hint = f"{MOST_POLICIES} are allowed in all sets together"
        return [Fault(1, 1, f"there are {count_of(text)} policies", hint)]
    found = [*_hidden(text), *_Checker(text, scope).faults()]
    return sorted(found, key=lambda fault: (fault.line, fault.column))


def _hidden(text: str) -> Iterator[Fault]:
    """Yield characters that reorder or hide text: an approver would approve something else than they read."""
    for match in _HIDING.finditer(text):
        place = line_and_column(text, match.start())
        yield Fault(*place, f"the character U+{ord(match[0]):04X} hides or turns text around", "take it out")


def count_of(text: str) -> int:
    """Return how many policies a text has."""
    return len(statements(text))


def permits_in(text: str) -> bool:
    """Return whether a text may permit something; what merely looks as if it did counts, too."""
    return any(token.text == "permit" for statement in statements(text) for token in statement.tokens)


def rendered(policies: CustomerSet) -> str:
    """Return a set as it is put into force: its name and version in each id, and bound to its folder.

    The text must be without faults.
    """
    if not statements(policies.text):
        return ""
    document = json.loads(cedarpy.policies_to_json_str(policies.text))
    for policy in document["staticPolicies"].values():
        policy["annotations"]["id"] = policies.prefix + policy["annotations"]["id"]
        if policies.scope.startswith("folder:"):
            # First, so that no condition of the author's is ever looked at outside of the folder, or against whoever
            # stands above it.
            policy["conditions"][:0] = _bounds(policies.scope)
    return f"\n{cedarpy.policies_from_json_str(json.dumps(document))}\n"


def _bounds(scope: str) -> list[dict[str, Any]]:
    """Return the conditions that keep a folder's policies in it."""
    actions = ", ".join(f'Action::"{action}"' for action in sorted(_OF_THOSE_ABOVE))
    text = f"""forbid (principal, action, resource)
        when {{ resource in Folder::{json.dumps(scope)} }}
        unless {{
          action in [{actions}] &&
          (principal.names.containsAny(resource.roles["org-admin"]) ||
           principal.names.containsAny(resource.roles["security-admin"]))
        }};"""
    (policy,) = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values()
    conditions: list[dict[str, Any]] = policy["conditions"]
    return conditions


class _Checker:
    def __init__(self, text: str, scope: str) -> None:
        self._text = text
        self._scope = scope
        self._schema = built_in_schema()
        self._ids: set[str] = set()

    def faults(self) -> Iterator[Fault]:
        for statement in statements(self._text):
            if statement.depth > _DEEPEST:
                words = f"the policy has {statement.depth} brackets and operators"
                yield self._at(statement.tokens[0], words, f"{_DEEPEST} are allowed: write several policies")
                continue
            try:
                document = json.loads(cedarpy.policies_to_json_str(statement.text))
            except ValueError as fault:
                yield self._unparsable(statement, str(fault))
                continue
            if document["templates"]:
                slot = statement.find(["?"]) or statement.tokens[0]
                yield self._at(slot, "templates are not taken", "name who or what is meant")
                continue
            if not _writable(document):
                yield self._at(statement.tokens[0], "the policy is nested too deeply", "write it as several policies")
                continue
            policy = next(iter(document["staticPolicies"].values()))
            yield from self._notes(statement, policy.get("annotations", {}))
            if policy["effect"] == "permit":
                yield from self._permit(statement, policy["action"])
            yield from self._misfits(statement)

    def _unparsable(self, statement: Statement, words: str) -> Fault:
        if not statement.whole:
            return self._at(statement.tokens[-1], "the policy does not end", "end it with ;")
        unexpected = words.startswith(("unexpected", "invalid token"))
        named = None if unexpected else statement.find(_names_in(words))
        token = named or statement.first_unparsable()
        return self._at(token, words, _nearest(token.text, _KEYWORDS))

    def _notes(self, statement: Statement, notes: Mapping[str, str]) -> Iterator[Fault]:
        start = statement.tokens[0]
        name = notes.get("id", "")
        if not _NAME.fullmatch(name):
            yield self._at(start, "the policy needs an @id", 'for example @id("only-from-the-office"): a-z, 0-9 and -')
        elif name in self._ids:
            yield self._at(statement.find([name]) or start, f"another policy is called '{name}' too")
        self._ids.add(name)
        if not notes.get("reason", "").strip():
            yield self._at(start, "the policy needs a @reason", "people who are refused read it")
        if not notes.get("max_age", "0").isdecimal():
            yield self._at(statement.find(["max_age"]) or start, "@max_age is a number of seconds")

    def _permit(self, statement: Statement, action: Mapping[str, Any]) -> Iterator[Fault]:
        start = statement.find(["permit"]) or statement.tokens[0]
        if self._scope.startswith("folder:"):
            yield self._at(
                start, "a folder's policies only forbid", "roles permit; the organisation's policies may too"
            )
            return
        named = [item["id"] for item in [action.get("entity"), *action.get("entities", [])] if item]
        if not named:
            yield self._at(start, "a permit names its actions", 'for example action == Action::"app.use"')
        for name in sorted(_GATES & set(named)):
            words = f"'{name}' is a gate of the platform that no policy of yours opens"
            yield self._at(statement.find([name]) or start, words, "you may forbid it")

    def _misfits(self, statement: Statement) -> Iterator[Fault]:
        told: set[tuple[int, str]] = set()
        for error in cedarpy.validate_policies(statement.text, self._schema).errors:
            words = re.sub(r"^for policy `[^`]*`, ", "", error.error)
            names = _names_in(words)
            token = statement.find(names) or statement.conditions()
            # The same fault comes once for each kind of principal.
            key = (token.start, names[0] if names else words)
            if "unable to find an applicable action" in words and told:
                continue
            if key not in told:
                told.add(key)
                yield self._at(token, words, self._suggestion(names))

    def _suggestion(self, names: Sequence[str]) -> str:
        known = {
            word.strip()
            for match in _WORDS.findall(self._schema)
            for group in match
            for word in group.split(",")
            if word.strip()
        }
        return _nearest(names[0], sorted(known - {names[0]})) if names else ""

    def _at(self, token: Token, message: str, hint: str = "") -> Fault:
        return Fault(*line_and_column(self._text, token.start), message, hint)


def _writable(document: Mapping[str, Any]) -> bool:
    """Return whether Cedar writes a policy that it has read: its JSON may not be as deep as its text."""
    try:
        cedarpy.policies_from_json_str(json.dumps(document))
    except ValueError:
        return False
    return True


def _names_in(words: str) -> list[str]:
    """Return the names that an error of Cedar's quotes, each without what stands before it."""
    found = [_LAST_WORD.search(quoted or bare) for quoted, bare in _QUOTED.findall(words)]
    return [match[1] for match in found if match]


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word.strip('"'), known, n=1)
    return f"did you mean {close[0]}?" if close else ""


def set_of(decider: str) -> str:
    """Return the set and version that a decider belongs to (`office@3`), or nothing for a built-in policy."""
    name, separator, _ = decider.partition("/")
    return name if separator and "@" in name else ""


def own_id(decider: str) -> str:
    """Return a decider as its author wrote it, without set and version."""
    return decider.removeprefix(f"{set_of(decider)}/") if set_of(decider) else decider
