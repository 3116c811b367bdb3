"""Budgets of models, and how much of them is used: what planes tell, put beside what the settings allow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.inference.tables import ModelUseRow
from bailiwick.core.amount_words import amount_words, number_words
from bailiwick.core.messages import ModelBudget, ModelState, ModelUseReport, Unit

_KEPT = timedelta(days=40)
_PERIODS = {"day": "%Y-%m-%d", "month": "%Y-%m"}
_UNITS: tuple[Unit, ...] = ("money", "tokens", "calls")


@dataclass(frozen=True, slots=True)
class Use:
    """What is used of one unit of a budget, by whom it is of, at one plane or (where `plane` is empty) at all together.

    Money is in millionths of `currency`.
    """

    of: str
    plane: str
    unit: Unit
    used: int
    limit: int
    warn_at: float
    currency: str

    @property
    def share(self) -> float:
        """Which share is used."""
        return min(1.0, self.used / self.limit) if self.limit else 1.0

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is let through."""
        return self.used >= self.limit

    @property
    def is_near(self) -> bool:
        """Whether its owner was warned."""
        return self.share >= self.warn_at

    @property
    def words(self) -> str:
        """What is used, and what is left, as people write it."""
        used, left = (number_words(self.unit, amount) for amount in (self.used, max(0, self.limit - self.used)))
        return f"{used} of {amount_words(self.unit, self.limit, self.currency)}, {left} left"


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget, and what is used of it now, the fullest first; of whom nothing is here, nothing was used."""

    budget: ModelBudget
    uses: tuple[Use, ...]

    @property
    def limits(self) -> str:
        """How much there is of it, as people write it."""
        limits, currency = self.budget.limits, self.budget.currency
        return ", ".join(amount_words(unit, limits[unit], currency) for unit in _UNITS if unit in limits)


def take_use(session: Session, plane: str, report: ModelUseReport, known: Iterable[str]) -> None:
    """Keep what a plane tells of budgets that there are."""
    names = set(known)
    for use in report.uses:
        if use.budget not in names:
            continue
        said = {"period": use.period, "used": dict(use.used), "shared": report.shared, "time": report.time}
        row = insert(ModelUseRow).values(budget=use.budget, of=use.of, plane=plane, **said)
        session.execute(row.on_conflict_do_update(index_elements=["tenant", "budget", "of", "plane"], set_=said))
    session.execute(delete(ModelUseRow).where(ModelUseRow.time < report.time - _KEPT))


def standings(session: Session, budgets: Sequence[ModelBudget], now: datetime) -> list[Standing]:
    """Return what is used of budgets in the day or month that it is now."""
    rows: dict[str, list[ModelUseRow]] = {}
    for row in session.scalars(select(ModelUseRow).order_by(ModelUseRow.time)):
        rows.setdefault(row.budget, []).append(row)
    return [Standing(budget, tuple(_uses(budget, rows.get(budget.name, ()), now))) for budget in budgets]


def budgets_of(models: Iterable[ModelState], further: Iterable[ModelBudget]) -> list[ModelBudget]:
    """Return all budgets: the models' own, and the others."""
    return [*(budget for model in models for budget in model.budgets), *further]


def _uses(budget: ModelBudget, rows: Iterable[ModelUseRow], now: datetime) -> list[Use]:
    period = now.strftime(_PERIODS[budget.per])
    # What planes count together, each of them tells: the newest of it holds.
    found: dict[tuple[str, str], Mapping[str, int]] = {
        (row.of, "" if row.shared else row.plane): row.used for row in rows if row.period == period
    }
    uses = [
        Use(of, plane, unit, int(used.get(unit, 0)), budget.limits[unit], budget.warn_at, budget.currency)
        for (of, plane), used in found.items()
        for unit in _UNITS
        if unit in budget.limits
    ]
    return sorted(uses, key=lambda use: (-use.share, use.of, use.plane, use.unit))
