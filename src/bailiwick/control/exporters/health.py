"""An exporter's health in one sentence."""

from datetime import datetime

from bailiwick.control.exporters.model import ExporterStatus


def in_words(status: ExporterStatus, now: datetime) -> str:
    """Return how an exporter fares: how far behind, since when and why it fails, and when it tries again."""
    lag = "has everything" if status.behind == 0 else f"behind by {status.behind:,} event{'s' * (status.behind != 1)}"
    if status.paused:
        return f"paused; {lag}"
    if status.failing_since is None:
        return lag
    wait = max(0, round((status.next_attempt - now).total_seconds())) if status.next_attempt is not None else 0
    again = f"next try in {wait} s" if wait else "trying again now"
    return f"{lag}, fails since {status.failing_since:%Y-%m-%d %H:%M} UTC: {status.last_error}; {again}"
