"""Integrations that production's apps may use, as something that can be reviewed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.model import Evidence, Flag, Held, Kind, Outcome
from bailiwick.control.access_reviews.roles import RECENT
from bailiwick.control.access_reviews.sources import is_under
from bailiwick.control.audit import Use, used_by_apps
from bailiwick.control.catalog import CatalogService
from bailiwick.control.integrations import GrantWithdrawals, withdrawals
from bailiwick.control.release import AppGrant, granted

_QUERY = "query.executed"


class GrantSource:
    """Reviews what apps were granted. Whoever made the app or wrote its release does not decide about it."""

    kind = Kind.GRANT

    def __init__(self, catalog: CatalogService, taken: GrantWithdrawals) -> None:
        self._catalog = catalog
        self._taken = taken

    def collect(self, session: Session, scope: str, now: datetime) -> Sequence[Held]:
        """Return the grants of apps under a scope."""
        gone = {(item.app, item.integration) for item in withdrawals(session)}
        grants = [
            item
            for item in granted(session)
            if is_under(scope, f"app:{item.app}") and (item.app, item.integration) not in gone
        ]
        owners = self._catalog.owners(session, {item.app for item in grants})
        uses = {(use.who, use.where): use for use in used_by_apps(session, _QUERY, now - RECENT)}
        return [
            _held(item, owners.get(item.app, ""), uses.get((item.app, f"integration:{item.integration}")))
            for item in grants
        ]

    def remove(self, session: Session, held: Held, *, by: str, reason: str) -> tuple[Outcome, str]:
        """Take a grant back, unless the app in production asks for it no more."""
        app = held.holder.partition(":")[2]
        if held.access not in {item.integration for item in granted(session, app)}:
            return Outcome.GONE, "production's release does not use it any more"
        if not self._taken.take(session, by, app, held.access, reason):
            return Outcome.GONE, "it was taken back before the review was over"
        return Outcome.REMOVED, ""


def _held(item: AppGrant, maker: str, use: Use | None) -> Held:
    app = f"app:{item.app}"
    flags = {Flag.NEVER_USED: use is None, Flag.UNUSED_90_DAYS: use is not None and not use.recent}
    return Held(
        kind=Kind.GRANT,
        holder=app,
        access=item.integration,
        scope=app,
        privileged=False,
        own=frozenset({*item.authors, maker} - {""}),
        evidence=Evidence(
            given_by=", ".join(item.approvers) or "a rule of approval",
            given_at=item.time,
            last_used=use.last if use else None,
            uses=use.recent if use else 0,
            details=item.opened,
            flags=tuple(flag for flag, is_so in flags.items() if is_so),
        ),
    )
