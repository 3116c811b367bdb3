"""Mail that apps send: taken over SMTP without a credential, checked, and handed to the company's mail server."""

from bailiwick.dataplane.gateways.mail.gateway import MailGateway
from bailiwick.dataplane.gateways.mail.server import MailListener

__all__ = ["MailGateway", "MailListener"]
