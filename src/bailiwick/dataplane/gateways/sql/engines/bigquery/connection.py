"""Queries of BigQuery: jobs that are asked about until they are done, and their rows page by page.

Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query, `getQueryResults` and `cancel`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

from bailiwick.core.grants import TableGrant
from bailiwick.core.ids import new_id
from bailiwick.dataplane.gateways.sql.engines.bigquery import values as coding
from bailiwick.dataplane.gateways.sql.engines.model import EngineFaultError, Rows, Schema, Value, named_columns
from bailiwick.dataplane.gateways.sql.engines.rest import Answer, Jobs, RestClient, batch

_PAGE_ROWS = 2000
# Short at first, so that a job can be named, and cancelled, soon after it began.
_FIRST_WAIT_MS, _WAIT_MS, _JOB_MS = 500, 10_000, 30_000
_OK, _UNAUTHORIZED, _NOT_FOUND = 200, 401, 404
# Reasons of errors (https://cloud.google.com/bigquery/docs/error-messages) by what may be told of them.
_TOLD: Mapping[str, tuple[str, str]] = {
    "stopped": ("57014", "the statement was cancelled"),
    "timeout": ("57014", "the statement took too long and was cancelled"),
    "accessDenied": ("42501", "the integration's account may not do this"),
    "notFound": ("42P01", "the database has no such table"),
    "bytesBilledLimitExceeded": ("53400", "the statement would read more than the integration lets it"),
    "quotaExceeded": ("53400", "the project has used up what it may"),
    "rateLimitExceeded": ("53300", "the database takes no more statements at once"),
    "resourcesExceeded": ("53200", "the statement needs more than the database has"),
    "responseTooLarge": ("54000", "the answer is larger than the database gives"),
    "backendError": ("58000", "the database failed"),
    "internalError": ("58000", "the database failed"),
}


@dataclass(frozen=True, slots=True)
class BigQueryTarget:
    """A dataset, and as whom we come: `token` is asked for each call, and told the one that was not taken."""

    project: str
    dataset: str
    location: str
    most_bytes_billed: int
    token: Callable[[str], Awaitable[str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BigQueryEngine:
    """Opens connections to one dataset."""

    target: BigQueryTarget
    client: RestClient

    @property
    def dialect(self) -> Literal["bigquery"]:
        """What it speaks."""
        return "bigquery"

    async def connect(self, application: str, *, writing: bool) -> "BigQueryConnection":  # noqa: ARG002 - only read
        """Return a connection; raise `UnavailableError` when there is no token for it."""
        await self.target.token("")
        return BigQueryConnection(self)


class BigQueryConnection(Jobs):
    """One statement after another; there is no session at the server."""

    def __init__(self, engine: BigQueryEngine) -> None:
        super().__init__()
        self._engine = engine
        self._job: Mapping[str, Any] = {}

    async def run(self, sql: str, values: Sequence[Value], kinds: Sequence[str], formats: Sequence[bool]) -> Rows:
        """Run a statement and yield its rows, page by page."""
        self._job, self._running, self._stopped = {}, True, False
        try:
            answer = await self._ask("POST", "/queries", self._query(sql, values))
            while not answer.document.get("jobComplete"):
                self._named(answer)
                await self._cancel_if_stopped()
                answer = await self._more(answer, "")
            self._named(answer)
            decoders = _decoders(answer, len(kinds))
            while True:
                rows = [[cell.get("v") for cell in row["f"]] for row in answer.document.get("rows", ())]
                page = answer.text("pageToken")
                self._running = bool(page)
                if rows:
                    yield batch(rows, decoders, kinds, formats)
                if not page:
                    return
                answer = await self._more(answer, page)
        except (KeyError, TypeError, AttributeError):
            raise EngineFaultError("the database answers something else than rows", "08P01") from None
        finally:
            self._give_up()

    def _query(self, sql: str, values: Sequence[Value]) -> dict[str, Any]:
        target = self._engine.target
        query: dict[str, Any] = {
            "query": sql,
            "useLegacySql": False,
            "parameterMode": "NAMED",
            "queryParameters": coding.parameters(values),
            "defaultDataset": {"projectId": target.project, "datasetId": target.dataset},
            "maxResults": _PAGE_ROWS,
            "timeoutMs": _FIRST_WAIT_MS,
            "jobTimeoutMs": str(_JOB_MS),
            "formatOptions": {"useInt64Timestamp": True},
            "requestId": new_id("query"),
        }
        if target.location:
            query["location"] = target.location
        if target.most_bytes_billed:
            query["maximumBytesBilled"] = str(target.most_bytes_billed)
        return query

    def _named(self, answer: Answer) -> None:
        found = answer.document.get("jobReference")
        self._job = found if isinstance(found, Mapping) else self._job

    async def _more(self, answer: Answer, page: str) -> Answer:
        """Return the next page of a job that is done, or what has become of it."""
        asked = {"maxResults": _PAGE_ROWS, "timeoutMs": _WAIT_MS, "formatOptions.useInt64Timestamp": "true"}
        if page:
            asked["pageToken"] = page
        more = await self._ask("GET", f"/queries/{self._name(answer)}?{urlencode(asked | self._place())}")
        if page and not more.document.get("jobComplete"):
            raise EngineFaultError("the database answers something else than rows", "08P01")
        return more

    def _name(self, answer: Answer | None = None) -> str:
        """Return the name of the job, as it stands in addresses."""
        if answer is not None:
            self._named(answer)
        name = self._job.get("jobId")
        if not isinstance(name, str) or not name:
            raise EngineFaultError("the database began something without a name", "08P01")
        return quote(name, safe="")

    def _place(self) -> dict[str, Any]:
        location = self._job.get("location") or self._engine.target.location
        return {"location": str(location)} if location else {}

    async def describe(self, tables: Sequence[TableGrant]) -> Schema:
        """Return the columns of granted tables of the dataset."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        dataset = quote(self._engine.target.dataset, safe="")
        for table in tables:
            if table.namespace != "public":
                continue
            wanted = named_columns(table)
            answer = await self._ask("GET", f"/datasets/{dataset}/tables/{table.relation}", missing=True)
            schema = answer.document.get("schema")
            fields = schema.get("fields", ()) if isinstance(schema, Mapping) else ()
            kinds = {str(item.get("name")): coding.kind_of(item) for item in fields if isinstance(item, Mapping)}
            columns = {name: kind for name, kind in kinds.items() if name in wanted and kind is not None}
            if columns:
                found["public", table.relation] = columns
        return found

    @property
    def _is_named(self) -> bool:
        return bool(self._job)

    async def _cancel(self) -> None:
        place = urlencode(self._place())
        await self._ask("POST", f"/jobs/{self._name()}/cancel?{place}")

    async def _ask(
        self, method: str, target: str, document: Mapping[str, Any] | None = None, *, missing: bool = False
    ) -> Answer:
        """Return an answer; raise `EngineFaultError` for one that says that something failed."""
        place = f"/bigquery/v2/projects/{quote(self._engine.target.project, safe='')}{target}"
        token = ""
        for _ in range(2):
            token = await self._engine.target.token(token)
            headers = {"authorization": f"Bearer {token}"}
            answer = await self._engine.client.ask(method, place, headers, document)
            if answer.status != _UNAUTHORIZED:
                break
        if answer.status == _OK:
            return answer
        if missing and answer.status == _NOT_FOUND:
            return Answer(_OK, {})
        raise _fault(answer)


def _decoders(answer: Answer, wanted: int) -> list[Callable[[Any], object]]:
    fields = answer.document["schema"]["fields"]
    if len(fields) != wanted:
        raise EngineFaultError("the database answers other columns", "08P01")
    return [coding.decoder(item) for item in fields]


def _fault(answer: Answer) -> EngineFaultError:
    """Return what may be told of an error: its words could be of hidden rows."""
    if answer.status == _UNAUTHORIZED:
        return EngineFaultError("the database does not take the platform's credential", "28000")
    error = answer.document.get("error")
    errors = error.get("errors") if isinstance(error, Mapping) else None
    reasons = [str(item.get("reason")) for item in errors or () if isinstance(item, Mapping)]
    for reason in reasons:
        if reason in _TOLD:
            state, words = _TOLD[reason]
            return EngineFaultError(words, state)
    return EngineFaultError("the database refuses the statement", "XX000")
