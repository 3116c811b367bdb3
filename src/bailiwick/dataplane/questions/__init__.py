"""What a plane answers at once to somebody who waits: what an app wrote, and rows as its preview shows them."""

from bailiwick.dataplane.questions.desk import Questions

__all__ = ["Questions"]
