"""Which integrations production's apps were granted, with who approved it: for whoever reviews access."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.release.tables import CurrentRow, ReleaseRow
from bailiwick.core.messages import IntegrationState
from bailiwick.core.modes import PREVIEW, PRODUCTION
from bailiwick.core.reach_words import mail_words, mcp_words


@dataclass(frozen=True, slots=True)
class AppGrant:
    """That an app in production may use an integration: what of it, by which release, approved by whom and when."""

    app: str
    integration: str
    opened: tuple[str, ...]
    release: str
    approvers: tuple[str, ...]
    authors: tuple[str, ...]
    time: datetime


def granted(session: Session, app: str = "") -> list[AppGrant]:
    """Return every grant of what production serves (of one app, where it is named), by app and integration."""
    query = (
        select(ReleaseRow)
        .join(CurrentRow, CurrentRow.release == ReleaseRow.id)
        .where(CurrentRow.mode == PRODUCTION)
        .order_by(ReleaseRow.app)
    )
    if app:
        query = query.where(ReleaseRow.app == app)
    found = []
    for row in session.scalars(query):
        states = [IntegrationState.model_validate(item) for item in row.integrations["states"]]
        for name in sorted({state.resource for state in states}):
            tables = {
                table.relation: sorted(table.operations)
                for s in states
                if s.resource == name
                for table in s.grant.tables
            }
            calls = {
                f"{', '.join(sorted(request.methods))} {request.path}"
                for s in states
                if s.resource == name
                for request in s.grant.requests
            }
            mail = {
                mail_words(name, mail).removeprefix(f"{name}: ")
                for s in states
                if s.resource == name
                for mail in s.grant.mail
            }
            served = {
                mcp_words(name, item).removeprefix(f"{name}: ")
                for s in states
                if s.resource == name
                for item in s.grant.served
            }
            words = [f"{relation}: {', '.join(operations)}" for relation, operations in sorted(tables.items())]
            found.append(
                AppGrant(
                    row.app, name, (*words, *sorted(calls | mail | served)), row.id, tuple(row.approvers),
                    tuple(row.authors), row.created_at,
                )
            )  # fmt: skip
    return found


def preview_integrations(session: Session, app: str) -> tuple[IntegrationState, ...]:
    """Return what the preview of an app's main was granted of integrations; nothing while it has none."""
    query = (
        select(ReleaseRow)
        .join(CurrentRow, CurrentRow.release == ReleaseRow.id)
        .where(CurrentRow.mode == PREVIEW, ReleaseRow.app == app, ReleaseRow.branch == "")
    )
    row = session.scalars(query).one_or_none()
    return () if row is None else tuple(IntegrationState.model_validate(item) for item in row.integrations["states"])
