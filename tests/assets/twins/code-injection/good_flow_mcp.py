from mcp.server.fastmcp import FastMCP

server = FastMCP("sums")


@server.tool()
def compute(first: int, second: int) -> str:
    return str(eval(f"{first} + {second}"))
