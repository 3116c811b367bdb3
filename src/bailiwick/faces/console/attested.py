"""What planes attest of an app, for its page: that what runs is what was approved, or in what it differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bailiwick.control.attestation import Shown
from bailiwick.faces.console.words import State, listed

_SHORT = 12
_FACTS = ("sandbox", "runtime", "version", "platform", "policies")
_DIGESTS = frozenset({"platform"})


@dataclass(frozen=True, slots=True)
class AttestedView:
    """The last attestation of an instance in words; `facts` are name and value of what it runs on, `checked` what was
    checked again since the platform is another than before.
    """

    mode: str
    state: State
    words: str
    release: str
    tree: str
    dependencies: str
    facts: tuple[tuple[str, str], ...]
    changed: tuple[str, ...]
    checked: str
    time: datetime


def attested_view(item: Shown) -> AttestedView:
    """Return an attestation as the page shows it."""
    return AttestedView(
        item.mode,
        _state(item),
        f"{', '.join(item.differs)} of what runs is not what was approved" if item.differs else "",
        item.release,
        item.runs.get("tree", "")[:_SHORT],
        item.runs.get("dependencies", "")[:_SHORT],
        tuple((name, _word(name, item.runs[name])) for name in _FACTS if item.runs.get(name)),
        tuple(f"{name} was {_word(name, old)} before" for name, (old, new) in item.changed.items() if old),
        listed(item.checks) if item.changed else "",
        item.time,
    )


def drift_words(items: Sequence[Shown]) -> str:
    """Return the sentence for the first line of the page when something else runs than was approved, else nothing."""
    drifted = [item.mode for item in items if item.differs]
    return f"What runs in {listed(drifted)} is not what was approved." if drifted else ""


def _word(name: str, value: str) -> str:
    return value[:_SHORT] if name in _DIGESTS else value


def _state(item: Shown) -> State:
    if item.differs:
        return State("not as approved", "bad")
    return State("not renewed", "warn") if item.stale else State("as approved", "good")
