"""The gateway of HTTP services: an app's calls of business systems, with a credential that the app never sees."""

from bailiwick.dataplane.gateways.services.credentials import ServiceCredentials
from bailiwick.dataplane.gateways.services.gateway import ServiceGateway
from bailiwick.dataplane.gateways.services.objects import buckets_of
from bailiwick.dataplane.gateways.services.server import ServiceListener

__all__ = ["ServiceCredentials", "ServiceGateway", "ServiceListener", "buckets_of"]
