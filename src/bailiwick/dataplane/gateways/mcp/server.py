"""The MCP gateway's listeners: an app's own socket for one server."""

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.calls import CallListener
from bailiwick.dataplane.gateways.mcp.exchange import McpExchange
from bailiwick.dataplane.gateways.mcp.gateway import McpDoor
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services import ServiceGateway
from bailiwick.dataplane.gateways.services.headers import refusal
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import RequestHead


class McpListener(CallListener):
    """Serves every connection to one socket, which stands for one MCP server."""

    def __init__(self, gateway: ServiceGateway, binding: Binding) -> None:
        super().__init__()
        self.door = McpDoor(gateway, binding)

    async def serve(self, client: Channel, watch: Watch, head: RequestHead) -> bool:
        """Serve one call; return whether another may follow on this connection."""
        return await McpExchange(self.door, client, watch, head).run()

    async def refuse(self, client: Channel, fault: CallRefusedError) -> None:
        """Answer what is no request at all."""
        client.write(refusal(fault, keep_alive=False))
        await client.drain()
