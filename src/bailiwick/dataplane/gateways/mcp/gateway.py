"""What is shared by the calls through one socket to an MCP server: its sessions, its tools, and what is audited."""

from dataclasses import dataclass, field

from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.policy import Decision
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.mcp.matching import Opened
from bailiwick.dataplane.gateways.mcp.messages import Said
from bailiwick.dataplane.gateways.mcp.sessions import Definitions, Sessions
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.gateway import Caller, ServiceGateway

_MOST_TOLD = 1000
_LONGEST_NAME, _MOST_NAMES = 300, 100


@dataclass(slots=True)
class Called:
    """What became of a message, for the audit log: never values of arguments, nor what was answered."""

    said: Said
    reason: str = ""
    failed: bool = False
    bytes_out: int = 0
    bytes_in: int = 0
    masked: int = 0
    redacted: int = 0
    milliseconds: float = 0.0


@dataclass(eq=False)
class McpDoor:
    """One socket of an app."""

    gateway: ServiceGateway
    binding: Binding
    sessions: Sessions = field(default_factory=Sessions)
    definitions: Definitions = field(default_factory=Definitions)
    opened: Opened = field(init=False)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.opened = Opened.by(self.binding.grant)

    def note_called(self, caller: Caller, called: Called, decision: Decision) -> None:
        """Audit a message that was passed on."""
        context = _facts(called.said) | {
            "bytes_out": called.bytes_out,
            "bytes_in": called.bytes_in,
            "masked_fields": called.masked,
            **({"redacted": called.redacted} if called.redacted else {}),
            "milliseconds": called.milliseconds,
        }
        outcome = Outcome.FAILED if called.failed else Outcome.SUCCESS
        self._emit(caller, f"{_noun(called.said)}.called", outcome, called.reason, decision.deciders, context)

    def note_refused(self, caller: Caller, said: Said, fault: CallRefusedError, *, by_app: bool = True) -> None:
        """Audit a message that was not passed on, or whose answer was not; an app answers for its own only."""
        if by_app and not self.gateway.tell_refused(caller, self.binding, fault):
            return
        context = _facts(said)
        self._emit(
            caller, f"{_noun(said)}.refused", Outcome.REFUSED, fault.message, tuple(fault.deciders), context
        )  # fmt: skip

    def note_drift(self, caller: Caller, tool: str, fault: CallRefusedError) -> None:
        """Audit that a tool is left out of a list because it is not what was approved: once for each tool."""
        if tool in self._told or len(self._told) >= _MOST_TOLD:
            return
        self._told.add(tool)
        self._emit(caller, "tool.refused", Outcome.REFUSED, fault.message, tuple(fault.deciders), {"tool": tool})

    def _emit(
        self,
        caller: Caller,
        action: str,
        outcome: Outcome,
        reason: str,
        deciders: tuple[str, ...],
        context: dict[str, ContextFact],
    ) -> None:
        self.gateway.emit(
            self.binding.event(
                self.gateway.clock(), caller.identity, caller.trace, action=action, outcome=outcome, reason=reason,
                deciders=deciders, context=context,
            )
        )  # fmt: skip


def _noun(said: Said) -> str:
    return "tool" if said.method == "tools/call" else "service"


def _facts(said: Said) -> dict[str, ContextFact]:
    """Return what a message asks for, by names alone."""
    name = said.params.get("name", said.params.get("uri", ""))
    named = name[:_LONGEST_NAME].partition("?")[0] if isinstance(name, str) else ""
    if said.method != "tools/call":
        return {"call": f"{said.method} {named}".strip()}
    arguments = said.params.get("arguments")
    names = sorted(str(item)[:_LONGEST_NAME] for item in arguments) if isinstance(arguments, dict) else []
    return {"tool": named, "arguments": tuple(names[:_MOST_NAMES])}
