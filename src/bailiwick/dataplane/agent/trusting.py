"""What a sandbox trusts besides public authorities: the plane's own, where it opens TLS to hosts of the app."""

from dataclasses import dataclass, field
from pathlib import Path

from bailiwick.dataplane.sandbox import Mount, Runtime

_SYSTEM_STORE = "/etc/ssl/certs/ca-certificates.crt"
_FOLDER = "/mnt"
# OpenSSL and Python, requests, curl, Node, git, and the SDK of AWS.
_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE")
_ADDED = "NODE_EXTRA_CA_CERTS"


@dataclass(frozen=True)
class Trust:
    """What is mounted and said so that an app trusts it."""

    mounts: tuple[Mount, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def trusting(runtime: Runtime, folder: Path, authority: str) -> Trust:
    """Lay what a sandbox trusts into a folder of its instance; nothing when there is no authority besides."""
    if not authority:
        return Trust()
    place = folder / "trust"
    place.mkdir(mode=0o755)
    store = runtime.root / _SYSTEM_STORE.lstrip("/")
    public = store.read_text() if store.exists() else ""
    for name, text in (("bundle.pem", f"{public}\n{authority}"), ("authority.pem", authority)):
        (place / name).write_text(text)
        (place / name).chmod(0o644)
    mounts = [Mount(place, _FOLDER)]
    if store.exists():
        mounts.append(Mount(place / "bundle.pem", _SYSTEM_STORE))
    said = dict.fromkeys(_BUNDLES, f"{_FOLDER}/bundle.pem") | {_ADDED: f"{_FOLDER}/authority.pem"}
    return Trust(tuple(mounts), said)
