"""The door for coding agents: the Model Context Protocol over HTTP, in front of the same services as the API."""

from bailiwick.faces.mcp.face import McpFace
from bailiwick.faces.mcp.listing import SignedListing
from bailiwick.faces.mcp.metadata import LISTING_PATH, METADATA_PATH, PATH, resource_metadata

__all__ = ["LISTING_PATH", "METADATA_PATH", "PATH", "McpFace", "SignedListing", "resource_metadata"]
