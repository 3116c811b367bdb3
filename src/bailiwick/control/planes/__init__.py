"""What data planes pull and push."""

from bailiwick.control.planes.certificates import DoorCertificate, enrol
from bailiwick.control.planes.hub import PlaneHub
from bailiwick.control.planes.server import PeerCertificateProtocol, build_plane_app
from bailiwick.control.planes.service import PlaneKeys, PlaneService

__all__ = [
    "DoorCertificate",
    "PeerCertificateProtocol",
    "PlaneHub",
    "PlaneKeys",
    "PlaneService",
    "build_plane_app",
    "enrol",
]
