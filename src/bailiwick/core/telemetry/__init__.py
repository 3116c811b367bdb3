"""Telemetry: the register of everything that leaves the platform, and what lets pass only what is in it and is on."""

from bailiwick.core.telemetry.gate import Gate, declared_gate
from bailiwick.core.telemetry.register import Difference, Field, Register, RegisterError, own_register, read_register
from bailiwick.core.telemetry.reports import undeclared_reports
from bailiwick.core.telemetry.withheld import MAY_BE_LEFT_OUT, why_needed, without

__all__ = [
    "MAY_BE_LEFT_OUT",
    "Difference",
    "Field",
    "Gate",
    "Register",
    "RegisterError",
    "declared_gate",
    "own_register",
    "read_register",
    "undeclared_reports",
    "why_needed",
    "without",
]
