"""SCIM 2.0 (RFC 7643 and 7644) under `/scim/v2`."""

from bailiwick.control.app import ControlPlane
from bailiwick.faces.lazily import Face

PREFIX = "/scim/v2"


def build_scim(control: ControlPlane) -> Face:
    """Return the face; what it is made of takes a second to load, for which only the first directory waits."""
    from bailiwick.faces.scim.app import ScimFace  # noqa: PLC0415

    return ScimFace(control)
