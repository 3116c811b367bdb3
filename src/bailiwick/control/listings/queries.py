"""The queries of lists that are too long to be held: each column bears the name that the list gives it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnClause, DateTime, String, TextClause, bindparam, column, text
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

from bailiwick.control.listings.model import Column, Listing
from bailiwick.core.data_classes import sensitive_pattern
from bailiwick.core.modes import PLANE_OF_MODE

STATES = ("running", "asleep", "stopped", "killed", "failed", "never")
RISKS = ("high", "medium", "low", "none")
CALLS = ("query", "service", "model", "mail", "egress", "request")
MOST_CALLS = 20_000

APPS = Listing(
    "apps",
    "Apps",
    (
        Column("app", "App"),
        Column("risk", "Risk", "state", RISKS),
        Column("production", "Production", "state", STATES),
        Column("preview", "Preview", "state", STATES),
        Column("waiting", "Waits", "number"),
        Column("unsafe", "Unsafe", "number"),
        Column("data", "Data classes"),
        Column("integrations", "Integrations"),
        Column("models", "Models", usual=False),
        Column("egress", "Egress", usual=False),
        Column("owner", "Owner", "code"),
        Column("made_by", "Made by", "code", usual=False),
        Column("made", "Made", "time"),
        Column("told", "Last told", "time", usual=False),
    ),
    "app",
    "app",
)
BUILDERS = Listing(
    "builders",
    "Builders",
    (
        Column("builder", "Builder", "code"),
        Column("apps", "Apps", "number"),
        Column("pushes", "Pushes", "number"),
        Column("refused", "Refused", "number"),
        Column("agents", "Agents"),
        Column("models", "Models"),
        Column("first", "First push", "time", usual=False),
        Column("last", "Last push", "time"),
    ),
    "builder",
    "-last",
)
PROMPTS = Listing(
    "prompts",
    "Prompts",
    (
        Column("time", "Pushed", "time"),
        Column("app", "App"),
        Column("prompt", "Prompt"),
        Column("agent", "Agent"),
        Column("model", "Model"),
        Column("builder", "Builder", "code"),
        Column("commit", "Commit", "code"),
        Column("subject", "Message", usual=False),
        Column("taken", "Review", "state", ("passed", "refused")),
        Column("push", "Push", "code", usual=False),
        Column("key", "Key", "code", usual=False),
    ),
    "key",
    "-time",
)
CALLS_MADE = Listing(
    "calls",
    "API calls",
    (
        Column("time", "Time", "time"),
        Column("kind", "Kind", "state", CALLS),
        Column("app", "App"),
        Column("actor", "For whom", "code"),
        Column("resource", "What", "code"),
        Column("outcome", "Outcome", "state", ("success", "refused", "failed")),
        Column("action", "Action", "code", usual=False),
        Column("trace", "Trace", "code", usual=False),
        Column("event", "Event", "code", usual=False),
    ),
    "event",
    "-time",
)
PACKAGES = Listing(
    "packages",
    "Packages in running apps",
    (
        Column("package", "Package", "code"),
        Column("version", "Version", "code"),
        Column("ecosystem", "Ecosystem", "state", ("PyPI", "npm")),
        Column("app", "App"),
        Column("mode", "In", "state", tuple(PLANE_OF_MODE)),
        Column("release", "Release", "code", usual=False),
        Column("lock_file", "Lock file", "code", usual=False),
        Column("key", "Key", "code", usual=False),
    ),
    "key",
    "package",
)
_TYPES: Mapping[str, TypeEngine[Any]] = {"number": BigInteger(), "time": DateTime(timezone=True)}

# What of an app is stopped by a person or by itself, by the stop's kind.
_STOPPED = """EXISTS (SELECT FROM kills k WHERE k.revived_at IS NULL AND k.trial_since IS NULL
    AND (k.mode = '' OR k.mode = '{mode}')
    AND (k.kind = 'everything' OR (k.kind = 'app' AND k.subject = a.path)
         OR (k.kind IN ('folder', 'tenant') AND starts_with(a.path, k.subject || '/'))
         OR (k.kind = 'plane' AND k.subject = {mode}.plane) OR (k.kind IN ('builder', 'app') AND k.apps ? a.path)))"""
_STATE = """CASE WHEN {mode}.status IS NULL THEN 'never' WHEN {stopped} THEN 'killed'
    WHEN {mode}.status IN ('running', 'asleep', 'stopped', 'failed') THEN {mode}.status ELSE 'stopped' END"""
_REACHED = "(SELECT coalesce(string_agg(DISTINCT {what}, ', '), '') FROM jsonb_array_elements(d.reach->'{part}') AS it)"
_NAMED = "(SELECT coalesce(string_agg(it, ', '), '') FROM jsonb_array_elements_text({of}) AS it)"
_APPS = f"""SELECT a.path AS app, a.owner AS owner, a.created_by AS made_by, a.created_at AS made,
    {{production}} AS production, {{preview}} AS preview, production.time AS told,
    coalesce(w.waiting, 0) AS waiting, coalesce(u.unsafe, 0) AS unsafe,
    {_NAMED.format(of="a.data_classes")} AS data,
    {_REACHED.format(what="it->>'resource'", part="integrations")} AS integrations,
    {_NAMED.format(of="d.reach->'models'")} AS models, {_NAMED.format(of="d.reach->'egress'")} AS egress,
    CASE WHEN d.reach IS NULL THEN 'none'
         WHEN coalesce(u.unsafe, 0) > 0 THEN 'high'
         WHEN jsonb_array_length(d.reach->'egress') + jsonb_array_length(d.reach->'models') > 0
              AND EXISTS (SELECT FROM jsonb_array_elements_text(a.data_classes) AS it WHERE it ~ :sensitive) THEN 'high'
         WHEN jsonb_array_length(a.data_classes) + jsonb_array_length(d.reach->'integrations')
              + jsonb_array_length(d.reach->'egress') + jsonb_array_length(d.reach->'models') > 0 THEN 'medium'
         ELSE 'low' END AS risk
    FROM apps a
    LEFT JOIN app_statuses production ON production.app = a.path AND production.mode = 'production'
    LEFT JOIN app_statuses preview ON preview.app = a.path AND preview.mode = 'preview'
    LEFT JOIN current_releases c ON c.app = a.path AND c.mode = 'production' AND c.branch = ''
    LEFT JOIN LATERAL (SELECT reach FROM deploys WHERE release = c.release LIMIT 1) d ON true
    LEFT JOIN (SELECT app, count(*) AS waiting FROM deploys WHERE state = 'requested' GROUP BY app) w ON w.app = a.path
    LEFT JOIN (SELECT app, count(*) AS unsafe FROM unsafe_releases GROUP BY app) u ON u.app = a.path"""  # noqa: S608 - of constants only
_BUILDERS = """SELECT pusher AS builder, count(DISTINCT app) AS apps, count(*) AS pushes,
    count(*) FILTER (WHERE NOT accepted) AS refused, min(time) AS first, max(time) AS last,
    coalesce(string_agg(DISTINCT nullif(left(agent, 60), ''), ', '), '') AS agents,
    coalesce(string_agg(DISTINCT nullif(left(model, 60), ''), ', '), '') AS models
    FROM pushes GROUP BY pusher"""
_PROMPTS = """SELECT p.time AS time, p.app AS app, left(it, 400) AS prompt, c.agent AS agent, c.model AS model,
    p.pusher AS builder, left(c.commit, 12) AS commit, c.subject AS subject, 'passed' AS taken, p.id AS push,
    p.id || '/' || c.place || '/' || n AS key
    FROM pushes p JOIN commits c ON c.push = p.id
    CROSS JOIN jsonb_array_elements_text(c.prompts) WITH ORDINALITY AS said(it, n)
    UNION ALL
    SELECT p.time, p.app, left(p.prompt, 400), p.agent, p.model, p.pusher, left(p.commit, 12), p.subject, 'refused',
    p.id, p.id || '/refused' FROM pushes p WHERE NOT p.accepted AND p.prompt <> ''"""
_CALLS = f"""SELECT time, split_part(action, '.', 1) AS kind, app, actor, resource, outcome, action, trace,
    lpad(sequence::text, 20, '0') AS event FROM (
        SELECT * FROM audit_events WHERE body IS NOT NULL AND action IN (
            'query.executed', 'query.refused', 'service.called', 'service.refused', 'model.called', 'model.refused',
            'mail.sent', 'mail.refused', 'egress.connected', 'egress.refused', 'request.served', 'request.refused')
        ORDER BY sequence DESC LIMIT {MOST_CALLS}) newest"""  # noqa: S608 - of constants only
_PACKAGES = """SELECT p.name AS package, p.version AS version, p.ecosystem AS ecosystem, c.app AS app, c.mode AS mode,
    c.release AS release, p.path AS lock_file, c.app || '/' || c.mode || '/' || c.branch || '/' || p.place AS key
    FROM current_releases c JOIN release_packages p ON p.release = c.release"""


def _statement(name: str) -> TextClause:
    if name == APPS.name:
        states = {
            mode: _STATE.format(mode=mode, stopped=_STOPPED.format(mode=mode)) for mode in ("production", "preview")
        }
        return text(_APPS.format(**states)).bindparams(bindparam("sensitive", sensitive_pattern()))
    plain = {BUILDERS.name: _BUILDERS, PROMPTS.name: _PROMPTS, CALLS_MADE.name: _CALLS, PACKAGES.name: _PACKAGES}
    return text(plain[name])


def query_of(listing: Listing) -> FromClause:
    """Return what the rows of a list are chosen from."""
    typed: list[ColumnClause[Any]] = [column(item.name, _TYPES.get(item.kind, String())) for item in listing.columns]
    return _statement(listing.name).columns(*typed).subquery("listed")


_EDGES = """SELECT c.app AS app, 'integration' AS kind, it->>'resource' AS name
    FROM current_releases c JOIN deploys d ON d.release = c.release AND c.mode = 'production' AND c.branch = '',
    jsonb_array_elements(d.reach->'integrations') AS it
    UNION SELECT c.app, 'model', it FROM current_releases c
    JOIN deploys d ON d.release = c.release AND c.mode = 'production' AND c.branch = '',
    jsonb_array_elements_text(d.reach->'models') AS it"""


def edges_query() -> TextClause:
    """Return the query of which apps in production may use which integrations and models."""
    return text(_EDGES)


def classes_query() -> TextClause:
    """Return the query of the classes of data that the columns of integrations have."""
    return text(
        "SELECT name, coalesce(string_agg(DISTINCT value, ', '), '') AS classes "
        "FROM integrations LEFT JOIN jsonb_each_text(data_classes) ON true GROUP BY name"
    )


_HOURS = """SELECT hour, coalesce(sum(r.ok + r.client_errors + r.server_errors), 0), coalesce(sum(r.server_errors), 0)
    FROM generate_series(date_trunc('hour', cast(:since AS timestamptz)), cast(:now AS timestamptz), '1 hour') AS hour
    LEFT JOIN request_rollups r ON r.mode = 'production' AND r.start >= hour AND r.start < hour + interval '1 hour'
    GROUP BY hour ORDER BY hour"""


def hours_query() -> TextClause:
    """Return the query of requests in production hour by hour, and of those that failed."""
    return text(_HOURS)


def users_query() -> TextClause:
    """Return the query of who was given the use of apps, and where."""
    return text("SELECT holder, scope FROM role_assignments WHERE role = 'app-user' ORDER BY scope, holder")
