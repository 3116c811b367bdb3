"""What was found in a release is signed with it: engines, findings, what was waived, and what is known of packages."""

import json
from typing import Any

import pytest

from bailiwick.control.review import import_advisories
from bailiwick.core.clock import utc_now
from bailiwick.core.provenance import SCAN
from bailiwick.core.statements import Statement, read_envelope
from tests.control.rereview.test_rereview import RECORDS
from tests.fixtures.company import Company
from tests.fixtures.releasing import released_by_waiver

LODASH = {"resolved": "https://registry.npmjs.org/lodash/-/lodash-4.17.20.tgz", "integrity": f"sha512-{'A' * 86}=="}
VULNERABLE = {
    "package.json": json.dumps({"name": "desk", "version": "1.0.0", "dependencies": {"lodash": "^4.17.0"}}),
    "package-lock.json": json.dumps(
        {
            "name": "desk",
            "version": "1.0.0",
            "lockfileVersion": 3,
            "packages": {
                "": {"name": "desk", "version": "1.0.0", "dependencies": {"lodash": "^4.17.0"}},
                "node_modules/lodash": {"version": "4.17.20", **LODASH},
            },
        }
    ),
}


def said_of_production(company: Company, kind: str) -> Any:
    """Return what the statement of a kind says of what is in production."""
    (state,) = company.control.planes.desired_state("production").apps
    envelopes = (read_envelope(company.control.planes.artifact("production", name)) for name in state.attachments)
    statements = (Statement.from_bytes(envelope.payload_bytes()) for envelope in envelopes)
    return next(item.predicate for item in statements if item.predicate_type == kind)


@pytest.mark.req("VA3", "DG7")
def test_a_release_carries_what_was_found_in_it_and_what_was_let_pass(company: Company) -> None:
    import_advisories([RECORDS], company.control.settings.state / "advisories" / "advisories.sqlite", utc_now())
    released_by_waiver(company, VULNERABLE)
    found = said_of_production(company, SCAN)
    (known,) = found["scanner"]["result"]
    assert known["id"] == "GHSA-35jh-r3h4-6jhm"
    assert known["severity"] == [{"method": "osv", "score": "high"}]
    assert known["annotations"] == [{"package": "pkg:npm/lodash@4.17.20"}]
    assert found["scanner"]["db"]["lastUpdate"].startswith("20")
    assert {item["ecosystem"] for item in found["scanner"]["db"]["sources"]} == {"PyPI", "npm"}
    assert found["review"]["findings"]["high"] == 1
    assert len(found["review"]["waived"]) == 1
    assert found["review"]["engines"]["packages"]
