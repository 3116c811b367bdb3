"""Takes rollouts further by themselves: to the next step, to promotion, or back."""

from sqlalchemy import select

from bailiwick.control.release import Freezes
from bailiwick.control.rollouts.deciding import Next, decide, why_held
from bailiwick.control.rollouts.looking import Lookout
from bailiwick.control.rollouts.model import RolloutState
from bailiwick.control.rollouts.rows import rollout_of, running
from bailiwick.control.rollouts.tables import RolloutRow
from bailiwick.control.rollouts.transitions import KEEPER, Transitions
from bailiwick.store import Store


class RolloutKeeper:
    """Safe to repeat, and to be killed anywhere: each move is one transaction that finds the rollout as it is."""

    def __init__(self, *, store: Store, lookout: Lookout, freezes: Freezes, transitions: Transitions) -> None:
        self._store = store
        self._lookout = lookout
        self._freezes = freezes
        self._transitions = transitions

    def keep(self) -> None:
        """Look at each rollout that is under way, and do what is to be done."""
        with self._store.transaction() as session:
            apps = session.scalars(select(RolloutRow.app).where(RolloutRow.state == RolloutState.RUNNING)).all()
        for app in apps:
            self._keep(app)

    def _keep(self, app: str) -> None:
        with self._store.transaction() as session:
            # In this order, as others on the way to production do: the freezes' lock, then the row's.
            self._freezes.hold_off(session)
            row = running(session, app, lock=True)
            if row is None:
                return
            around = self._lookout.look(session, row)
            outcome = decide(rollout_of(session, row), around)
            match outcome.what:
                case Next.WAIT if row.waits_for != outcome.why:
                    row.waits_for = outcome.why
                    if why_held(around):
                        self._transitions.hold(session, row, outcome.why)
                case Next.NEXT_STEP:
                    self._transitions.next_step(session, row, outcome.why)
                case Next.PROMOTE:
                    self._transitions.promote(session, row, KEEPER, outcome.why)
                case Next.ROLL_BACK:
                    self._transitions.end(session, row, RolloutState.ROLLED_BACK, KEEPER, outcome.why)
                case Next.SUPERSEDE:
                    self._transitions.end(session, row, RolloutState.SUPERSEDED, KEEPER, outcome.why)
