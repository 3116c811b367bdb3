"""Files of settings, containers and workflows that are made to be hard to read."""

from types import ModuleType

import pytest

from bailiwick.control.review import Change, Surroundings
from bailiwick.control.review.engines.infra import configuration, containers, dockerfile, workflows
from bailiwick.core.artifacts import TreeFile

ENGINES = [
    (configuration, "config.yaml"),
    (configuration, "config.json"),
    (configuration, "config.toml"),
    (configuration, "config.ini"),
    (containers, "compose.yaml"),
    (workflows, ".github/workflows/ci.yml"),
    (dockerfile, "Dockerfile"),
]


@pytest.mark.req("RV2")
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("engine", "path"), ENGINES, ids=[f"{engine.__name__[-13:]} {path}" for engine, path in ENGINES]
)
@pytest.mark.parametrize(
    "content",
    [
        b"services: " + b"[" * 200_000,
        b"kind: &a [*a, *a]\nservices: *a\n",
        b"services:\n" + b" a: {b: " * 50_000,
        b"services: x\n" + b"password: a\n" * 100_000,
        b'{"services": ' + b'{"a": ' * 100_000,
        b"FROM a \\\n" * 100_000,
        b"RUN <<EOF\n" + b"x\n" * 100_000,
        b"on: push\njobs: {a: {steps: [{run: '" + b"${{ github.head_ref }} " * 20_000 + b"'}]}}\n",
        b"\xff\xfe services \x00",
        b"services: \x00\x01",
        b"",
    ],
)  # fmt: skip
def test_no_file_is_too_much_for_an_engine(engine: ModuleType, path: str, content: bytes) -> None:
    change = Change("0" * 40, (), (TreeFile(path, content),))
    assert len(list(engine.check(change, Surroundings()))) <= 100


@pytest.mark.req("RV2")
def test_what_an_anchor_brings_counts_where_it_is_used() -> None:
    text = b"x: &open\n  privileged: true\nservices:\n  a:\n    <<: *open\n    image: a:1\n"
    change = Change("0" * 40, (), (TreeFile("compose.yaml", text),))
    found = [item for item in containers.check(change, Surroundings()) if item.rule.id == "privileged-container"]
    assert [item.line for item in found] == [2]
