"""Rows for whoever writes an app: a few, of a preview's own grant, under the rewriting and masks of every statement.

Planes of production refuse by policy. What is shown goes through the control plane to an agent and its model, so it is
redacted besides, short, and audited before it is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, InvalidInputError, UnavailableError
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.grants import Operation, TableGrant
from bailiwick.core.messages import (
    LONGEST_SAMPLED_VALUE,
    MOST_SAMPLED_COLUMNS,
    AppState,
    DatabaseConnection,
    IntegrationState,
    RowsAnswer,
    RowsWanted,
)
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql import ask, begin_reading, quoted, rewrite, signature
from bailiwick.dataplane.grant_drafts import SignIn

_SECONDS, _STATEMENT_SECONDS, _WAIT_SECONDS = 10.0, 3.0, 6.0
_APPLICATION = "bailiwick sample"


class Sampler:
    """Reads rows for somebody. `may_query` decides as it does for calls of the app itself."""

    def __init__(
        self,
        plane: str,
        sign_in: SignIn,
        may_query: Callable[[Identity, Binding], Decision],
        redacted: Callable[[Sequence[str]], Awaitable[Sequence[str]]],
        emit: Callable[[AuditEvent], None],
        clock: Clock,
    ) -> None:
        self._plane = plane
        self._sign_in = sign_in
        self._may_query = may_query
        self._redacted = redacted
        self._emit = emit
        self._clock = clock

    async def sample(self, asker: Identity, state: AppState, wanted: RowsWanted) -> RowsAnswer:
        """Return the first rows of a table as the app's preview would get them for whoever asks."""
        integration = _integration(state, wanted.integration)
        binding = self._binding(state, integration, wanted)
        decision = self._may_query(asker, binding)
        if not decision.allowed:
            self._note(asker, binding, wanted.table, Outcome.REFUSED, decision)
        decision.require()
        table = _table(integration, wanted.table)
        try:
            found = await self._rows(asker, binding, integration, table, wanted.rows)
        except (BailiwickError, OSError, TimeoutError) as fault:
            self._note(asker, binding, wanted.table, Outcome.FAILED, decision)
            if isinstance(fault, BailiwickError):
                raise
            raise UnavailableError("the database did not answer in time", hint="try again in a moment") from None
        self._note(asker, binding, wanted.table, Outcome.SUCCESS, decision, rows=len(found.rows))
        return found

    async def _rows(
        self, asker: Identity, binding: Binding, integration: IntegrationState, table: TableGrant, most: int
    ) -> RowsAnswer:
        assert isinstance(integration.connection, DatabaseConnection)  # noqa: S101 - `_integration` sees to it
        columns = [column for column in table.columns if column.readable][:MOST_SAMPLED_COLUMNS]
        listed = ", ".join(quoted(column.name) for column in columns)
        name = f"{quoted(table.namespace)}.{quoted(table.relation)}"
        statement = f"SELECT {listed} FROM {name} LIMIT {most}"  # noqa: S608 - quoted names; it is rewritten
        attributes = (asker.behalf or asker).attributes
        sql = rewrite(statement, integration.grant, attributes).sql
        signed = signature(asker, None, binding.app, binding.release, "") + sql
        async with asyncio.timeout(_SECONDS):
            connection = await self._sign_in(integration.connection, _APPLICATION, keyed=integration.grant.is_keyed)
            try:
                await begin_reading(connection, statement_seconds=_STATEMENT_SECONDS)
                answer = await ask(connection, signed, seconds=_WAIT_SECONDS)
            finally:
                connection.close()  # with it ends the transaction
        masks = {column.name: column.mask.value for column in columns if column.mask is not None}
        return RowsAnswer(columns=answer.columns, masks=masks, rows=await self._shown(answer.rows[:most]))

    async def _shown(self, rows: Sequence[Sequence[str | None]]) -> tuple[tuple[str | None, ...], ...]:
        texts = iter(await self._redacted([value for row in rows for value in row if value is not None]))
        return tuple(
            tuple(None if value is None else next(texts)[:LONGEST_SAMPLED_VALUE] for value in row) for row in rows
        )

    def _binding(self, state: AppState, integration: IntegrationState, wanted: RowsWanted) -> Binding:
        return Binding(
            app=state.app,
            release=state.release,
            tenant=state.tenant,
            plane=self._plane,
            resource=integration.resource,
            grant=integration.grant,
            roles=integration.roles,
            data_classes=wanted.data_classes,
            name=integration.name,
        )

    def _note(
        self, asker: Identity, binding: Binding, table: str, outcome: Outcome, decision: Decision, rows: int = 0
    ) -> None:
        event = binding.event(
            self._clock(),
            asker,
            "",
            action="rows.sampled",
            outcome=outcome,
            reason=decision.reason if outcome is Outcome.REFUSED else "",
            deciders=decision.deciders,
            context={"table": table, "rows": rows},
        )
        self._emit(event)


def _integration(state: AppState, name: str) -> IntegrationState:
    found = next((item for item in state.integrations if name in {item.name, item.resource}), None)
    if found is None:
        known = ", ".join(item.name for item in state.integrations) or "none"
        raise InvalidInputError(
            f"the preview of {state.app} has no integration '{name[:63]}'; it has: {known}",
            hint="declare it in bailiwick.toml and submit the change first",
        )
    if not isinstance(found.connection, DatabaseConnection):
        raise InvalidInputError(
            f"{name} is no database of PostgreSQL's, and rows of others are not sampled",
            hint="describe_columns says what it offers",
        )
    return found


def _table(integration: IntegrationState, name: str) -> TableGrant:
    readable = [
        table
        for table in integration.grant.tables
        if Operation.SELECT in table.operations and any(column.readable for column in table.columns)
    ]
    wanted = name if "." in name else f"public.{name}"
    found = next((table for table in readable if f"{table.namespace}.{table.relation}" == wanted), None)
    if found is not None and (found.row_log is not None or found.per_day is not None):
        raise InvalidInputError(
            f"what is read of {wanted} is counted or kept, so no rows of it are sampled",
            hint="describe_columns says what it has",
        )
    if found is None:
        known = ", ".join(f"{table.namespace}.{table.relation}" for table in readable) or "none"
        raise InvalidInputError(
            f"the app may read no table '{name[:127]}'; it may read: {known}",
            hint="ask for another access in bailiwick.toml, or name one of these",
        )
    return found
