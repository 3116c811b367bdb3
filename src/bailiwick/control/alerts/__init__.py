"""Alerts: rules over the audit log, anomalies in it too, whom they tell, silences, and who answers."""

from bailiwick.control.alerts.keeper import AlertKeeper
from bailiwick.control.alerts.model import Alert, AlertRule, AlertState, Silence
from bailiwick.control.alerts.service import AlertService
from bailiwick.control.alerts.telling import Told

__all__ = ["Alert", "AlertKeeper", "AlertRule", "AlertService", "AlertState", "Silence", "Told"]
