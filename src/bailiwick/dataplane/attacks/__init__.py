"""The attack suite of the sandbox: ways out that are tried inside of it, and outside to see that they are ways."""

from bailiwick.dataplane.attacks.suite import Found, Outcome, attack_sandbox

__all__ = ["Found", "Outcome", "attack_sandbox"]
