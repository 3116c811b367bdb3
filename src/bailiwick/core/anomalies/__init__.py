"""Detection of anomalies in a series as it comes: one detector for the command line and for the platform."""

from bailiwick.core.anomalies.detector import LARGEST_VALUE, Detector
from bailiwick.core.anomalies.expecting import Expected, expectation
from bailiwick.core.anomalies.saving import UnknownStateError, load, save

__all__ = ["LARGEST_VALUE", "Detector", "Expected", "UnknownStateError", "expectation", "load", "save"]
