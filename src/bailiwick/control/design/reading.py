"""A design, drawn from the manifest, from what was granted, and from what the code is seen to use."""

import re
from collections.abc import Iterator, Sequence

from bailiwick.control.design.model import Design, Part
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import Manifest
from bailiwick.core.reach import Reach
from bailiwick.core.served_words import served_words

_CODE = (".py", ".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".sh", ".html", ".sql")
_MOST_BYTES = 2**20
_MODELS = re.compile(r"\b(?:OPENAI_BASE_URL|ANTHROPIC_BASE_URL|openai|anthropic)\b")


def design_of(manifest: Manifest, reach: Reach, files: Sequence[TreeFile]) -> Design:
    """Return the design of an app with this manifest, reach and code.

    Whether a part is `seen` is a hint for whoever approves: packages of the app may use what its code is not seen to.
    """
    code = "\n".join(file.content[:_MOST_BYTES].decode(errors="replace") for file in files if file.path.endswith(_CODE))
    parts = tuple(_parts(manifest, reach, code))
    return Design(manifest.app.purpose, manifest.app.kind, tuple(sorted(manifest.app.data_classes)), parts)


def _parts(manifest: Manifest, reach: Reach, code: str) -> Iterator[Part]:
    for integration in reach.integrations:
        seen = f"{integration.name.upper().replace('-', '_')}_URL" in code
        for table in sorted(integration.grant.tables, key=lambda item: (item.namespace, item.relation)):
            verbs = tuple(sorted(operation.value for operation in table.operations))
            yield Part("data", f"{integration.resource}.{table.relation}", verbs, seen)
        for request in integration.grant.requests:
            verbs = tuple(sorted(request.methods))
            yield Part("data", f"{integration.resource}{request.path}", verbs, seen)
        for mail in integration.grant.mail:
            yield Part("data", f"{integration.resource} to {', '.join(mail.recipients)}", ("send mail",), seen)
        for served in integration.grant.served:
            yield Part("data", served_words(integration.resource, served), ("use",), seen)
    for host in reach.egress:
        yield Part("host", host, ("connect",), host.partition("/")[0].rpartition(":")[0] in code)
    asks = bool(_MODELS.search(code))
    for model in reach.models:
        yield Part("model", model, ("ask",), asks)
    if manifest.database is not None:
        yield Part("data", "a database of its own", ("select", "insert", "update", "delete"), "DATABASE_URL" in code)
    if manifest.storage is not None:
        yield Part("data", "files of its own that stay", ("read", "write"), "STORAGE_DIR" in code)
    for job in (*reach.jobs, *reach.workers):
        yield Part("job", job)
