"""Controls: how each of the seven stands, by what is measured in this installation."""

from bailiwick.control.controls.model import Check, Control, Report, Standing
from bailiwick.control.controls.service import ControlService

__all__ = ["Check", "Control", "ControlService", "Report", "Standing"]
