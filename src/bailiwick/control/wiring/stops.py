"""The kill switch, with what there is to stop and who is behind each app."""

from collections.abc import Callable, Collection, Mapping

from sqlalchemy.orm import Session

from bailiwick.control.observe import ObserveService
from bailiwick.control.source import last_pushers
from bailiwick.control.stops import StopRegister, StopService, Trials
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.estate import Estate
from bailiwick.core.stops import StopKind


def build_stops(base: Base, estate: Estate) -> tuple[StopService, Trials]:
    """Put together what stops things and brings them back, and what tries by itself whether they are well."""
    trials = Trials(
        store=base.store,
        audit=base.audit,
        answered=ObserveService(base.clock).answered_since,
        clock=base.clock,
        notify=base.relay.notify,
    )

    def makers(session: Session) -> Mapping[str, frozenset[str]]:
        pushed = last_pushers(session)
        return {
            app.path: frozenset({app.owner, pushed.get(app.path, app.owner)})
            for app in estate.catalog.every_app(session)
        }

    def known(session: Session, kind: StopKind) -> Collection[str]:
        found: Mapping[StopKind, Callable[[], Collection[str]]] = {
            StopKind.FOLDER: lambda: {folder.path for folder in estate.catalog.folders(session)},
            StopKind.TENANT: lambda: {base.store.tenant},
            StopKind.BUILDER: lambda: {name for people in makers(session).values() for name in people},
            StopKind.INTEGRATION: lambda: estate.integrations.enabled(session).keys(),
            StopKind.MODEL: lambda: estate.models.names,
            StopKind.PLANE: base.settings.planes.keys,
        }
        return found[kind]()

    service = StopService(
        StopRegister(makers=makers, tenant=base.store.tenant, clock=base.clock),
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        known=known,
        trials=trials,
        clock=base.clock,
        notify=base.relay.notify,
    )
    return service, trials
