"""What leaves for models, decided and told: whether a switch is about a call, and the words for places and switches."""

from collections.abc import Collection, Iterable, Mapping
from typing import get_args

from bailiwick.core.messages import OutflowSwitch, Place

PLACES: tuple[Place, ...] = get_args(Place)
PLACE_WORDS: Mapping[str, str] = {
    "system": "instructions",
    "user": "messages of the user",
    "assistant": "messages of the model",
    "tool-definitions": "descriptions of tools",
    "tool-arguments": "arguments of tools",
    "tool-results": "results of tools",
    "tool-files": "files in results of tools",
    "files": "files and images",
    "input": "texts to embed",
    "settings": "settings of the call",
    "unread": "what is in no known place",
}
# What a switch of one place is about beside the place itself.
_ALSO: Mapping[str, frozenset[str]] = {
    "files": frozenset({"tool-files"}),
    "tool-results": frozenset({"tool-files"}),
}


def switch_for(
    switches: Iterable[OutflowSwitch],
    *,
    model: str,
    app: str,
    people: Collection[str],
    places: Collection[str],
    found: Collection[tuple[str, str]],
) -> OutflowSwitch | None:
    """Return the first switch that is about a call, None when there is none.

    `people` are the names of whoever calls; `places` those of the body in which anything stands, and `found` the
    classes of data in it, each with its place.
    """
    for switch in switches:
        if (
            switch.model in {"", model}
            and switch.app in {"", app}
            and (not switch.person or switch.person in people)
            and _is_about(switch, places, found)
        ):
            return switch
    return None


def _is_about(switch: OutflowSwitch, places: Collection[str], found: Collection[tuple[str, str]]) -> bool:
    if switch.data_class:
        return any(data_class == switch.data_class and _covers(switch.place, place) for place, data_class in found)
    return not switch.place or any(_covers(switch.place, place) for place in places)


def _covers(switched: str, place: str) -> bool:
    return not switched or place in {switched, "unread"} or place in _ALSO.get(switched, ())


def switch_words(switch: OutflowSwitch) -> str:
    """Return what a switch keeps from leaving."""
    return outflow_words(switch.model, switch.app, switch.person, switch.place, switch.data_class)


def outflow_words(model: str, app: str, person: str, place: str, data_class: str) -> str:
    """Return it of its parts: "no results of tools from app finance/desk to model support-model"."""
    where = PLACE_WORDS.get(place, "")
    what = f"data of the class {data_class}" if data_class else ""
    told = f"{what} in {where}" if what and where else what or where or "calls"
    whose = (f" from app {app}" if app else "") + (f" of {person}" if person else "")
    return f"no {told}{whose} to {f'model {model}' if model else 'any model'}"
