"""What data planes pull and push."""

from bailiwick.control.planes.certificates import DoorCertificate, enrol
from bailiwick.control.planes.hub import PlaneHub
from bailiwick.control.planes.models import PlaneModels, own_pass
from bailiwick.control.planes.needs import PlaneConsents, PlaneKeys
from bailiwick.control.planes.server import PeerCertificateProtocol, build_plane_app
from bailiwick.control.planes.service import PlaneService
from bailiwick.control.planes.spread import IN_FORCE, PolicySpread

__all__ = [
    "IN_FORCE",
    "DoorCertificate",
    "PeerCertificateProtocol",
    "PlaneConsents",
    "PlaneHub",
    "PlaneKeys",
    "PlaneModels",
    "PlaneService",
    "PolicySpread",
    "build_plane_app",
    "enrol",
    "own_pass",
]
