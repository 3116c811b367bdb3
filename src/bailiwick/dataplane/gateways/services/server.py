"""The service gateway's listeners: an app's own socket for one service, call after call."""

from bailiwick.dataplane.channel import Channel, TooLongError, linger
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.exchange import Exchange
from bailiwick.dataplane.gateways.services.gateway import ServiceGateway
from bailiwick.dataplane.gateways.services.headers import refusal
from bailiwick.dataplane.listening import Listener
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import MAX_HEAD_BYTES, BadRequestError, parse_request

_HEAD_SECONDS = 120.0


class ServiceListener(Listener):
    """Serves every connection to one socket, which stands for one service."""

    def __init__(self, gateway: ServiceGateway, binding: Binding) -> None:
        super().__init__(self._calls)
        self._gateway = gateway
        self._binding = binding

    async def _calls(self, client: Channel) -> None:
        watch = Watch()
        try:
            while await self._serve_call(client, watch):
                pass
            await linger(client)
        finally:
            watch.stop()

    async def _serve_call(self, client: Channel, watch: Watch) -> bool:
        """Serve one call; return whether another may follow on this connection."""
        watch.expect(client, _HEAD_SECONDS)
        try:
            head = parse_request(await client.until(b"\r\n\r\n", MAX_HEAD_BYTES))
        except (TooLongError, BadRequestError) as fault:
            words = str(fault) or "the head of the request is too large"
            client.write(refusal(CallRefusedError(400, words), keep_alive=False))
            await client.drain()
            return False
        finally:
            watch.rest()
        return await Exchange(self._gateway, self._binding, client, watch, head).run()
