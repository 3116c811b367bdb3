"""What pages show of attacks on the sandboxes that apps run in."""

from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.control.assurance import ModeAttacked, PlaneAttacked
from bailiwick.core.messages import AttacksReport
from bailiwick.faces.console.words import State, listed


@dataclass(frozen=True, slots=True)
class SandboxView:
    """The sandboxes of a plane as a page shows them; `mode` is empty where it is about no app."""

    mode: str
    plane: str
    state: State
    words: str
    report: AttacksReport | None


def plane_view(item: PlaneAttacked, mode: str = "") -> SandboxView:
    """Return what is shown of a plane's sandboxes."""
    report = item.report
    if report is None:
        shown = State("not tried yet", "plain")
    elif report.escaped:
        shown = State("broken", "bad")
    else:
        shown = State("held", "good") if report.held else State("could not be tried", "warn")
    return SandboxView(mode, item.plane, shown, item.words, report)


def sandbox_view(item: ModeAttacked) -> SandboxView:
    """Return what is shown of the sandboxes that an app runs in, in one mode."""
    return plane_view(item.attacked, item.mode)


def broken_words(sandboxes: Sequence[ModeAttacked]) -> str:
    """Return which sandboxes something got out of, empty where none is known."""
    broken = [item.mode for item in sandboxes if item.attacked.broken]
    return f"An attack got out of the sandbox in {listed(broken)}: see below." if broken else ""
