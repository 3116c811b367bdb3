"""What a verdict rests on besides the tree: rules and engines, policies, advisories, standards, each by a name."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from bailiwick.control.review.digest import rules_digest

_WORDS = {
    "rules": "the rules of the review changed",
    "policy": "other policies came into force",
    "advisories": "there is news about packages",
    "standards": "the standards of the organisation changed",
    "slower": "slower engines have yet to read it",
}


@dataclass(frozen=True, slots=True)
class Basis:
    """What a review goes by; empty texts stand for what there is none of.

    `slower` names the engines that no push waits for.
    """

    rules: str
    policy: str = ""
    advisories: str = ""
    standards: str = ""
    slower: str = ""

    def facts(self) -> dict[str, str]:
        """Return the names, as a signed verdict states them."""
        return asdict(self)

    def changed_since(self, earlier: "Basis") -> tuple[str, ...]:
        """Return in words what is not as it was."""
        now, before = self.facts(), earlier.facts()
        return tuple(words for name, words in _WORDS.items() if now[name] != before[name])


BasisNow = Callable[[Session], Basis]


def rules_only(_: Session) -> Basis:
    """Return the basis of a review that knows of nothing but its rules."""
    return Basis(rules_digest())
