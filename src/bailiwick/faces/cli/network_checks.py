"""Whether the networks of planes are apart, as the control plane has it from each of them."""

from typing import Any

from bailiwick.faces.cli.client import call
from bailiwick.faces.cli.host_checks import Check, State

_STATES = {"separate": State.GOOD, "not separated": State.WEAK}
_HINTS = {
    "not separated": "the settings say networks: shared; put the planes into networks of their own and say separate",
    "open": "until that way is closed the plane starts nothing; what runs goes on",
    "not proved": "until that is shown the plane starts nothing; what runs goes on",
}


def ask_planes() -> list[dict[str, Any]]:
    """Return what the control plane knows of each plane; the command ends with words when it cannot be asked."""
    return list(call("GET", "/planes")["planes"])


def network_check(plane: dict[str, Any]) -> Check:
    """Return how a plane's network is."""
    found = plane["networks"]
    state = found["state"]
    tries = found["tries"]
    answer = sum(1 for tried in tries if tried["reached"] == "open")
    tried = (
        f"{answer} of {len(tries)} addresses answer, tried {found['tried']}" if found["tried"] else "nothing tried yet"
    )
    words = "; ".join([f"{state}: {tried}", *found["faults"]])
    return Check(f"network of {plane['name']}", _STATES.get(state, State.MISSING), words, _HINTS.get(state, ""))
