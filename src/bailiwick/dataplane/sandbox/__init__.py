"""Sandboxes: where an app runs with nothing but what it declared."""

from bailiwick.dataplane.sandbox.call_watch import RefusedCall
from bailiwick.dataplane.sandbox.cgroups import end_abandoned
from bailiwick.dataplane.sandbox.errors import LayerError, SandboxStartError, SandboxUnavailableError
from bailiwick.dataplane.sandbox.launch import Sandbox, launch
from bailiwick.dataplane.sandbox.layer_files import digest_of
from bailiwick.dataplane.sandbox.layers import Layer, ensure_layer, take_layer
from bailiwick.dataplane.sandbox.levels import LevelRefusedError, levels_here, require_level
from bailiwick.dataplane.sandbox.model import (
    MIB,
    Exit,
    Limits,
    Mount,
    Plant,
    Reached,
    SandboxSpec,
    Storage,
    Together,
    Usage,
)
from bailiwick.dataplane.sandbox.runtime import Runtime, ensure_runtime
from bailiwick.dataplane.sandbox.runtimes import Runtimes
from bailiwick.dataplane.sandbox.uids import uid_of

__all__ = [
    "MIB",
    "Exit",
    "Layer",
    "LayerError",
    "LevelRefusedError",
    "Limits",
    "Mount",
    "Plant",
    "Reached",
    "RefusedCall",
    "Runtime",
    "Runtimes",
    "Sandbox",
    "SandboxSpec",
    "SandboxStartError",
    "SandboxUnavailableError",
    "Storage",
    "Together",
    "Usage",
    "digest_of",
    "end_abandoned",
    "ensure_layer",
    "ensure_runtime",
    "launch",
    "levels_here",
    "require_level",
    "take_layer",
    "uid_of",
]
