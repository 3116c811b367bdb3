"""Who may decide about a deploy: by a right of their own, or by one that somebody handed to them.

A delegate is judged twice, and must pass both times: as the delegator, by the delegator's own names and attributes, so
that they may what the delegator may now and nothing that was handed to the delegator; and as themselves with the
delegator's names added, so that whatever is refused to either (their own work, an address, an old sign-in) is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from bailiwick.control.delegations.rows import in_force
from bailiwick.control.delegations.tables import DelegationRow
from bailiwick.control.identity import Authorizer, people_called
from bailiwick.control.release import Judgement
from bailiwick.core.clock import Clock
from bailiwick.core.policy import ContextValue, Decision, both
from bailiwick.core.principals import Identity

_ACTION = "app.approve"
_Ask = Callable[[Session, Identity, str, str, Mapping[str, ContextValue]], Decision]


class Approvers:
    """Answers who may decide about a deploy. The caller brings the transaction."""

    def __init__(self, authorizer: Authorizer, clock: Clock) -> None:
        self._authorizer = authorizer
        self._clock = clock

    def judge(self, session: Session, identity: Identity, app: str, facts: Mapping[str, ContextValue]) -> Judgement:
        """Return whether somebody may decide about a deploy of an app, and for whom when not by their own right."""
        own = self._authorizer.decide(session, identity, _ACTION, f"app:{app}", facts)
        if own.within_reach:
            return Judgement(own)
        found = [
            Judgement(self._for(session, self._authorizer.decide, identity, delegator, app, facts), _name(delegator))
            for delegator in self._delegators(session, identity, app)
        ]
        # The first that works, else one that another sign-in would make work, else the words about the first.
        best = sorted(found, key=lambda it: (not it.decision.allowed, not it.decision.within_reach))
        return best[0] if best else Judgement(own)

    def settle(self, session: Session, identity: Identity, app: str, facts: Mapping[str, ContextValue]) -> Judgement:
        """Answer as `judge` does what takes effect: it is remembered for replays."""
        ask: _Ask = self._authorizer.settle
        judged = self.judge(session, identity, app, facts)
        for delegator in people_called(session, {judged.behalf} if judged.behalf else ()):
            return replace(judged, decision=self._for(session, ask, identity, delegator, app, facts))
        return Judgement(ask(session, identity, _ACTION, f"app:{app}", facts))

    def delegates(self, session: Session, app: str) -> Sequence[str]:
        """Return the written name of each person to whom somebody handed what they may approve at an app."""
        return sorted({item.delegate for item in in_force(session, self._clock()) if item.covers(app)})

    def helps_somebody(self, session: Session, identity: Identity) -> bool:
        """Return whether anybody handed something to a person that counts now."""
        return bool(in_force(session, self._clock(), DelegationRow.delegate == _name(identity)))

    def _delegators(self, session: Session, identity: Identity, app: str) -> Sequence[Identity]:
        """Return who handed to this person what they may at an app; nobody who is switched off, and never to agents."""
        if not identity.is_person:
            return ()
        mine = in_force(session, self._clock(), DelegationRow.delegate == _name(identity))
        names = {item.delegator for item in mine if item.covers(app)}
        return people_called(session, names) if names else ()

    @staticmethod
    def _for(
        session: Session,
        ask: _Ask,
        identity: Identity,
        delegator: Identity,
        app: str,
        facts: Mapping[str, ContextValue],
    ) -> Decision:
        told = {**facts, "behalf": _name(delegator)}
        # The delegator is not here: when and from where is asked of who acts.
        as_delegator = replace(delegator, sign_in=identity.sign_in, address=identity.address)
        as_delegate = replace(identity, names=identity.names | delegator.names)
        return both({_name(one): ask(session, one, _ACTION, f"app:{app}", told) for one in (as_delegator, as_delegate)})


def _name(identity: Identity) -> str:
    return str(identity.principal)
