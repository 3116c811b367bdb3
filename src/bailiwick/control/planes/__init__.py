"""What data planes pull and push."""

from bailiwick.control.planes.hub import PlaneHub
from bailiwick.control.planes.server import PeerCertificateProtocol, build_plane_app, server_tls
from bailiwick.control.planes.service import PlaneKeys, PlaneService
from bailiwick.control.planes.spread import IN_FORCE, PolicySpread

__all__ = [
    "IN_FORCE",
    "PeerCertificateProtocol",
    "PlaneHub",
    "PlaneKeys",
    "PlaneService",
    "PolicySpread",
    "build_plane_app",
    "server_tls",
]
