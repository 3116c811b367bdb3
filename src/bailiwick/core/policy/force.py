"""The policies in force: the built-in ones and an organisation's own, swapped whole while questions are being asked."""

from collections.abc import Callable, Mapping

from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.policy.decision import Decision
from bailiwick.core.policy.engine import PolicyEngine
from bailiwick.core.policy.question import ContextValue, Question, Resource
from bailiwick.core.principals import Identity

# What decides where the organisation's policies cannot be read, as after an upgrade that changed the schema.
UNREADABLE = "policies-unreadable"
# What decides where nothing that is done could be put on record.
UNRECORDED = "audit-cannot-be-kept"
# What is still answered then, by the built-in policies: else nobody could put better ones into force.
_REPAIRS = frozenset({"policy.read", "policy.propose", "policy.approve"})


class PoliciesInForce:
    """Answers as a `PolicyEngine` does. All who decide share one, so that a swap is seen by all at once.

    Policies that cannot be read refuse everything, but what it takes to replace them.
    """

    def __init__(
        self,
        base: str = "",
        *,
        environment: str = "",
        clock: Clock = utc_now,
        on_answer: Callable[[Question, Decision], None] = lambda _question, _decision: None,
        unrecorded: Callable[[], str] = str,
    ) -> None:
        """Begin with the built-in policies and `base` in Cedar, at generation 0; `on_answer` is told of each answer,
        and everything is refused while `unrecorded` says why no record can be kept.
        """
        self._on_answer = on_answer
        self._unrecorded = unrecorded
        self._base = base
        self._environment = environment
        self._clock = clock
        self._built_in = self.engine_with("")
        # Read at once and replaced at once: a question is answered by one generation.
        self._now: tuple[int, PolicyEngine | None] = (0, self._built_in)

    @property
    def generation(self) -> int:
        """Which policies are in force."""
        return self._now[0]

    @property
    def base(self) -> str:
        """What stands beside the built-in policies whatever an organisation adds."""
        return self._base

    @property
    def readable(self) -> bool:
        """Whether the policies could be read."""
        return self._now[1] is not None

    @property
    def actions(self) -> frozenset[str]:
        """Every action that there is."""
        return self._built_in.actions

    def engine_with(self, more: str) -> PolicyEngine:
        """Return an engine with these policies beside the base; raise `ValueError` when they cannot be read."""
        return PolicyEngine.built_in(self._base + more, environment=self._environment, clock=self._clock)

    def install(self, generation: int, more: str) -> str:
        """Put policies into force, whole and at once; return what is wrong when they cannot be read."""
        try:
            self._now = (generation, self.engine_with(more))
        except ValueError as fault:
            self._now = (generation, None)
            return str(fault)
        return ""

    def actions_on(self, entity_type: str) -> frozenset[str]:
        """Return the actions that people can take on entities of a type, by the schema."""
        return self._built_in.actions_on(entity_type)

    def decide(
        self, identity: Identity, action: str, resource: Resource, context: Mapping[str, ContextValue] | None = None
    ) -> Decision:
        """Answer whether `identity` may do `action` to `resource` now."""
        return self.answer(self.question(identity, action, resource, context))

    def question(
        self, identity: Identity, action: str, resource: Resource, context: Mapping[str, ContextValue] | None = None
    ) -> Question:
        """Return the question whether `identity` may do `action` to `resource` now."""
        return Question(identity, action, resource, self._clock(), self._environment, context or {})

    def answer(self, question: Question) -> Decision:
        """Answer a question."""
        decision = self._answer(question)
        self._on_answer(question, decision)
        return decision

    def _answer(self, question: Question) -> Decision:
        if why := self._unrecorded():
            return Decision(
                False, f"what is done cannot be put on record, so everything is refused: {why}", (UNRECORDED,)
            )
        generation, engine = self._now
        if engine is None and question.action in _REPAIRS:
            engine = self._built_in
        if engine is not None:
            return engine.answer(question)
        words = f"the organisation's policies (generation {generation}) cannot be read here, so everything is refused"
        return Decision(False, words, (UNREADABLE,))
