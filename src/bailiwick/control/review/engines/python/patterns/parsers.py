"""Parsers that are told to do what whoever wrote the text wants: YAML with objects, XML with entities."""

import ast
from collections.abc import Iterator

from bailiwick.control.review.engines.python.patterns.mending import with_value
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls
from bailiwick.control.review.model import Finding

_UNSAFE = frozenset({"Loader", "CLoader", "UnsafeLoader", "CUnsafeLoader"})


def yaml(view: View, call: ast.Call) -> Iterator[Finding]:
    """PyYAML or ruamel with a loader that makes objects."""
    name = view.name(call.func)
    if name in {"yaml.unsafe_load", "yaml.unsafe_load_all"}:
        yield view.finding("unsafe-yaml", call, f"{name} makes any object that the text names")
    elif name in {"yaml.load", "yaml.load_all"}:
        loader = view.argument(call, 1, "Loader")
        if loader is None:
            if not view.spreads(call):
                yield view.finding(
                    "unsafe-yaml", call, f"{name} without a safe loader makes any object that the text names"
                )
        elif _is_unsafe(view, loader):
            own = isinstance(loader, ast.Attribute) and isinstance(loader.value, ast.Name)
            edit = with_value(view, loader, f"{ast.unparse(loader.value)}.SafeLoader") if own else None  # type: ignore[attr-defined]
            words = f"{view.last(loader)} makes any object that the text names"
            yield view.finding("unsafe-yaml", call, words, edit=edit)
    elif name == "ruamel.yaml.YAML" and view.may_be(view.argument(call, 0, "typ"), "unsafe"):
        yield view.finding("unsafe-yaml", call, "this loader makes any object that the text names")


def _is_unsafe(view: View, loader: ast.expr, depth: int = 0) -> bool:
    """Return whether a loader makes objects, under its own name or another, or is a class of the app made of one."""
    if depth > 4:
        return False
    if isinstance(loader, ast.IfExp):
        return _is_unsafe(view, loader.body, depth + 1) or _is_unsafe(view, loader.orelse, depth + 1)
    if view.name(loader).rpartition(".")[2] in _UNSAFE or (
        isinstance(loader, ast.Attribute) and loader.attr in _UNSAFE
    ):
        return True
    if isinstance(loader, ast.Call) and view.name(loader.func) == "getattr":
        return bool(_UNSAFE & {text for item in loader.args[1:] for text in view.texts(item)})
    made = view.classes.get(view.last(loader))
    if made is not None:
        return any(_is_unsafe(view, base, depth + 1) for base in made.bases)
    held = view.reaching(loader) if isinstance(loader, ast.Name) else []
    return any(value is not None and _is_unsafe(view, value, depth + 1) for value in held)


def xml(view: View, call: ast.Call) -> Iterator[Finding]:
    """An XML parser that is told to follow entities, or to load document types."""
    name, last = view.name(call.func), view.last(call.func)
    if name in {"lxml.etree.XMLParser", "lxml.etree.ETCompatXMLParser", "lxml.etree.iterparse"}:
        follows = view.may_be(view.argument(call, None, "resolve_entities"), True)
        loads = view.may_be(view.argument(call, None, "load_dtd"), True) or view.may_be(
            view.argument(call, None, "huge_tree"), True
        )
        reaches = view.may_be(view.argument(call, None, "no_network"), False)
        if follows or reaches or (loads and not view.may_be(view.argument(call, None, "resolve_entities"), False)):
            yield view.finding("xml-external-entities", call, "the parser follows entities of the document")
    elif last == "setFeature" and len(call.args) > 1:
        feature = view.name(call.args[0]).rpartition(".")[2] or "".join(view.texts(call.args[0]))
        external = feature in {"feature_external_ges", "feature_external_pes"} or "external-general-entities" in feature
        if external and view.may_be(call.args[1], True, 1):
            yield view.finding("xml-external-entities", call, "the parser follows entities of the document")


WATCHES: tuple[Watch, ...] = (
    calls(yaml, "load", "load_all", "unsafe_load", "unsafe_load_all", "YAML"),
    calls(xml, "XMLParser", "ETCompatXMLParser", "iterparse", "setFeature"),
)
