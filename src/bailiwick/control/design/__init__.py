"""Design: what an app is for, whom it serves, and which data flows where, as it is approved with a deploy."""

from bailiwick.control.design.model import Design, Part
from bailiwick.control.design.reading import design_of

__all__ = ["Design", "Part", "design_of"]
