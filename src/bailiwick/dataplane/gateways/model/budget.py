"""What may be used of models in a day or a month, by whom, and how much of it is: in tokens, in calls and in money.

What a call may take at most is set aside before it is sent, so that calls side by side cannot spend the same last
tokens; what it did take is counted at its end. Counters are this plane's own, and with a shared counter those of all
planes as well: a call must fit both.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bailiwick.core.clock import Clock
from bailiwick.core.messages import BudgetUse, ModelBudget, ModelState, ModelUseReport, Period, Unit
from bailiwick.core.policy import scope_chain
from bailiwick.dataplane.gateways.model.counts import Charge, Counted, LocalCounts, with_amounts
from bailiwick.dataplane.gateways.model.model import Caller, Spent
from bailiwick.dataplane.gateways.model.shared_counts import SharedCounts
from bailiwick.dataplane.gateways.refusals import CallRefusedError

_EACH, _EVERYBODY = "each:", "organization:default"
_FORMS: Mapping[Period, str] = {"day": "%Y-%m-%d", "month": "%Y-%m"}
_NEXT: Mapping[Period, str] = {"day": "tomorrow", "month": "next month"}
_MOST_USES = 500
_UNITS: tuple[Unit, ...] = ("calls", "tokens", "money")


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one call may take at most, set aside."""

    model: ModelState
    tenant: str
    charges: tuple[Charge, ...]


class Budget:
    """Budgets at this plane. `budgets` returns those that are not of one model alone; `warn` is told, once in a period,
    of charges (and whose tenant's) whose budget is used up to where its owner wants to know, `stop` of those that it
    does not hold; `shared` is made of a
    tenant's name.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        budgets: Callable[[], Sequence[ModelBudget]] = lambda: (),
        warn: Callable[[Charge, str], None] = lambda _charge, _tenant: None,
        stop: Callable[[Charge, str], None] = lambda _charge, _tenant: None,
        shared: Callable[[str], SharedCounts] | None = None,
    ) -> None:
        self._clock = clock
        self._budgets = budgets
        self._warn = warn
        self._stop = stop
        self._stops: set[Counted] = set()
        self._make_shared = shared
        self._shared: SharedCounts | None = None
        self._local = LocalCounts(path)
        self._periods: dict[Period, str] = {}
        self._changed: set[Counted] = set()
        self._turn()

    async def reserve(self, model: ModelState, caller: Caller, most: Spent) -> Reservation:
        """Set aside what a call may take; raise `CallRefusedError` (429) when a budget does not hold that."""
        self._turn()
        if self._make_shared is not None and self._shared is None:
            self._shared = self._make_shared(caller.tenant)
        amounts: dict[Unit, int] = {"tokens": most.tokens, "money": _most_money(model, most), "calls": 1}
        charges = tuple(self._charges(model, caller, amounts))
        full = self._local.blocking(charges)
        if full is not None:
            self._stopped(full, self._local.used(full.counted), caller.tenant)
            raise self._refusal(full, model, self._local.taken(full.counted))
        self._local.hold(charges)
        try:
            full = await self._shared.hold(self._local.id, charges, self._taken(charges)) if self._shared else None
        except BaseException:
            self._local.release(charges)
            raise
        if full is not None:
            self._local.release(charges)
            # What was told meanwhile of other calls had this one in it.
            self._warn_of(await self._tell_all(charges) or (), caller.tenant)
            totals = self._shared.totals if self._shared is not None else {}
            self._stopped(full, totals.get(full.counted, self._local.used(full.counted)), caller.tenant)
            raise self._refusal(full, model, None)
        return Reservation(model, caller.tenant, charges)

    async def settle(self, reservation: Reservation, spent: Spent) -> int:
        """Let go what was set aside, and count what the call did take; return what it cost, in millionths."""
        model = reservation.model
        money = _money(model, spent)
        took = with_amounts(reservation.charges, {"tokens": spent.tokens, "money": money, "calls": 1})
        self._local.release(reservation.charges)
        self._turn()
        warned = self._local.use(took)
        self._changed.update(charge.counted for charge in took)
        by_all = await self._tell_all(took)
        self._warn_of(warned if by_all is None else by_all, reservation.tenant)
        return money

    def used(self, budget: str, of: str, unit: Unit = "tokens", per: Period = "day") -> int:
        """Return what was used at this plane."""
        self._turn()
        return self._local.used(Counted(budget, of, self._periods[per], unit))

    def report(self) -> list[ModelUseReport]:
        """Return what changed since the last time."""
        together = self._shared is not None and not self._shared.is_away
        changed, self._changed = self._changed, set()
        uses: dict[tuple[str, str, str], dict[Unit, int]] = {}
        for item in sorted(changed, key=lambda one: (one.budget, one.of, one.period, one.unit)):
            totals = self._shared.totals if self._shared is not None and together else {}
            found = uses.setdefault((item.budget, item.of, item.period), {})
            found[item.unit] = totals.get(item, self._local.used(item))
        told = [BudgetUse(budget=name, of=of, period=period, used=used) for (name, of, period), used in uses.items()]
        return [
            ModelUseReport(uses=tuple(told[first : first + _MOST_USES]), shared=together, time=self._clock())
            for first in range(0, len(told), _MOST_USES)
        ]

    async def close(self) -> None:
        """Close the file, and the way to the shared counter."""
        self._local.close()
        if self._shared is not None:
            await self._shared.close()

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _stopped(self, full: Charge, used: int, tenant: str) -> None:
        """Tell, once in its period, that a budget does not hold a call, whatever is set aside and let go again."""
        if used + full.amount > full.limit and full.counted not in self._stops:
            self._stops.add(full.counted)
            self._stop(full, tenant)

    def _warn_of(self, charges: Sequence[Charge], tenant: str) -> None:
        for charge in charges:
            self._warn(charge, tenant)

    async def _tell_all(self, charges: Sequence[Charge]) -> list[Charge] | None:
        """Tell the shared counter what is used and set aside here; return what is to be warned of, None without one."""
        if self._shared is None:
            return None
        return await self._shared.tell(self._local.id, charges, self._taken(charges))

    def _taken(self, charges: Sequence[Charge]) -> list[int]:
        return [self._local.taken(charge.counted) for charge in charges]

    def _charges(self, model: ModelState, caller: Caller, amounts: Mapping[Unit, int]) -> Iterator[Charge]:
        names = _names(caller)
        for budget in (*model.budgets, *self._budgets()):
            of = _of(budget, caller) if not budget.models or model.name in budget.models else ""
            if not of or (not budget.of.startswith(_EACH) and of not in names):
                continue
            for unit in _UNITS:
                if unit in budget.limits:
                    limit = budget.limits[unit]
                    counted = Counted(budget.name, of, self._periods[budget.per], unit)
                    warn_at = max(1, round(limit * budget.warn_at))
                    yield Charge(counted, amounts[unit], limit, warn_at, budget.currency)

    def _refusal(self, full: Charge, model: ModelState, taken: int | None) -> CallRefusedError:
        counted, may = full.counted, full.words_of(full.limit)
        per: Period = "day" if counted.period == self._periods["day"] else "month"
        own = counted.budget in {budget.name for budget in model.budgets}
        of, what = (counted.of, model.name) if own else (f"{counted.of} ({counted.budget})", "models")
        if counted.unit == "calls":
            words = f"{of} may call {what} {full.limit:,} times a {per}, and did"
        elif own and counted.of == _EVERYBODY:
            words = f"{model.name} may use {may} a {per}, and they are spent"
        else:
            spent = f", as {full.words_of(taken)} are spent or set aside" if taken is not None else ""
            words = f"{of} may use {may} a {per} for {what}; {full.words_of(full.amount)} more is too much{spent}"
        hint = f"wait until {_NEXT[per]} (UTC), or ask whoever runs the platform to raise it"
        return CallRefusedError(429, words, hint=hint, deciders=("model-budget",))

    def _turn(self) -> None:
        periods = {per: _named(per, self._clock()) for per in _FORMS}
        if periods != self._periods:
            self._periods = periods
            self._stops.clear()
            kept = list(periods.values())
            self._local.keep(kept)
            if self._shared is not None:
                self._shared.keep(kept)


def _named(per: Period, now: datetime) -> str:
    return now.strftime(_FORMS[per])


def _of(budget: ModelBudget, caller: Caller) -> str:
    """Return what a budget counts a call for, empty where the call is none of its."""
    match budget.of:
        case "each:app":
            return f"app:{caller.app}" if caller.app else ""
        case "each:person":
            return caller.person
        case "each:caller":
            return caller.account
        case of:
            return of


def _names(caller: Caller) -> frozenset[str]:
    """Return everything that a call is counted for: who calls, for whom, their groups, the app and what is above it."""
    identity = caller.identity
    own = frozenset({identity.principal.own, *identity.names, _EVERYBODY})
    behalf = identity.behalf.names if identity.behalf is not None else frozenset()
    scopes = frozenset(scope_chain(f"app:{caller.app}")) if caller.app else frozenset()
    return own | behalf | scopes


def _most_money(model: ModelState, most: Spent) -> int:
    return model.price.at_most(most.tokens_in, most.tokens_out) if model.price is not None else 0


def _money(model: ModelState, spent: Spent) -> int:
    if model.price is None:
        return 0
    return model.price.of(spent.tokens_in, spent.tokens_out, cached=spent.cached, written=spent.written)
