"""Our own form: the event as the log holds it, with its place, so that a copy can be checked against the log."""

from bailiwick.control.exporters.model import Outgoing


def native(outgoing: Outgoing) -> dict[str, object]:
    """Return `uid`, `sequence` and `event`; the leaf of the log's tree is the hash of the event's canonical form."""
    document = {"uid": outgoing.uid, "sequence": outgoing.sequence, "event": outgoing.event.model_dump(mode="json")}
    return outgoing.gate.document("json", document)
