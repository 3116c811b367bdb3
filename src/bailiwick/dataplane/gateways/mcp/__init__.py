"""MCP servers as apps reach them: each message is checked, tools by their very definition, and credentials added."""

from bailiwick.dataplane.gateways.mcp.exchange import MCP_PATH
from bailiwick.dataplane.gateways.mcp.server import McpListener

__all__ = ["MCP_PATH", "McpListener"]
