"""Elements of JSX: components are entered with their properties; what the page gets unescaped is looked at."""

from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript import sinks
from bailiwick.control.review.engines.javascript.objects import member, merged
from bailiwick.control.review.engines.javascript.scopes import Scope
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import NOTHING, Thing, Value, constant, joined

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_LINKS = frozenset({"href", "src", "action", "formAction", "xlinkHref", "to", "data"})
_LINKED = frozenset({"a", "iframe", "form", "button", "object", "embed", "area", "Link", "NextLink", "base"})
_INSIDE = frozenset({"jsx_element", "jsx_self_closing_element", "jsx_expression"})
_NO_SCRIPT = frozenset({"img", "video", "audio", "source", "link", "track"})


def element(run: "Interpreter", node: Node, scope: Scope) -> Value:
    """Go through an element and what is in it."""
    opening = node.get("open_tag") or node
    name = opening.get("name")
    properties = _properties(run, opening, scope)
    inside = [] if node is opening else [run.evaluate(child, scope) for child in node.children if child.kind in _INSIDE]
    if name is None:
        return NOTHING
    if name.text[:1].islower() and "." not in name.text:
        _check_element(run, name.text, properties, opening, scope)
        return NOTHING
    if name.text in _LINKED:
        _check_links(run, properties, opening, scope)
    component = run.evaluate(name, scope)
    if inside:
        properties.fields["children"] = joined(inside)
    for closure in component.closures:
        run.call(closure, (Value(things=(properties,)),))
    for value in list(properties.fields.values()):
        for closure in value.closures:
            run.call(closure, ())
    return NOTHING


def _properties(run: "Interpreter", opening: Node, scope: Scope) -> Thing:
    thing = Thing()
    for child in opening.children:
        if child.kind == "jsx_attribute" and child.children:
            value = run.evaluate(child.children[1], scope) if len(child.children) > 1 else constant(True)
            thing.fields[child.children[0].text] = value
        elif child.kind == "jsx_expression" and child.children:
            for other in merged([run.evaluate(child.children[0], scope)]).things:
                thing.fields.update(other.fields)
    return thing


def _check_element(run: "Interpreter", name: str, properties: Thing, opening: Node, scope: Scope) -> None:
    raw = properties.fields.get("dangerouslySetInnerHTML")
    if raw is not None:
        html = member(run, raw, "__html", opening, scope)
        sink = run.models.assigned["innerHTML"]
        taints = sinks.relevant(run, sink, html)
        run.report_flow(sink.rule, _attribute(opening, "dangerouslySetInnerHTML"), scope, taints, sink.words)
    if "srcDoc" in properties.fields and "sandbox" not in properties.fields:
        sink = run.models.assigned["innerHTML"]
        taints = sinks.relevant(run, sink, properties.fields["srcDoc"])
        run.report_flow(sink.rule, _attribute(opening, "srcDoc"), scope, taints, sink.words)
    if name not in _NO_SCRIPT and (name in _LINKED or name in {"use", "image"}):
        _check_links(run, properties, opening, scope)
    for value in list(properties.fields.values()):
        for closure in value.closures:
            run.call(closure, ())


def _check_links(run: "Interpreter", properties: Thing, opening: Node, scope: Scope) -> None:
    for name in _LINKS & set(properties.fields):
        sinks.check_link(run, properties.fields[name], _attribute(opening, name), scope)


def _attribute(opening: Node, name: str) -> Node:
    """Return the attribute of a name, which is where a finding stands."""
    for child in opening.children:
        if child.kind == "jsx_attribute" and child.children and child.children[0].text == name:
            return child
    return opening
