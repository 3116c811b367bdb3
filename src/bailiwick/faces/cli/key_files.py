"""Key pairs of services in files: the private half stays where it was made, only the public one is ever sent."""

import json
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from bailiwick.faces.cli.client import fail
from bailiwick.files import write_private

Key = ECKey | OKPKey | RSAKey
_KINDS: tuple[type[ECKey] | type[OKPKey] | type[RSAKey], ...] = (ECKey, OKPKey, RSAKey)


def new_key(target: Path) -> dict[str, Any]:
    """Make a key pair (EC P-256), write the private half into a new file of one's own, and return the public one."""
    if target.exists():
        fail({"title": f"{target} is there already", "hint": "keys are not overwritten: name a new file"})
    key = ECKey.generate_key("P-256")
    try:
        write_private(target.absolute(), key.as_pem(private=True).decode())
    except OSError as fault:
        fail({"title": f"{target} cannot be written: {fault.strerror}"})
    return dict(key.as_dict(private=False))


def public_half(file: Path) -> dict[str, Any]:
    """Return the public key in a file, PEM or JWK; a private one is refused before anything is sent."""
    key = read_key(file)
    if key.is_private:
        fail({"title": f"{file} is a private key, which is not sent", "hint": "give the public half of the pair"})
    return dict(key.as_dict(private=False))


def read_key(file: Path) -> Key:
    """Return the key in a file, or end with what is wrong."""
    try:
        content = file.read_bytes()
    except OSError as fault:
        fail({"title": f"{file} cannot be read: {fault.strerror}"})
    found = next((key for key in (_imported(kind, content) for kind in _KINDS) if key is not None), None)
    if found is None:
        fail({"title": f"{file} holds no key", "hint": "it must be an EC, Ed25519 or RSA key, as PEM or JWK"})
    return found


def read_text(file: Path) -> str:
    """Return what is in a file, without white space around it, or end with what is wrong."""
    try:
        return file.read_text().strip()
    except (OSError, ValueError):
        fail({"title": f"{file} cannot be read"})


def _imported(kind: type[ECKey] | type[OKPKey] | type[RSAKey], content: bytes) -> Key | None:
    try:
        return kind.import_key(json.loads(content) if content.lstrip().startswith(b"{") else content)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
