"""One lens over one tree: two runs of two readings each, checked by planted faults, and refuted where somebody can."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bailiwick.control.inference import Answer, ModelError, Question
from bailiwick.control.reviewers.agreement import RUNS, agreed
from bailiwick.control.reviewers.answers import FAULTS, REFUTATION, faults_in, refuted_by
from bailiwick.control.reviewers.model import Judged, Lens, LensReading, Pass, SeenFile, Told, Weight
from bailiwick.control.reviewers.planted import planted
from bailiwick.control.reviewers.prompts import instructions, refutation
from bailiwick.control.reviewers.seeing import MOST_PARTS, parts_of, written

# A model by its route, what it is asked, and until when (`time.monotonic()`).
Ask = Callable[[str, Question, float], Answer]
READINGS = tuple((run, blanked) for run in RUNS for blanked in (False, True))
_SIDE_BY_SIDE = 4


@dataclass(frozen=True, slots=True)
class Order:
    """What is read: with which lens, by which model, refuted by which, and until when (`time.monotonic()`)."""

    lens: Lens
    route: str
    refuter: str
    files: tuple[SeenFile, ...]
    ends: float

    @property
    def questions(self) -> int:
        """How many questions its readings are."""
        return len(READINGS) * max(1, len(parts_of(self.files)))


def read(order: Order, ask: Ask, step: Callable[[], None]) -> LensReading:
    """Have a tree read with one lens; `step` is called after each question of the readings.

    What fails, misses a planted fault or comes too late makes the whole reading inconclusive.
    """
    parts = parts_of(order.files)
    if len(parts) > MOST_PARTS:
        words = f"the app has more text than reviewers read ({len(parts)} parts, {MOST_PARTS} at most)"
        return LensReading(order.lens, order.route, inconclusive=words)
    counting = _Steps(step)
    try:
        with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="reviewer") as threads:
            readings = list(threads.map(lambda how: _pass(order, parts, how, ask, counting), READINGS))
            found = tuple(threads.map(lambda item: _refuted(order, item, ask), agreed(readings)))
    except ModelError as fault:
        return LensReading(order.lens, order.route, inconclusive=fault.message)
    return LensReading(order.lens, order.route, found)


class _Steps:
    """Calls `step` from one thread at a time."""

    def __init__(self, step: Callable[[], None]) -> None:
        self._step = step
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self._step()


def _pass(order: Order, parts: Sequence[tuple[SeenFile, ...]], how: tuple[int, bool], ask: Ask, step: _Steps) -> Pass:
    run, blanked = how
    found: list[Told] = []
    for part in parts:
        fault = planted(order.lens)
        shown = (*part[: len(part) // 2], fault.file, *part[len(part) // 2 :])
        question = Question(instructions(order.lens), written(shown, blanked=blanked), FAULTS, "faults")
        told = faults_in(_in_time(order, ask, order.route, question).document, shown, blanked=blanked)
        if not fault.is_in(told):
            raise ModelError("the reviewer did not find a fault that was planted for it, so it has not read with care")
        found += [item for item in told if item.path != fault.file.path]
        step()
    return Pass(run, blanked, tuple(found))


def _refuted(order: Order, item: Judged, ask: Ask) -> Judged:
    """Return a fault that would block as advice when a second reviewer can show that it is none."""
    if item.weight is not Weight.BLOCKS:
        return item
    file = next(file for file in order.files if file.path == item.told.path)
    claim = f"Claim: {item.told.path}, line {item.told.line}: {item.told.fault} {item.told.why}"
    # Comments are left out: that an author calls a line safe is no refutation.
    text = f"{claim}\n\n{written([file], blanked=True)}"
    answer = _in_time(order, ask, order.refuter, Question(refutation(), text, REFUTATION, "refutation"))
    because = refuted_by(answer.document, file)
    if not because:
        return item
    return replace(item, weight=Weight.ADVISES, words=f"{item.words}; a second reviewer disagrees: {because}")


def _in_time(order: Order, ask: Ask, route: str, question: Question) -> Answer:
    if time.monotonic() > order.ends:
        raise ModelError("the reviewers did not come to an end in the time that they have")
    return ask(route, question, order.ends)
