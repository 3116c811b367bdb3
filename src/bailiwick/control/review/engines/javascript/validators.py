"""Chains of express-validator and of tRPC's procedures: what stands in a route, or before a function, and checks it."""

import re
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.scopes import Cleared
from bailiwick.control.review.engines.javascript.values import ALL, Thing, Value

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call

_PARTS = {"body": "body", "query": "query", "param": "params", "header": "headers", "cookie": "cookies"}
_BEGINS = re.compile(r"^express-validator\.(body|query|param|header|cookie|check)$")
_CHAIN = re.compile(r"^express-validator\.(\w+)\(\):([^!]{1,60})!(.*)$")
_HARMLESS = re.compile(
    r"\.(?:isInt|isNumeric|isUUID|isIn|isBoolean|isAlphanumeric|isAlpha|isMongoId|isFloat|isDecimal|isSlug|isHexadecimal|toInt"
    r"|toFloat|toBoolean|isDate|isISO8601|isPort|isIP)\b"
)


def result(call: "Call") -> Value | None:
    """Return what begins, or goes on with, a chain of checks; None for any other call."""
    begins = _BEGINS.match(call.symbol)
    if begins is not None:
        name = call.argument(0).text()
        return Value(symbol=f"{call.symbol}():{name}!") if name else Value(symbol=f"{call.symbol}()")
    if _CHAIN.match(call.symbol):
        return Value(symbol=call.symbol[:300])
    if call.method == "input" and "rocedure" in f"{call.owner.symbol} {call.receiver}":
        return Value(symbol=f"{call.symbol}()", things=(Thing("procedure", {"schema": call.argument(0)}),))
    return None


def proven(value: Value) -> Cleared:
    """Return what a chain, or a list of chains, proves of the request before the handler runs."""
    found: set[tuple[str, str]] = set()
    chains = [value, *(inner for thing in value.things if thing.kind == "array" for inner in thing.fields.values())]
    for chain in chains:
        match = _CHAIN.match(chain.symbol)
        if match is None:
            continue
        keys = [_PARTS[match[1]]] if match[1] in _PARTS else list(_PARTS.values())
        rules = [ALL] if _HARMLESS.search(match[3]) else []
        rules += ["cross-site-scripting"] if ".escape" in match[3] else []
        rules += ["nosql-injection"] if re.search(r"\.(?:isString|isEmail|escape|trim)", match[3]) else []
        found |= {(f"{key}.{match[2]}", rule) for key in keys for rule in rules}
    return frozenset(found)
