"""What data planes pull and push."""

from bailiwick.control.planes.certificates import DoorCertificate, enrol
from bailiwick.control.planes.hub import PlaneHub
from bailiwick.control.planes.server import PeerCertificateProtocol, build_plane_app
from bailiwick.control.planes.service import PlaneKeys, PlaneService
from bailiwick.control.planes.spread import IN_FORCE, PolicySpread

__all__ = [
    "IN_FORCE",
    "DoorCertificate",
    "PeerCertificateProtocol",
    "PlaneHub",
    "PlaneKeys",
    "PlaneService",
    "PolicySpread",
    "build_plane_app",
    "enrol",
]
