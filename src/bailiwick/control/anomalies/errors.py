"""What can go wrong with anomalies."""

from bailiwick.core.errors import ConflictError


class AnomalyNotOpenError(ConflictError):
    """Somebody dismissed this anomaly already."""

    code = "anomaly.not-open"
