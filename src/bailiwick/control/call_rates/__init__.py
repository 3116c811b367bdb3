"""How often agents may call, counted by all control planes together."""

from bailiwick.control.call_rates.service import OF_A_PERSON, OF_AN_AGENT, CallRates

__all__ = ["OF_AN_AGENT", "OF_A_PERSON", "CallRates"]
