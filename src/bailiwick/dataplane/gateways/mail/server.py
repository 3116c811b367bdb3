"""The mail gateway's listeners: an app's own socket for one mail server."""

import asyncio

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.mail.gateway import MailGateway
from bailiwick.dataplane.gateways.mail.session import MailSession
from bailiwick.dataplane.listening import Listener

# Messages are held whole until they are sent: an app has so many under way, others wait.
_MESSAGES_AT_ONCE = 4


class MailListener(Listener):
    """Serves every connection to one socket as a session of SMTP."""

    def __init__(self, gateway: MailGateway, binding: Binding) -> None:
        super().__init__(self._session)
        self._gateway = gateway
        self._binding = binding
        self._places = asyncio.Semaphore(_MESSAGES_AT_ONCE)

    async def _session(self, channel: Channel) -> None:
        session = MailSession(self._gateway, self._binding, channel, self._places)
        self._gateway.under_way.add(session)
        try:
            await session.run()
        finally:
            self._gateway.under_way.discard(session)
