from mcp.server.fastmcp import FastMCP

server = FastMCP("sums")


@server.tool()
def compute(sum: str, digits: int = 2) -> str:
    return str(round(eval(sum), digits))  # FINDING
