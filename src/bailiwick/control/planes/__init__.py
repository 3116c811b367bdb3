"""What data planes pull and push."""

from bailiwick.control.planes.hub import PlaneHub
from bailiwick.control.planes.server import PeerCertificateProtocol, build_plane_app, server_tls
from bailiwick.control.planes.service import PlaneKeys, PlaneService

__all__ = ["PeerCertificateProtocol", "PlaneHub", "PlaneKeys", "PlaneService", "build_plane_app", "server_tls"]
