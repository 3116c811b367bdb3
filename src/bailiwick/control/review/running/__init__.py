"""How engines run: in worker processes that hold nothing, reach nothing and end in time."""

from bailiwick.control.review.running.pool import Failure, Outcome, ReviewPool, run_here
from bailiwick.control.review.running.process import Limits
from bailiwick.control.review.running.sandbox import Isolation, isolation

__all__ = ["Failure", "Isolation", "Limits", "Outcome", "ReviewPool", "isolation", "run_here"]
