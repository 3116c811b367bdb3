"""What a plane asks policy about prompts, and about tools that models use: those of integrations as their use."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bailiwick.core.messages import AppState, DesiredState, IntegrationState, McpConnection, ModelState
from bailiwick.core.policy import ContextValue, Decision, PoliciesInForce, Resource
from bailiwick.core.principals import Identity
from bailiwick.core.redaction import Own
from bailiwick.core.redaction_rules import OwnRules
from bailiwick.dataplane.gateways.decisions import KnownDecisions
from bailiwick.dataplane.gateways.mcp.matching import Opened
from bailiwick.dataplane.gateways.model import About, Caller
from bailiwick.files import write_private

# What clients put between the name of a server and that of its tool; some write first that it is one of MCP.
_PARTS = re.compile(r"__|[./:]")
_MCP = "mcp"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A prompt as policy is asked about it."""

    model: str
    app: str
    about: About


@dataclass(frozen=True, slots=True)
class _Tool:
    """A tool as policy is asked about it, and the integration of the app that it names."""

    prompt: _Prompt
    tool: str
    integration: str


class PromptQuestions:
    """Asks policy on one plane. `desired` returns what the plane should be now."""

    def __init__(self, engine: PoliciesInForce, desired: Callable[[], DesiredState | None]) -> None:
        self._engine = engine
        self._desired = desired
        self._prompts = KnownDecisions(self._ask_prompt, desired)
        self._tools = KnownDecisions(self._ask_tool, desired)

    def prompt(self, caller: Caller, model: ModelState, about: About) -> Decision:
        """Decide whether a prompt may go to a model."""
        return self._prompts.authorize(caller.identity, _Prompt(model.name, caller.app, about))

    def tool(self, caller: Caller, model: ModelState, about: About, tool: str) -> Decision:
        """Decide whether a model may use a tool for a caller: of an integration, as the caller may use that."""
        found, name = self._integration(caller, tool)
        if found is None and not self._policies_speak_of_tools():
            return _NOTHING_SAID
        resource = found.resource if found is not None else ""
        asked = _Tool(_Prompt(model.name, caller.app, about), tool, resource)
        decision = self._tools.authorize(caller.identity, asked)
        if not decision.allowed or found is None:
            return decision
        return self._of_integration(caller, found, name)

    def _policies_speak_of_tools(self) -> bool:
        """Return whether an answer can be another than that of the built-in policy: a condition on a tool is only valid
        where the policy names the action. Agents offer dozens with each call.
        """
        desired = self._desired()
        return desired is not None and "use-tool" in desired.policies + self._engine.base

    def _integration(self, caller: Caller, tool: str) -> tuple[IntegrationState | None, str]:
        """Return the integration of the caller's app that the name of a tool begins with, and the rest of the name."""
        parts = [part for part in _PARTS.split(tool) if part]
        if parts and parts[0].lower() == _MCP:
            parts = parts[1:]
        if len(parts) < 2:  # noqa: PLR2004 - an integration and a tool
            return None, ""
        for item in self._integrations(caller):
            if _plain(parts[0]) in {_plain(item.name), _plain(item.resource)}:
                return item, "__".join(parts[1:])
        return None, ""

    def _integrations(self, caller: Caller) -> tuple[IntegrationState, ...]:
        desired = self._desired()
        if desired is None or not caller.app:
            return ()
        return next((app.integrations for app in desired.releases if _is_of(caller, app)), ())

    def _ask_prompt(self, identity: Identity, prompt: _Prompt) -> Decision:
        about, model = prompt.about, self._model(prompt.model)
        context: dict[str, ContextValue] = {
            "may_call": True,
            "app": prompt.app,
            "server": urlsplit(model.url).hostname or "" if model is not None else "",
            "topics": about.topics,
            "instructed": about.instructed,
            "classes": about.classes,
            "flagged": about.flagged,
        }
        return self._engine.decide(identity, "model.prompt", self._resource(prompt.model), context)

    def _ask_tool(self, identity: Identity, asked: _Tool) -> Decision:
        about = asked.prompt.about
        context: dict[str, ContextValue] = {
            "may_call": True,
            "app": asked.prompt.app,
            "tool": asked.tool,
            "integration": asked.integration,
            "topics": about.topics,
            "flagged": about.flagged,
        }
        return self._engine.decide(identity, "model.use-tool", self._resource(asked.prompt.model), context)

    def _model(self, name: str) -> ModelState | None:
        desired = self._desired()
        return next((model for model in desired.models if model.name == name), None) if desired else None

    def _resource(self, name: str) -> Resource:
        model = self._model(name)
        return Resource("Model", f"model:{name}", model.roles if model is not None else {})

    def _of_integration(self, caller: Caller, state: IntegrationState, tool: str) -> Decision:
        """Decide as the gateway of the integration would: may the caller use it, and does the app's grant open it?"""
        if isinstance(state.connection, McpConnection) and tool not in Opened.by(state.grant).tools:
            return Decision(False, f"no access of the app opens {tool[:100]} of {state.resource}", ("data-grant",))
        context: dict[str, ContextValue] = {
            "app": caller.app,
            "granted_to": caller.app,
            "demands_person": state.grant.demands_person,
            "enabled": state.enabled,
            "data_classes": caller.data_classes,
        }
        resource = Resource("Integration", f"integration:{state.resource}", state.roles)
        return self._engine.decide(caller.identity, "integration.query", resource, context)


class KeptOwn:
    """What finds values by rules, made anew only when the rules are others."""

    def __init__(self, rules: Callable[[], OwnRules]) -> None:
        self._rules = rules
        self._own = Own()

    def __call__(self) -> Own:
        """Return it, by the rules of now."""
        rules = self._rules()
        if rules is not self._own.rules and rules != self._own.rules:
            self._own = Own(rules)
        return self._own


def own_key(place: Path) -> bytes:
    """Return the key in a file of this plane's own; it is made at the first start."""
    if not place.exists():
        write_private(place, secrets.token_hex(_KEY_BYTES))
    return bytes.fromhex(place.read_text())


_NOTHING_SAID = Decision(True, "no policy speaks of tools", ("prompts-of-those-who-may-call-the-model",))


def _plain(name: str) -> str:
    """Return a name as clients may write it: tools have no dashes on some wires."""
    return name.lower().replace("-", "_")


def _is_of(caller: Caller, app: AppState) -> bool:
    return (app.app, app.release) == (caller.app, caller.release)
