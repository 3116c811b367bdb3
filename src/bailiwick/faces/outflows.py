"""What is kept of calls of models, where and for how long: said alike by the API and the console."""

from dataclasses import dataclass

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import RetentionRules
from bailiwick.control.inference import KEPT_DAYS

_AT_PLANES = "the data plane that a call went through, sealed with the organisation's key"
_WITHOUT = {
    "redacted": "without secrets and personal data (logs: redacted)",
    "full": "in full, without secrets (logs: full)",
}


@dataclass(frozen=True, slots=True)
class KeptOfCalls:
    """Something that is kept of calls: what, where, and for how long."""

    what: str
    where: str
    kept: str


def kept_of_calls(control: ControlPlane) -> tuple[KeptOfCalls, ...]:
    """Return what this installation keeps of every call of a model."""
    retention = control.settings.audit_retention
    days = RetentionRules(retention.days, retention.classes).days_for("model.called")
    texts = [item for item in control.settings.inference.models if item.logs not in {"off", "metadata"}]
    return (
        KeptOfCalls("who called which model, when, sizes and kinds of what was redacted; no text", "the audit log",
                    f"{days} days"),
        KeptOfCalls("the lines of this inventory; no text", "the control plane's database", f"{KEPT_DAYS} days"),
        KeptOfCalls("who called which model, when and how much, where its settings do not say logs: off", _AT_PLANES,
                    "7 days, or as its settings say"),
        *(KeptOfCalls(f"prompts and answers of {item.name}, {_WITHOUT[item.logs]}", _AT_PLANES, f"{item.log_days} days")
          for item in texts),
        KeptOfCalls("tokens and calls of the day, for budgets; no text", "each data plane", "until midnight (UTC)"),
    )  # fmt: skip
