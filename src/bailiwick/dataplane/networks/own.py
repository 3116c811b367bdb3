"""What a plane itself has and uses, and its sandboxes must not reach but through what is planted in them."""

from urllib.parse import urlsplit

from bailiwick.core.messages import DesiredState, FileConnection, Forbidden
from bailiwick.dataplane.settings import DataPlaneSettings

_HTTPS = 443
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - how settings write it


def own_addresses(settings: DataPlaneSettings, desired: DesiredState | None) -> tuple[Forbidden, ...]:
    """Return the plane's own doors, the control plane's, and the systems that its apps are granted, each once."""
    control = urlsplit(settings.control_url)
    found = [
        Forbidden(what="the control plane", host=control.hostname or "", port=control.port or _HTTPS),
        _door("the router of its own plane", settings.ingress_host, settings.ingress_port),
    ]
    if settings.model_port is not None:
        found.append(_door("the model gateway of its own plane", settings.model_host, settings.model_port))
    for app in desired.releases if desired is not None else ():
        for item in app.integrations:
            if isinstance(item.connection, FileConnection):
                continue
            what = f"the system behind {item.resource}"
            found.append(Forbidden(what=what, host=item.connection.host, port=item.connection.port))
    return tuple({item.address: item for item in found}.values())


def _door(what: str, host: str, port: int) -> Forbidden:
    return Forbidden(what=what, host=_ANYWHERE.get(host, host), port=port)
