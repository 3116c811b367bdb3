"""The ready file: what scripts and tests need to know of a running demo, as docs/reference/ready-file.md lists it."""

import json
from collections.abc import Mapping
from pathlib import Path

from bailiwick.demo.layout import Layout
from bailiwick.files import write_private


def describe(
    layout: Layout,
    *,
    logins: Mapping[str, str],
    tokens: Mapping[str, str],
    scim_token: str,
    audit_public_key: str,
    pids: Mapping[str, int],
) -> dict[str, object]:
    """Return what the ready file says; it names only doors that answer."""
    return {
        "console_url": layout.console_url,
        "api_url": f"{layout.console_url}/api/v1",
        "openapi_url": f"{layout.console_url}/api/openapi.json",
        "git_url": f"{layout.console_url}/git",
        "mcp_url": f"{layout.console_url}/mcp",
        "otlp_url": f"{layout.console_url}/otlp",
        "scim_url": f"{layout.console_url}/scim/v2",
        "scim_token": scim_token,
        "idp_issuer": layout.idp_issuer,
        "ingress_url": layout.ingress_url,
        "model_url": layout.model_url,
        "logins": dict(logins),
        "tokens": dict(tokens),
        "audit_public_key": audit_public_key,
        "state_dir": str(layout.state),
        "pids": dict(pids),
    }


def write(target: Path, content: Mapping[str, object]) -> None:
    """Write the file."""
    write_private(target, json.dumps(content, indent=2))
