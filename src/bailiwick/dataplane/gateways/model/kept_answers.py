"""Answers that are given again: only where a model's settings say so, only to whom they were given, in memory only.

What is kept is what its caller got. It stands under a digest of whose call it was and of the body, so that nobody finds
an answer without having asked the same; and it is looked through again, by the rules that hold then, each time it is
given. Whatever planes are told anew empties all of it: a kill, a revocation, a policy, another setting.
"""

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bailiwick.core.messages import AnswerRules, ModelState
from bailiwick.dataplane.gateways.model.bodies import Asked
from bailiwick.dataplane.gateways.model.model import Caller, Endpoint
from bailiwick.dataplane.gateways.model.policing import Admitted, Noticed
from bailiwick.dataplane.router.wire import RequestHead

# What a body may say for its answer to be kept: nothing that has an effect, that its server remembers, or that asks for
# several answers. Anything else that a wire has, or gets, is not kept.
_FIELDS = frozenset(
    """
    model messages system input instructions temperature top_p top_k seed max_tokens max_completion_tokens
    max_output_tokens stop stop_sequences stream stream_options response_format text encoding_format dimensions
    frequency_penalty presence_penalty reasoning_effort store n user
    """.split()
)
# Headers that change what is answered.
_HEADERS = (b"anthropic-version", b"anthropic-beta", b"openai-beta", b"accept")
_EMBEDDINGS = "/v1/embeddings"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as its caller got it: of which type, and when."""

    content_type: bytes
    body: bytes = field(repr=False)
    since: float

    @property
    def age_seconds(self) -> int:
        """How old it is."""
        return int(time.monotonic() - self.since)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of answers that are kept: whether one may be given, how old at most, and kept."""

    give: bool = True
    keep: bool = True
    most_age: float = float("inf")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an answer is kept, under which rules, and what its caller wants; `state` is what planes were told then."""

    name: bytes
    model: str
    rules: AnswerRules
    wish: Wish
    state: object = field(repr=False)


def wish_of(head: RequestHead) -> Wish:
    """Read what a caller says of caches (RFC 9111 section 5.2.1); what is not understood means that none is wanted."""
    written = b",".join(value for name, value in head.headers if name.lower() == b"cache-control")
    words = [word.strip().lower() for word in written.decode("latin-1").split(",") if word.strip()]
    if b"pragma" in head.first and not words:
        words = ["no-cache"]
    age = float("inf")
    for word in words:
        name, _, value = word.partition("=")
        if name == "max-age" and value.isascii() and value.isdigit():
            age = min(age, float(value[:12]))
        elif word != "no-cache":
            return Wish(give=False, keep=False)
    return Wish(give="no-cache" not in words and age > 0, most_age=age)


def may_be_kept(asked: Asked, noticed: Noticed, admitted: Admitted, endpoint: Endpoint, rules: AnswerRules) -> bool:
    """Return whether the answer to a body may be given again: it has no tools, nothing that its server remembers, no
    signs of injection, and is of a kind that the rules name.
    """
    document, conversation = asked.document, noticed.conversation
    if endpoint.free or endpoint.cloud or set(document) - _FIELDS or document.get("n", 1) != 1:
        return False
    if conversation.tools or conversation.follows or conversation.kept_as or admitted.signs or _has_results(noticed):
        return False
    if endpoint.path.endswith("/responses") and document.get("store") is not False:
        return False
    return bool(_kinds(document, endpoint) & rules.when)


def _has_results(noticed: Noticed) -> bool:
    return any(origin.value == "result" and texts for origin, texts in noticed.conversation.texts.items())


def _kinds(document: Mapping[str, object], endpoint: Endpoint) -> set[str]:
    """Return what makes the answer to a body the same each time."""
    if endpoint.path == _EMBEDDINGS:
        return {"embeddings"}
    heat, seed = document.get("temperature"), document.get("seed")
    cold = isinstance(heat, int | float) and not isinstance(heat, bool) and heat == 0
    seeded = isinstance(seed, int) and not isinstance(seed, bool)
    return {kind for kind, is_so in (("temperature-zero", cold), ("seeded", cold and seeded)) if is_so}


class KeptAnswers:
    """The answers of one plane. `state` returns what planes were told last, told apart as an object."""

    def __init__(self, state: Callable[[], object]) -> None:
        self._state = state
        self._under: object = None
        self._found: dict[str, OrderedDict[bytes, KeptAnswer]] = {}
        self._sizes: dict[str, int] = {}

    def slot(
        self,
        caller: Caller,
        model: ModelState,
        asked: Asked,
        head: RequestHead,
        endpoint: Endpoint,
        noticed: Noticed,
        admitted: Admitted,
    ) -> Slot | None:
        """Return where the answer to a call is kept, None where it is not."""
        rules, wish = model.answers, wish_of(head)
        if rules is None or not (wish.give or wish.keep):
            return None
        if not may_be_kept(asked, noticed, admitted, endpoint, rules):
            return None
        name = _name(caller, model, asked, head, endpoint, rules)
        return Slot(name, model.name, rules, wish, self._state()) if name is not None else None

    def get(self, slot: Slot) -> KeptAnswer | None:
        """Return what is kept there, None where there is nothing, or it is too old."""
        self._follow()
        kept = self._found.get(slot.model, OrderedDict()).get(slot.name)
        if kept is None or not slot.wish.give or slot.state is not self._under:
            return None
        age = time.monotonic() - kept.since
        if age >= slot.rules.seconds:
            self._drop(slot.model, slot.name)
            return None
        if age > slot.wish.most_age:
            return None
        self._found[slot.model].move_to_end(slot.name)
        return kept

    def put(self, slot: Slot, content_type: bytes, body: bytes) -> None:
        """Keep an answer, in the place of those that nobody asked for the longest."""
        self._follow()
        # What was asked before planes were told something else was answered by other rules.
        if not slot.wish.keep or slot.state is not self._under or len(body) > slot.rules.most_bytes:
            return
        self._drop(slot.model, slot.name)
        found = self._found.setdefault(slot.model, OrderedDict())
        found[slot.name] = KeptAnswer(content_type, body, time.monotonic())
        self._sizes[slot.model] = self._sizes.get(slot.model, 0) + len(body)
        while len(found) > slot.rules.most or self._sizes[slot.model] > slot.rules.most_bytes:
            self._drop(slot.model, next(iter(found)))

    def clear(self) -> None:
        """Forget everything."""
        self._found.clear()
        self._sizes.clear()

    def _follow(self) -> None:
        state = self._state()
        if state is not self._under:
            self.clear()
            self._under = state

    def _drop(self, model: str, name: bytes) -> None:
        gone = self._found.get(model, OrderedDict()).pop(name, None)
        if gone is not None:
            self._sizes[model] -= len(gone.body)


def _name(
    caller: Caller, model: ModelState, asked: Asked, head: RequestHead, endpoint: Endpoint, rules: AnswerRules
) -> bytes | None:
    """Return a digest of whose call it is and what it says, None where that is not written in one way only.

    Each part is a text of a list in JSON, so that none runs into the next. Of the body only its white space and the
    escapes of its texts are made the same: the order of fields and forms of letters may change what is answered.
    """
    try:
        body = json.dumps(asked.document, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        return None
    whose = [caller.tenant, caller.account, caller.environment or ""]
    if rules.of == "person" or not caller.app:
        identity = caller.identity
        whose += [str(identity.principal), str(identity.behalf.principal) if identity.behalf is not None else ""]
    asked_with = [head.target, endpoint.path, *(head.get(name) for name in _HEADERS)]
    written = json.dumps([whose, rules.of, model.name, model.model, model.url, asked.model, asked_with, body])
    return hashlib.sha256(written.encode()).digest()
