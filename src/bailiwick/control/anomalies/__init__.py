"""Anomalies in what apps, people, integrations and models do: series, what stood out, and what people say of it."""

from bailiwick.control.anomalies.keeper import AnomalyKeeper
from bailiwick.control.anomalies.model import (
    MEASURES,
    Anomaly,
    AnomalyPage,
    AnomalyState,
    Kind,
    Moved,
    Point,
    number_words,
)
from bailiwick.control.anomalies.service import AnomalyService

__all__ = [
    "MEASURES",
    "Anomaly",
    "AnomalyKeeper",
    "AnomalyPage",
    "AnomalyService",
    "AnomalyState",
    "Kind",
    "Moved",
    "Point",
    "number_words",
]
