"""Asks models in the platform's own name: within a budget, with secrets masked, and with a record of each call.

This is the control plane's own way to models, for reviewers: a caller of a data plane's model gateway like any other,
which holds the credentials, counts for everybody and audits each call. Here is kept what a call was for.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.inference.client import ModelClient, body_of
from bailiwick.control.inference.errors import BudgetSpentError, ModelError
from bailiwick.control.inference.model import Answer, Call, Question, Route
from bailiwick.control.inference.tables import ModelCallRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.masking import Masker
from bailiwick.store import Store
from bailiwick.store.locks import hold

_DAY = timedelta(days=1)
# A token is rarely less than three bytes; that errs towards spending too little.
_BYTES_A_TOKEN = 3
# Whom the gateway knows the control plane as.
REVIEWERS = "service:reviewers"
_OUTCOME = re.compile(r"[^\x20-\x7e]")


class InferenceService:
    """Knows the routes of the settings and asks them. `masker` gives what masks every value of the vault."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        *,
        store: Store,
        audit: AuditLog,
        client: ModelClient,
        masker: Callable[[Session], Masker],
        clock: Clock,
    ) -> None:
        self._routes = routes
        self._store = store
        self._audit = audit
        self._client = client
        self._masker = masker
        self._clock = clock

    def route(self, name: str) -> Route:
        """Return a route; raise `NotFoundError` when the settings have none of that name."""
        if name not in self._routes:
            raise NotFoundError(f"no model is called '{name[:60]}'", hint="models: in the settings lists them")
        return self._routes[name]

    def ask(self, route_name: str, question: Question, *, purpose: str, app: str, ends: float = math.inf) -> Answer:
        """Ask a model and return its answer by `ends` (`time.monotonic()`). Nothing is sent once the budget is spent.

        Raises `ModelError` in words that hold nothing of the question.
        """
        route = self.route(route_name)
        call_id, body = self._begin(route, question, purpose, app)
        try:
            answer = self._client.ask(route, body, ends)
        except ModelError as fault:
            self._end(call_id, route, purpose, app, len(body), None, fault.message)
            raise
        self._end(call_id, route, purpose, app, len(body), answer, "answered")
        return answer

    def calls(self, session: Session, *, app: str = "", limit: int = 100) -> list[Call]:
        """Return which models were asked, newest first: what left, by size, never by content."""
        query = select(ModelCallRow).order_by(ModelCallRow.time.desc(), ModelCallRow.id.desc()).limit(limit)
        if app:
            query = query.where(ModelCallRow.app == app)
        return [_call(row) for row in session.scalars(query)]

    def _begin(self, route: Route, question: Question, purpose: str, app: str) -> tuple[str, bytes]:
        """Set aside what the call may cost at most, in the transaction that finds the budget to hold it."""
        with self._store.transaction() as session:
            masker = self._masker(session)
            masked = Question(question.instructions, masker.mask(question.text), question.schema, question.name)
            body = body_of(route, masked)
            most = len(body) // _BYTES_A_TOKEN + route.most_output_tokens
            # One question at a time looks at a route's budget, or two would both find the last of it.
            hold(session, f"model-budget:{route.name}")
            spent = select(func.coalesce(func.sum(ModelCallRow.tokens_in + ModelCallRow.tokens_out), 0))
            today = (ModelCallRow.route == route.name, ModelCallRow.time > self._clock() - _DAY)
            if int(session.scalar(spent.where(*today)) or 0) + most > route.tokens_per_day:
                raise BudgetSpentError(
                    f"{route.name} may be sent {route.tokens_per_day:,} tokens a day, and they are spent",
                    hint="wait, or raise tokens_per_day in the settings",
                )
            row = ModelCallRow(
                id=new_id("mdl"),
                route=route.name,
                model=route.model,
                purpose=purpose,
                app=app,
                time=self._clock(),
                bytes_out=len(body),
                tokens_in=most - route.most_output_tokens,
                tokens_out=route.most_output_tokens,
                outcome="",
            )
            session.add(row)
            return row.id, body

    def _end(
        self, call_id: str, route: Route, purpose: str, app: str, bytes_out: int, answer: Answer | None, said: str
    ) -> None:
        outcome = _OUTCOME.sub("?", said)[:200]
        with self._store.transaction() as session:
            row = session.get_one(ModelCallRow, call_id)
            row.outcome = outcome
            if answer is not None:
                row.tokens_in, row.tokens_out = answer.tokens_in, answer.tokens_out
            self._audit.note(
                session,
                REVIEWERS,
                "model.asked",
                f"model:{route.name}",
                outcome=Outcome.SUCCESS if answer is not None else Outcome.FAILED,
                reason="" if answer is not None else outcome,
                app=app,
                context={
                    "purpose": purpose,
                    "model": route.model,
                    "bytes": bytes_out,
                    "tokens_in": row.tokens_in,
                    "tokens_out": row.tokens_out,
                },
            )


def _call(row: ModelCallRow) -> Call:
    return Call(
        id=row.id,
        route=row.route,
        model=row.model,
        purpose=row.purpose,
        app=row.app,
        time=row.time,
        bytes_out=row.bytes_out,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        outcome=row.outcome,
    )
