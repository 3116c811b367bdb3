"""How engines run: in worker processes that hold nothing, reach nothing and end in time."""

from bailiwick.control.review.running.jobs import Failure, Job, Outcome, Run, Say, jobs_of, run_here
from bailiwick.control.review.running.pool import ReviewPool
from bailiwick.control.review.running.process import Limits
from bailiwick.control.review.running.sandbox import Isolation, isolation

__all__ = [
    "Failure",
    "Isolation",
    "Job",
    "Limits",
    "Outcome",
    "ReviewPool",
    "Run",
    "Say",
    "isolation",
    "jobs_of",
    "run_here",
]
