"""The door for coding agents: the Model Context Protocol over HTTP, in front of the same services as the API."""

from bailiwick.faces.mcp.face import McpFace
from bailiwick.faces.mcp.metadata import METADATA_PATH, PATH, resource_metadata

__all__ = ["METADATA_PATH", "PATH", "McpFace", "resource_metadata"]
