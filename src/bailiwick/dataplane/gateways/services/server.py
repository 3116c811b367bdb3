"""The service gateway's listeners: an app's own socket for one service."""

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.calls import CallListener
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.exchange import Exchange
from bailiwick.dataplane.gateways.services.gateway import ServiceGateway
from bailiwick.dataplane.gateways.services.headers import refusal
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import RequestHead


class ServiceListener(CallListener):
    """Serves every connection to one socket, which stands for one service."""

    def __init__(self, gateway: ServiceGateway, binding: Binding) -> None:
        super().__init__()
        self._gateway = gateway
        self._binding = binding

    async def serve(self, client: Channel, watch: Watch, head: RequestHead) -> bool:
        """Serve one call; return whether another may follow on this connection."""
        return await Exchange(self._gateway, self._binding, client, watch, head).run()

    async def refuse(self, client: Channel, fault: CallRefusedError) -> None:
        """Answer what is no request at all."""
        client.write(refusal(fault, keep_alive=False))
        await client.drain()
