"""The one place where the control plane is put together: settings in, object graph out."""

from bailiwick.control.wiring.control_plane import build_control

__all__ = ["build_control"]
