"""The Open Cybersecurity Schema Framework, 1.8: what every event has, around the objects of its class."""

from bailiwick.control.exporters.formats.ocsf_classes import classify
from bailiwick.control.exporters.model import Outgoing
from bailiwick.core.events import AuditEvent, Outcome, canonical_json

VERSION = "1.8.0"
_CATEGORIES = {3: "Identity & Access Management", 4: "Network Activity", 6: "Application Activity"}
# severity_id and status_id: https://schema.ocsf.io/1.8.0/classes/base_event
_SEVERITIES = {Outcome.SUCCESS: (1, "Informational"), Outcome.REFUSED: (3, "Medium"), Outcome.FAILED: (4, "High")}
_STATUSES = {Outcome.SUCCESS: (1, "Success"), Outcome.REFUSED: (2, "Failure"), Outcome.FAILED: (2, "Failure")}


def ocsf(outgoing: Outgoing) -> dict[str, object]:
    """Return an event as OCSF. `metadata.uid` tells repeats; what OCSF has no place for is `unmapped`."""
    event = outgoing.event
    found, activity = classify(event.action)
    activity_name = found.activities.get(activity, event.action)
    category = found.uid // 1000
    severity_id, severity = _SEVERITIES[event.outcome]
    status_id, status = _STATUSES[event.outcome]
    document: dict[str, object] = {
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": category,
        "category_name": _CATEGORIES[category],
        "class_uid": found.uid,
        "class_name": found.name,
        "type_uid": found.uid * 100 + activity,
        "type_name": f"{found.name}: {activity_name}",
        "time": int(event.time.timestamp() * 1000),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": f"{event.actor} {event.action} {event.resource}: {event.outcome.value}",
        "metadata": _metadata(outgoing, found.profiles),
        "unmapped": _unmapped(event),
        **found.objects(event),
    }
    if event.reason:
        document["status_detail"] = event.reason
    return outgoing.gate.document("ocsf", document)


def _metadata(outgoing: Outgoing, profiles: tuple[str, ...]) -> dict[str, object]:
    event = outgoing.event
    metadata: dict[str, object] = {
        "version": VERSION,
        "product": {"name": "Bailiwick", "vendor_name": "Bailiwick"},
        "uid": outgoing.uid,
        "event_code": event.action,
        "log_name": "audit",
        "sequence": outgoing.sequence,
        "tenant_uid": event.tenant,
    }
    if profiles:
        metadata["profiles"] = list(profiles)
    if event.trace:
        metadata["correlation_uid"] = event.trace
    return metadata


def _unmapped(event: AuditEvent) -> dict[str, object]:
    facts: dict[str, object] = {
        "id": event.id,
        "resource": event.resource,
        "outcome": event.outcome.value,
        "app": event.app,
        "release": event.release,
        "plane": event.plane,
        "deciders": list(event.deciders),
        # As text: what stands in it differs by action, and a SIEM wants one type for a field.
        "context": canonical_json(dict(event.context)).decode() if event.context else "",
    }
    return {name: value for name, value in facts.items() if value}
