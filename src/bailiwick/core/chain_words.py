"""What a verified release proves, in words and as data."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from bailiwick.core.chain import VerifiedRelease
from bailiwick.core.provenance import BILL, PROVENANCE, SCAN, TESTS
from bailiwick.core.statements import APPROVAL, ARTIFACT, GATE, REVIEW_VERDICT

_DIGITS = 12


def chain_lines(release: VerifiedRelease) -> list[str]:
    """Return the chain from commit to artefact, a line a link."""
    dependencies = f", dependencies sha256:{release.layer[:_DIGITS]}…" if release.layer else ""
    lines = [
        f"commit     {release.commit[:_DIGITS]} of {release.app}, written by {', '.join(release.authors)}",
        f"tree       {release.tree}",
    ]
    lines += [
        _words(item.predicate_type, item.predicate) for item in release.statements if item.predicate_type != ARTIFACT
    ]
    artefact = f"{release.release} for {release.mode}, image sha256:{release.image[:_DIGITS]}…{dependencies}"
    return [*lines, f"artefact   {artefact}"]


def chain_json(release: VerifiedRelease) -> dict[str, object]:
    """Return the same as data."""
    return {
        "app": release.app,
        "release": release.release,
        "mode": release.mode,
        "commit": release.commit,
        "tree": release.tree,
        "reach": release.reach,
        "authors": list(release.authors),
        "approvers": list(release.approvers),
        "image": f"sha256:{release.image}",
        "dependencies": f"sha256:{release.layer}" if release.layer else "",
        "statements": [
            {"predicateType": item.predicate_type, "predicate": dict(item.predicate)} for item in release.statements
        ],
    }


def _words(kind: str, said: Mapping[str, object]) -> str:
    name, words = _KINDS.get(kind, ("statement", lambda _: kind))
    return f"{name:<10} {words(said)}"


def _review(said: Mapping[str, object]) -> str:
    waivers = _length(said.get("waivers"))
    return f"passed in {said.get('review')}" + (f", by {waivers} waivers" if waivers else "")


def _approval(said: Mapping[str, object]) -> str:
    behalf = f" for {said.get('behalf')}" if said.get("behalf") else ""
    return f"by {said.get('approver')}{behalf}: {str(said.get('reason'))[:200]}"


def _bill(said: Mapping[str, object]) -> str:
    return f"{_length(said.get('components'))} packages, known vulnerabilities: {_known(said)}"


def _gate(said: Mapping[str, object]) -> str:
    told = cast("dict[str, Any]", said)  # its shape was checked with the chain
    new, policy = _length(said.get("new")), str(told["policy"].get("rule", ""))[:_DIGITS]
    taken = "; ".join(f"{seat['approver']} as {seat['seat']}" for seat in told["taken"])
    by = f"met by {taken}" if taken else "automatic: nobody had to approve"
    urgent = f", as an EMERGENCY: {str(told['emergency'])[:200]}" if told.get("emergency") else ""
    return f"{told['rule']['name']} (rule {policy}…), {by}{urgent}; new in its reach: {new or 'nothing'}"


def _known(said: Mapping[str, object]) -> int:
    return _length(said.get("vulnerabilities"))


def _scan(said: Mapping[str, object]) -> str:
    """Return what a scan says; whoever signed it may have left out what is not in the specification."""
    scanner, review = _part(said, "scanner"), _part(said, "review")
    database = _part(scanner, "db")
    known = f"advisories of {str(database.get('lastUpdate'))[:10]}" if database else "no advisory database"
    counts = [f"{count} {level}" for level, count in _part(review, "findings").items() if count]
    waived = _length(review.get("waived"))
    return (
        f"by {len(_part(review, 'engines'))} engines with {known}: "
        f"{_length(scanner.get('result'))} known vulnerabilities, findings: {', '.join(counts) or 'none'}"
        + (f", {waived} of them waived" if waived else "")
    )


def _tests(said: Mapping[str, object]) -> str:
    counts = _part(said, "counts")
    skipped = f", {counts['skipped']} skipped" if counts.get("skipped") else ""
    passed = counts.get("passed", _length(said.get("passedTests")))
    return f"{said.get('result')}: {passed} passed{skipped}, by {said.get('runner')}"


def _part(said: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = said.get(name)
    return found if isinstance(found, Mapping) else {}


def _length(found: object) -> int:
    return len(found) if isinstance(found, list) else 0


def _build(said: Mapping[str, object]) -> str:
    told = cast("dict[str, Any]", said)  # its shape was checked with the chain
    materials = told["buildDefinition"]["resolvedDependencies"]
    wheels = [item for item in materials if str(item.get("uri", "")).startswith("wheel:")]
    version = told["runDetails"]["builder"].get("version", {}).get("bailiwick", "")
    return f"without network from {len(wheels)} wheels, by Bailiwick {version}".rstrip()


_KINDS: Mapping[str, tuple[str, Callable[[Mapping[str, object]], str]]] = {
    REVIEW_VERDICT: ("review", _review),
    APPROVAL: ("approval", _approval),
    GATE: ("gate", _gate),
    PROVENANCE: ("built", _build),
    BILL: ("bill", _bill),
    SCAN: ("scan", _scan),
    TESTS: ("tests", _tests),
}
