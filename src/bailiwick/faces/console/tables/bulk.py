"""What can be done with several rows at once: asked about in words first, one decision of policy for each row."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.errors import BailiwickError, InvalidInputError
from bailiwick.core.principals import Identity
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.faces.console.words import count

MOST = 200


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is done to rows of a list. `back` is the action that takes it back; what has none is typed out
    before it is done. `may` returns those of some rows that somebody may do it to.
    """

    name: str
    words: str
    done: str
    one: str
    many: str
    consequence: str
    may: Callable[[ControlPlane, Session, Identity, Sequence[str]], Collection[str]]
    do: Callable[[ControlPlane, Identity, str, str], object]
    back: str = ""

    def typed(self, rows: int) -> str:
        """Return what must be typed before it is done."""
        return "" if self.back else f"{self.words.lower()} {count(rows, self.one, self.many)}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the rows that it was done to, and why it was not done to others."""

    done: tuple[str, ...]
    refused: tuple[str, ...]

    def words(self, action: Action) -> str:
        """Return it in a sentence."""
        said = f"{action.done} {count(len(self.done), action.one, action.many)}."
        return f"{said} Not done: {'; '.join(self.refused[:3])}." if self.refused else said


def _may_stop(control: ControlPlane, session: Session, by: Identity, keys: Sequence[str]) -> Collection[str]:
    names = control.authorizer.allowed_among(session, by, "app.kill", [f"app:{key}" for key in keys])
    return [name.removeprefix("app:") for name in names]


def _may_manage(control: ControlPlane, session: Session, by: Identity, keys: Sequence[str]) -> Collection[str]:
    return keys if keys and control.authorizer.decide(session, by, "integration.manage", ORGANIZATION).allowed else []


def _stop(control: ControlPlane, by: Identity, key: str, reason: str) -> object:
    return control.stops.stop(by, StopScope(StopKind.APP, key), reason)


def _switch(*, enabled: bool) -> Callable[[ControlPlane, Identity, str, str], object]:
    return lambda control, by, key, reason: control.integrations.set_enabled(by, key, enabled=enabled, reason=reason)


_INTEGRATION = ("integration", "integrations")
ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "apps": (
        Action(
            "stop", "Stop", "Stopped", "app", "apps",
            "No request is let through any more, what is in flight is cut, and sandboxes end. Each stays stopped until "
            "a person with a reason brings it back.",
            _may_stop, _stop,
        ),
    ),
    "integrations": (
        Action(
            "off", "Switch off", "Switched off", *_INTEGRATION,
            "What is open through them is cut, and every app is refused there at once. They can be switched on again.",
            _may_manage, _switch(enabled=False), back="on",
        ),
        Action(
            "on", "Switch on", "Switched on", *_INTEGRATION,
            "Apps that have a grant get through again.",
            _may_manage, _switch(enabled=True), back="off",
        ),
    ),
}  # fmt: skip


def action_of(listing: str, name: str) -> Action:
    """Return an action of a list; raise `InvalidInputError` when it has none of this name."""
    found = next((item for item in ACTIONS.get(listing, ()) if item.name == name), None)
    if found is None:
        raise InvalidInputError(f"'{name[:40]}' cannot be done with these rows", hint="choose one of the buttons")
    return found


def chosen(keys: Sequence[str]) -> list[str]:
    """Return the rows that were chosen, each once; raise `InvalidInputError` for none and for too many."""
    found = list(dict.fromkeys(key for key in keys if key))
    if not found:
        raise InvalidInputError("no row is chosen", hint="go back and tick some")
    if len(found) > MOST:
        raise InvalidInputError(f"more than {MOST} rows at once", hint="do it in parts, or by folder")
    return found


def offered(control: ControlPlane, session: Session, by: Identity, listing: str, keys: Sequence[str]) -> list[Action]:
    """Return what somebody may do to at least one of some rows."""
    # The first row mostly answers it: the others are only asked about where it does not.
    return [
        item
        for item in ACTIONS.get(listing, ())
        if keys and (item.may(control, session, by, keys[:1]) or item.may(control, session, by, keys[1:]))
    ]


def act(control: ControlPlane, by: Identity, action: Action, keys: Sequence[str], reason: str) -> Outcome:
    """Do something to rows one by one: each is decided and audited like one alone."""
    done, refused = list[str](), list[str]()
    for key in keys:
        try:
            action.do(control, by, key, reason)
            done.append(key)
        except BailiwickError as fault:
            refused.append(f"{key}: {fault.message}")
    return Outcome(tuple(done), tuple(refused))
