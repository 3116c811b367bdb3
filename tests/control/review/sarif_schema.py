"""The official JSON schema of SARIF 2.1.0, and what the standard asks for beyond it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

SCHEMA = Path(__file__).parents[2] / "assets" / "sarif" / "sarif-2.1.0.schema.json"
_URI = re.compile(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+")


@cache
def validator() -> Draft4Validator:
    schema = json.loads(SCHEMA.read_text())
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema)


def faults_of(log: Any) -> list[str]:
    """Return what the schema has against a log, each with its place."""
    return [f"{fault.json_path}: {fault.message}" for fault in validator().iter_errors(log)]


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_in(inner)


def uris_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("uri"), str):
            yield value["uri"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from uris_in(inner)


def require_valid(written: str) -> dict[str, Any]:
    """Return the log that a text holds; fail unless any reader of SARIF can take it.

    Beyond the schema: relative URIs of RFC 3986 (SARIF 3.10), text that is Unicode, rules that are named once and
    found at their index (3.27.6).
    """
    log: dict[str, Any] = json.loads(written)
    assert faults_of(log) == []
    for text in strings_in(log):
        text.encode()
    assert [uri for uri in uris_in(log) if not _URI.fullmatch(uri) or uri.startswith("/")] == []
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["message"]["text"]
    return log
