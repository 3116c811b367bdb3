"""The HTTP API, and policy's answers for other systems."""

from bailiwick.faces.api.app import bearer, build_api
from bailiwick.faces.api.authzen import PATH as AUTHZEN_PATH
from bailiwick.faces.api.authzen import build_authzen
from bailiwick.faces.api.authzen import metadata as authzen_metadata
from bailiwick.faces.api.oauth import METADATA_PATH as OAUTH_METADATA_PATH
from bailiwick.faces.api.oauth import OAUTH_PATH, build_oauth, oauth_metadata

__all__ = [
    "AUTHZEN_PATH",
    "OAUTH_METADATA_PATH",
    "OAUTH_PATH",
    "authzen_metadata",
    "bearer",
    "build_api",
    "build_authzen",
    "build_oauth",
    "oauth_metadata",
]
