"""Keeps what came of attacking the planes' sandboxes, tells the log of it, and asks planes for it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.assurance.tables import PlaneAttackRow
from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.attack_words import attack_words
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.messages import AttackOrder, AttacksReport
from bailiwick.core.modes import PLANE_OF_MODE, Mode
from bailiwick.core.principals import Identity
from bailiwick.store import Store

_WORDS = 1000


@dataclass(frozen=True, slots=True)
class PlaneAttacked:
    """What is known of a plane's sandboxes; without a report they were not tried yet."""

    plane: str
    report: AttacksReport | None = None

    @property
    def words(self) -> str:
        """What came of it, in a sentence."""
        return attack_words(self.report)

    @property
    def broken(self) -> bool:
        """Whether something got out."""
        return self.report is not None and bool(self.report.escaped)


@dataclass(frozen=True, slots=True)
class ModeAttacked:
    """A mode of an app, and what is known of the sandboxes that it runs in there."""

    mode: Mode
    attacked: PlaneAttacked


@dataclass(frozen=True)
class AssuranceService:
    """What is known of the walls that apps run behind. `send` gives an order to every plane that listens."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    planes: Collection[str]
    send: Callable[[AttackOrder], None]

    def take(self, session: Session, plane: str, report: AttacksReport) -> None:
        """Keep a plane's newest result and tell the log of it, as failed when something got out; older ones are not
        news.
        """
        row = session.get(PlaneAttackRow, (self.store.tenant, plane), with_for_update=True)
        if row is not None and row.time >= report.time:
            return
        values = {"report": report.model_dump(mode="json"), "time": report.time}
        kept = insert(PlaneAttackRow).values(plane=plane, **values)
        session.execute(kept.on_conflict_do_update(index_elements=["tenant", "plane"], set_=values))
        self.audit.note(
            session,
            f"plane:{plane}",
            "sandbox.escaped" if report.escaped else "sandbox.attacked",
            f"plane:{plane}",
            outcome=Outcome.SUCCESS if report.held else Outcome.FAILED,
            reason="" if report.held else attack_words(report)[:_WORDS],
            plane=plane,
            context={
                "level": report.level,
                "kernel": report.kernel,
                "attempts": report.attempts,
                "held": report.proved,
                "unproved": len(report.unproved),
                "escaped": report.escaped[:50],
                "left_out": report.left_out,
            },
        )

    def of(self, session: Session, plane: str) -> PlaneAttacked:
        """Return what is known of a plane's sandboxes."""
        row = session.get(PlaneAttackRow, (self.store.tenant, plane))
        return PlaneAttacked(plane, AttacksReport.model_validate(row.report) if row is not None else None)

    def of_modes(self, session: Session, modes: Collection[str]) -> list[ModeAttacked]:
        """Return what is known of the sandboxes of each of some modes."""
        return [ModeAttacked(mode, self.of(session, plane)) for mode, plane in PLANE_OF_MODE.items() if mode in modes]

    def ask(self, identity: Identity, plane: str) -> None:
        """Have a plane attack its sandboxes now; for whoever may read settings. Raises `NotFoundError`."""
        if plane not in self.planes:
            raise NotFoundError(f"there is no data plane '{plane[:60]}'", hint=f"there are {', '.join(self.planes)}")
        with self.store.transaction() as session:
            self.authorizer.require(session, identity, "settings.read", ORGANIZATION)
            self.audit.note(session, str(identity.principal), "sandbox.attack-asked", f"plane:{plane}", plane=plane)
        self.send(AttackOrder(plane=plane))
