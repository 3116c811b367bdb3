"""What the database knows of the controls, asked at once and asked anew for each report."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_SINCE = "now() - interval '30 days'"
_RUNNING = "current_releases c JOIN releases r ON r.id = c.release"
_FACTS = f"""SELECT
    (SELECT count(*) FROM {_RUNNING}) AS releases,
    (SELECT count(*) FROM {_RUNNING} WHERE EXISTS (
        SELECT FROM reviews v WHERE v.app = r.app AND v.tree = r.tree AND v.passed)) AS reviewed,
    (SELECT max(v.time) FROM {_RUNNING} JOIN reviews v ON v.app = r.app AND v.tree = r.tree) AS reviewed_at,
    (SELECT count(*) FROM unsafe_releases) AS unsafe,
    (SELECT max(time) FROM reviews WHERE cause <> 'push') AS rereviewed_at,
    (SELECT count(*) FROM {_RUNNING} WHERE r.contents = 'read') AS with_bill,
    (SELECT count(*) FROM {_RUNNING} WHERE c.mode = 'production') AS deployed,
    (SELECT count(*) FROM {_RUNNING} WHERE c.mode = 'production' AND jsonb_array_length(r.approvers) > 0
        AND NOT r.approvers <@ r.authors) AS approved,
    (SELECT max(decided_at) FROM deploys WHERE state = 'released') AS approved_at,
    (SELECT count(*) FROM {_RUNNING} JOIN app_statuses s ON s.app = c.app AND s.mode = c.mode
        WHERE c.branch = '' AND s.status = 'running') AS up,
    (SELECT count(*) FROM {_RUNNING} JOIN app_statuses s ON s.app = c.app AND s.mode = c.mode
        JOIN attestations t ON t.app = c.app AND t.mode = c.mode AND t.release = c.release
        WHERE c.branch = '' AND s.status = 'running' AND t.differs = '[]') AS attested,
    (SELECT min(time) FROM attestations) AS attested_at,
    (SELECT count(*) FROM attestations WHERE differs <> '[]') AS drifted,
    (SELECT count(*) FROM audit_events WHERE action IN ('query.executed', 'service.called', 'model.called')
        AND time > {_SINCE}) AS calls,
    (SELECT count(*) FROM audit_events WHERE action IN ('query.executed', 'service.called', 'model.called')
        AND time > {_SINCE} AND split_part(actor, ':', 1) IN ('user', 'service', 'agent')) AS traced,
    (SELECT max(time) FROM audit_events WHERE action IN ('query.executed', 'service.called')) AS called_at,
    (SELECT max(time) FROM audit_events WHERE action = 'egress.refused') AS egress_at,
    (SELECT max(time) FROM kills) AS stopped_at,
    (SELECT coalesce(sum(found), 0) FROM model_outflows WHERE day > current_date - 30) AS values_found,
    (SELECT coalesce(sum(redacted), 0) FROM model_outflows WHERE day > current_date - 30) AS values_redacted,
    (SELECT max(last) FROM model_outflows) AS outflow_at,
    (SELECT max(time) FROM audit_events WHERE action = 'settings.recorded') AS settings_at,
    (SELECT count(*) FROM settings_drifts WHERE ended IS NULL) AS drifts,
    (SELECT count(*) FROM audit_exporters) AS exporters,
    (SELECT count(*) FROM audit_exporters WHERE failing_since IS NOT NULL OR paused) AS exporters_behind,
    (SELECT max(last_success) FROM audit_exporters) AS exported_at,
    (SELECT max(time) FROM audit_checkpoints) AS signed_at"""  # noqa: S608 - of constants only


def facts(session: Session) -> Mapping[str, Any]:
    """Return every fact by its name."""
    return dict(session.execute(text(_FACTS)).mappings().one())
