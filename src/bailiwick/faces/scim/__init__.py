"""SCIM 2.0 (RFC 7643 and 7644) under `/scim/v2`."""

from bailiwick.faces.scim.app import PREFIX, ScimFace

__all__ = ["PREFIX", "ScimFace"]
