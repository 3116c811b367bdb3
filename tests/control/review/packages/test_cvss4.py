"""Scores of CVSS 4.0, against the examples that FIRST published with the standard, and what is no vector."""

import itertools
import random

import pytest

from bailiwick.control.review.advisories.cvss4 import score
from bailiwick.control.review.advisories.osv import parsed

WORST = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H"


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        # FIRST, "CVSS v4.0 Examples": log4shell, shellshock, heartbleed, nginx, Cisco (twice), Acrobat, Rocket.Chat,
        # Junos and VirtualBox.
        ("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:A", 10.0),
        ("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:A", 9.3),
        ("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N/E:A", 8.7),
        ("AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3),
        ("AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7),
        ("AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 5.2),
        ("AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 4.6),
        ("AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1),
        ("AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N", 6.9),
        ("AV:L/AC:L/AT:N/PR:H/UI:N/VC:N/VI:N/VA:N/SC:H/SI:N/SA:N", 5.9),
        # OpenShift, and the same in an environment that needs it kept secret.
        ("AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N", 8.3),
        ("AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N/CR:H/IR:L/AR:L/MAV:N/MAC:H/MVC:H/MVI:L/MVA:L", 8.1),
        # Half a tenth is rounded up, which computing with floats misses.
        ("AV:L/AC:H/AT:N/PR:H/UI:N/VC:L/VI:H/VA:N/SC:N/SI:N/SA:N", 5.7),
        ("AV:P/AC:H/AT:P/PR:L/UI:A/VC:H/VI:N/VA:L/SC:N/SI:N/SA:L/E:U/MUI:P/MVC:N/MVI:L/MVA:N/MSA:S", 0.7),
        ("AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0),
        ("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/S:P/AU:Y/R:U/V:C/RE:M/U:Red", 10.0),
    ],
)
def test_the_examples_of_the_standard_come_to_their_scores(vector: str, expected: float) -> None:
    assert score(f"CVSS:4.0/{vector}") == expected


@pytest.mark.req("RV5")
def test_a_worse_value_never_gives_a_lower_score() -> None:
    orders = {"AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA", "VC": "HLN", "VI": "HLN", "VA": "HLN"}
    rest = "SC:L/SI:L/SA:N"
    every = list(itertools.product(*orders.values()))
    for values in random.Random(4).sample(every, 300):
        given = dict(zip(orders, values, strict=True))
        before = score("CVSS:4.0/" + "/".join(f"{name}:{value}" for name, value in given.items()) + f"/{rest}")
        for name, order in orders.items():
            place = order.index(given[name])
            worse = {**given, name: order[max(place - 1, 0)]}
            after = score("CVSS:4.0/" + "/".join(f"{key}:{value}" for key, value in worse.items()) + f"/{rest}")
            assert before is not None
            assert after is not None
            assert after >= before, (given, name)


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    "vector",
    [
        "",
        "CVSS:4.0",
        "CVSS:4.0/AV:N",
        WORST.replace("4.0", "4.1"),
        WORST.replace("AV:N", "AV:X"),
        WORST.replace("SI:H", "SI:S"),
        f"{WORST}/E:H",
        f"{WORST}/AV:N",
        f"{WORST}/ZZ:N",
        f"{WORST}/",
        f"{WORST}/MAV",
        f"{WORST}/U:Pink",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    ],
)
def test_what_is_no_vector_has_no_score(vector: str) -> None:
    assert score(vector) is None


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    ("severities", "level"),
    [
        ([WORST], "critical"),
        ([WORST.replace("V:N", "V:L").replace("C:L", "C:H").replace("H/SI:H/SA:H", "N/SI:N/SA:N")], "high"),
        (["CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"], "medium"),
        (["CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
          "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"], "critical"),
        (["CVSS:4.0/nothing"], "high"),
    ],
)  # fmt: skip
def test_advisories_are_as_bad_as_their_vectors_say(severities: list[str], level: str) -> None:
    record = {
        "id": "GHSA-xxxx-yyyy-zzzz",
        "modified": "2026-11-01T00:00:00Z",
        "severity": [{"type": "CVSS_V4", "score": text} for text in severities],
        "affected": [{"package": {"ecosystem": "PyPI", "name": "a"}, "versions": ["1.0"]}],
    }
    _, (advisory,) = parsed(record)
    assert advisory.level == level
