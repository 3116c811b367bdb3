"""How a plane is asked: with a pass of whoever asks, so that it decides once more, and an error that it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, ForbiddenError, UnavailableError
from bailiwick.core.ids import new_id
from bailiwick.core.messages import AnyAnswer, AskOrder, LogAnswer, LogWanted, RefusedAnswer, RowsAnswer, RowsWanted
from bailiwick.core.modes import PLANE_OF_MODE, PREVIEW
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.principals import Identity
from bailiwick.core.statements import SigningKey

_LIFETIME = timedelta(minutes=1)
# What a plane looks for in texts takes it a while to compile, once.
_SECONDS = 30.0


@dataclass(frozen=True)
class PlaneAsking:
    """Asks planes. `ask` sends a question and waits for the answer so many seconds; `pass_key` signs passes."""

    ask: Callable[[AskOrder, float], AnyAnswer]
    pass_key: SigningKey
    clock: Clock

    def log(self, identity: Identity, wanted: LogWanted) -> LogAnswer:
        """Return lines of an app's log; raise an error as the plane says it."""
        answer = self._answer(identity, PLANE_OF_MODE[wanted.mode], wanted, _SECONDS + wanted.wait_seconds)
        if not isinstance(answer, LogAnswer):
            raise UnavailableError("the plane answered something else than lines")
        return answer

    def rows(self, identity: Identity, wanted: RowsWanted) -> RowsAnswer:
        """Return rows as an app's preview sees them; raise an error as the plane says it."""
        answer = self._answer(identity, PLANE_OF_MODE[PREVIEW], wanted, _SECONDS)
        if not isinstance(answer, RowsAnswer):
            raise UnavailableError("the plane answered something else than rows")
        return answer

    def _answer(self, identity: Identity, plane: str, wanted: LogWanted | RowsWanted, seconds: float) -> AnyAnswer:
        now = self.clock()
        sign_in = (identity.behalf or identity).sign_in
        when = now - timedelta(seconds=sign_in.age_seconds) if sign_in is not None else None
        second_factor = sign_in is not None and sign_in.second_factor
        content = Pass(identity, wanted.app, wanted.kind, "", now + _LIFETIME, when, second_factor)
        token = issue_pass(content, self.pass_key)
        order = AskOrder(id=new_id("ask"), plane=plane, token=token, address=identity.address, wanted=wanted)
        answer = self.ask(order, seconds)
        if isinstance(answer, RefusedAnswer):
            raise _fault(answer)
        return answer


def _fault(answer: RefusedAnswer) -> BailiwickError:
    """Return the error that a plane answered with."""
    if answer.code == ForbiddenError.code and answer.deciders:
        return ForbiddenError(answer.words, deciders=answer.deciders, hint=answer.hint)
    fault = BailiwickError(answer.words, hint=answer.hint, deciders=answer.deciders)
    # Whoever asks is signed in: what the plane does not take of the pass is not theirs to mend.
    fault.code, fault.status = answer.code, answer.status if answer.status != 401 else 503  # noqa: PLR2004 - RFC 9110
    return fault
