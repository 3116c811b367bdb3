"""How bad a finding is here: the same fault is worse in an app that holds payment data than in a page that holds none.

What an app can reach is read from its manifest, which is what it gets. Nothing that an author writes there makes a
finding pass: lowering ends at what blocks, and credentials are never lowered.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bailiwick.control.review.model import BLOCKING, Change, Finding
from bailiwick.core.data_classes import sensitive_in
from bailiwick.core.manifest import FILE_NAME, Manifest, ManifestError, parse_manifest

# Broken access control and injection (OWASP Top 10, 2025): by these, others get at what the app can reach.
_BY_OTHERS = ("A01:", "A05:")
_CREDENTIALS = frozenset({"CWE-798", "CWE-259", "CWE-321", "CWE-522"})


def weighed(findings: Iterable[Finding], change: Change) -> Iterator[Finding]:
    """Yield findings with how much worse, or less bad, what the app can reach makes them, and why in words."""
    manifest = _manifest(change)
    reasons = _reasons(manifest) if manifest is not None else ()
    harmless = manifest is not None and manifest.app.is_static
    for finding in findings:
        # What is only advice anywhere does not become a reason to refuse by what else the app can reach.
        by_others = finding.severity >= BLOCKING and (bool(finding.steps) or finding.rule.owasp.startswith(_BY_OTHERS))
        if by_others and reasons:
            message = f"{finding.message}; worse here, as the app {' and '.join(reasons)}"
            yield replace(finding, worse=finding.worse + 1, message=message)
        elif by_others and harmless and finding.severity > BLOCKING and finding.rule.cwe not in _CREDENTIALS:
            yield replace(finding, worse=finding.worse - 1)
        else:
            yield finding


def _manifest(change: Change) -> Manifest | None:
    text = next((file.content for file in change.files if file.path == FILE_NAME), None)
    try:
        return parse_manifest(text.decode()) if text is not None else None
    except (ManifestError, UnicodeDecodeError):
        return None


def _reasons(manifest: Manifest) -> tuple[str, ...]:
    """Return what of an app's reach makes a fault worse, in words that follow `the app`."""
    held = sensitive_in(manifest.app.data_classes)
    written = sorted(
        {use.use for use in manifest.integrations.values() for access in use.access if access.endswith(":write")}
    )
    return (
        *([f"holds {_listed(held)} data"] if held else []),
        *([f"may write to {_listed(written)}"] if written else []),
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")  # noqa: PLR2004
