"""Sandboxes: where an app runs with nothing but what it declared."""

from bailiwick.dataplane.sandbox.errors import LayerError, SandboxStartError, SandboxUnavailableError
from bailiwick.dataplane.sandbox.launch import Sandbox, launch
from bailiwick.dataplane.sandbox.layers import ensure_layer
from bailiwick.dataplane.sandbox.model import Exit, Limits, Mount, Plant, SandboxSpec, Usage
from bailiwick.dataplane.sandbox.runtime import Runtime, ensure_runtime

__all__ = [
    "Exit",
    "LayerError",
    "Limits",
    "Mount",
    "Plant",
    "Runtime",
    "Sandbox",
    "SandboxSpec",
    "SandboxStartError",
    "SandboxUnavailableError",
    "Usage",
    "ensure_layer",
    "ensure_runtime",
    "launch",
]
