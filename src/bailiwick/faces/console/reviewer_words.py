"""What a review's page says of independent reviewers, in words."""

from dataclasses import dataclass

from bailiwick.control.reviewers import LensReading, Mode, Reading, ReviewerService
from bailiwick.faces.console.words import State, count

_LOOKS_FOR = {
    "security": "ways to get at what one should not",
    "data-use": "data used for something else than the purpose",
    "policy": "ways round the platform, and text that steers models",
    "migrations": "migrations that lose data",
}
_WITHOUT = {
    Mode.OFF: "No independent reviewer is asked here: reviewers are off in the settings.",
    Mode.ADVISE: "No model is configured to review, so nobody independent has read this.",
    Mode.REQUIRED: "No model is configured to review, and a review by one is required: nothing goes to production.",
}


@dataclass(frozen=True, slots=True)
class LensLine:
    """One reviewer on the page."""

    name: str
    looks_for: str
    model: str
    state: State
    words: str


def reviewers_sentence(service: ReviewerService, reading: Reading | None) -> str:
    """Return how far reviewers are with a tree."""
    options = service.options
    if options.mode is Mode.OFF or not options.reviewers:
        return _WITHOUT[options.mode]
    needed = "needed for production" if options.mode is Mode.REQUIRED else "asked for advice"
    if reading is None:
        return f"Independent reviewers are {needed}. They have not begun with this tree."
    if reading.state != "read":
        return f"Independent reviewers are {needed}. {reading.done} of {count(reading.total, 'question')} are answered."
    return f"Independent reviewers are {needed}, and have read this tree."


def lens_lines(reading: Reading | None) -> list[LensLine]:
    """Return a line for each reviewer that has come to an end."""
    return [
        LensLine(item.lens.value, _LOOKS_FOR[item.lens.value], item.route, *_said(item))
        for item in (reading.lenses if reading is not None else ())
    ]


def _said(item: LensReading) -> tuple[State, str]:
    if item.inconclusive:
        return State("inconclusive", "warn"), item.inconclusive
    blocking = sum(one.weight != "advises" for one in item.found)
    if not item.found:
        return State(
            "nothing found", "good"
        ), "two runs, with comments and without; each found the fault planted for it"
    words = f"{count(len(item.found), 'fault')}, {blocking} seen by both runs or swayed by comments"
    return State("objects" if blocking else "advises", "bad" if blocking else "plain"), words
