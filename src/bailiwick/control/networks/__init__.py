"""Networks: what each plane must not reach, what came of trying, and the control plane's own attempts."""

from bailiwick.control.networks.model import CONTROL_PLANE, PlaneNetworks
from bailiwick.control.networks.service import NetworkService, split_address

__all__ = ["CONTROL_PLANE", "NetworkService", "PlaneNetworks", "split_address"]
