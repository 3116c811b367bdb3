"""Git over smart HTTP."""

from bailiwick.faces.git.http_backend import GitFace

__all__ = ["GitFace"]
