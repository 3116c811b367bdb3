"""Rules, approvals and how they stand to each other, as plain values."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from bailiwick.core.data_classes import sensitive_in
from bailiwick.core.events import canonical_json
from bailiwick.core.policy import ContextValue
from bailiwick.core.reach import Reach
from bailiwick.core.reach_words import Line
from bailiwick.core.statements import Envelope


class RuleKind(StrEnum):
    """Who must approve a later deploy: nobody as long as nothing is new, one person, or several of different kinds."""

    AUTOMATIC = "automatic"
    ONE = "one"
    SEVERAL = "several"


class Sensitivity(StrEnum):
    """Which apps a rule is for: all, or only those that handle sensitive data."""

    ANY = "any"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule as somebody wants it. `folder` is empty for the organisation; `seats` are only of several."""

    folder: str
    kind: RuleKind
    seats: tuple[str, ...] = ()
    sensitivity: Sensitivity = Sensitivity.ANY


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force, or that was: its version counts the changes at its place. `set_at` is None for the usual one."""

    folder: str
    sensitivity: Sensitivity
    kind: RuleKind
    seats: tuple[str, ...]
    version: int = 0
    set_by: str = ""
    set_at: datetime | None = None
    reason: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None

    @property
    def name(self) -> str:
        """Where it stands and for which apps."""
        whose = self.folder or "the organisation"
        return f"rule of {whose}" + (" for sensitive apps" if self.sensitivity is Sensitivity.SENSITIVE else "")

    @property
    def words(self) -> str:
        """What it says."""
        match self.kind:
            case RuleKind.AUTOMATIC:
                return "automatic as long as nothing is new in reach"
            case RuleKind.ONE:
                return "one approver"
            case RuleKind.SEVERAL:
                return f"{len(self.seats)} different people: {', '.join(map(seat_words, self.seats))}"

    def digest(self) -> str:
        """Return the SHA-256 of what it says and where."""
        said = [self.folder, self.sensitivity.value, self.kind.value, list(self.seats)]
        return hashlib.sha256(canonical_json({"rule": said})).hexdigest()


USUAL = Rule("", Sensitivity.ANY, RuleKind.ONE, ())


def seat_words(seat: str) -> str:
    """Return who can take a seat, in words."""
    kind, _, name = seat.partition(":")
    match kind:
        case "role":
            return f"somebody with the role {name}"
        case "group":
            return f"somebody of the group {name}"
        case "administrator":
            return "an administrator"
        case _:
            return "somebody who may approve"


@dataclass(frozen=True, slots=True)
class GateFacts:
    """All that a decision about a deploy rests on. `asked` is what policy is told, `fixes` the freeze that it mends.

    `before` and `users_before` are what production runs and who may use it; None where nothing runs, or nobody wrote it
    down. `new` is what is new against them, and `emergency` says why it cannot wait, where it is one.
    """

    deploy: str
    app: str
    tree: str
    first: bool
    fixes: str
    before: Reach | None
    after: Reach
    users_before: tuple[str, ...] | None
    users_after: tuple[str, ...]
    new: tuple[Line, ...]
    asked: Mapping[str, ContextValue]
    emergency: str = ""

    @property
    def sensitive(self) -> tuple[str, ...]:
        """The sensitive classes of data that the app handles, or its release in production does."""
        before = self.before.data_classes if self.before is not None else ()
        return tuple(dict.fromkeys(sensitive_in([*self.after.data_classes, *before])))


@dataclass(frozen=True, slots=True)
class Demand:
    """What a deploy needs: the rule, of which kind it is here, the seats that must be taken, and why."""

    rule: Rule
    kind: RuleKind
    seats: tuple[str, ...]
    why: str

    @property
    def words(self) -> str:
        """What is needed, in words."""
        if self.kind is RuleKind.AUTOMATIC:
            return "nobody must approve it"
        return " and ".join(map(seat_words, self.seats))


@dataclass(frozen=True, slots=True)
class Basis:
    """What an approval rests on, by digest. When any of it changes before the deploy is published, it is void."""

    tree: str
    reach: str
    rule: str
    policies: str
    new: str

    @property
    def policy(self) -> dict[str, str]:
        """Rule and policies, as signed statements name them."""
        return {"rule": self.rule, "policies": self.policies}

    def change_from(self, earlier: "Basis") -> str:
        """Return in words what is another than it was, or nothing."""
        words = {
            "tree": "the code changed",
            "reach": "its reach changed",
            "rule": "the rule changed",
            "policies": "the policies in force changed",
            "new": "what production runs, or who may use it, changed, so that something else is new",
        }
        was = asdict(earlier)
        return " and ".join(words[name] for name, value in asdict(self).items() if value != was[name])


class ApprovalState(StrEnum):
    """Whether an approval counts, and if not, why."""

    COUNTS = "counts"
    WITHDRAWN = "withdrawn"
    VOID = "void"
    EXPIRED = "expired"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Approval:
    """That a person approved a deploy, for `behalf` where the right was not their own; `seats` are what as."""

    id: str
    deploy: str
    approver: str
    seats: tuple[str, ...]
    reason: str
    time: datetime
    basis: Basis
    fixes: tuple[str, ...]
    statement: Envelope
    behalf: str = ""
    address: str = ""
    withdrawn_at: datetime | None = None
    void_at: datetime | None = None
    void_why: str = ""

    @property
    def people(self) -> frozenset[str]:
        """Who stands behind it: the approver, and whoever handed that right to them."""
        return frozenset({self.approver, self.behalf} - {""})

    @property
    def digest(self) -> str:
        """The SHA-256 of what was signed, by which a gate names it."""
        return hashlib.sha256(self.statement.payload_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Judged:
    """An approval, whether it counts now, why not, and the seats that it can take now."""

    approval: Approval
    state: ApprovalState
    words: str = ""
    seats: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Weighed:
    """How a deploy stands: what it needs, every approval with whether it counts, who takes which seat, what is missing.

    `taken` has a place for each seat of the demand, in its order; None where nobody took it.
    """

    demand: Demand
    basis: Basis
    judged: tuple[Judged, ...]
    taken: tuple[Approval | None, ...]

    @property
    def counted(self) -> tuple[Approval, ...]:
        """The approvals that count."""
        return tuple(item.approval for item in self.judged if item.state is ApprovalState.COUNTS)

    @property
    def missing(self) -> tuple[str, ...]:
        """The seats that nobody took yet."""
        return tuple(seat for seat, taken in zip(self.demand.seats, self.taken, strict=True) if taken is None)

    @property
    def met(self) -> bool:
        """Whether all that the rule demands is there."""
        return not self.missing
