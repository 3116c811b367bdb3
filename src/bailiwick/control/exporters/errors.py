"""What can go wrong between us and a receiver of audit events."""

from bailiwick.core.errors import BailiwickError


class DeliveryError(BailiwickError):
    """A receiver did not take what it was sent, or may not have. The message holds no secret and no event."""

    code = "exporter.undelivered"
    status = 503
