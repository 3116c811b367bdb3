"""Who may have written a text, in words; and which rule it breaks because of that."""

from bailiwick.control.review.engines.javascript.values import Taint

# What a model's answer must not be used for; each has one name there.
_MODEL_SINKS = frozenset(
    {"sql-injection", "command-injection", "code-injection", "cross-site-scripting", "path-traversal", "dynamic-import",
     "template-injection", "nosql-injection", "server-side-request-forgery", "unsafe-deserialisation"}
)  # fmt: skip

KINDS = {
    "request": "comes in with the request",
    "browser": "comes in with the page's address or another window",
    "model": "is what a model answered",
    "stored": "is what was fetched or stored",
    "archive": "is what an archive says",
}


def rule_for(kind: str, rule_id: str) -> str:
    """Return the rule that is broken, by who may have written the text."""
    if kind == "model" and rule_id in _MODEL_SINKS:
        return "unsafe-model-output"
    return "archive-slip" if kind == "archive" else rule_id


def said_of(taint: Taint) -> str:
    """Return the words that name a text in a finding: whose it is, and what it is called."""
    return {
        "request": f"the request's {taint.key}",
        "browser": f"{taint.key} of the page",
        "model": "what a model answered",
        "stored": f"what comes from {taint.key}",
        "archive": f"the archive's {taint.key}",
    }.get(taint.kind, taint.key)
