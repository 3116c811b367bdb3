"""What a Jinja template puts out as it comes: the names of its variables that nothing escapes for where they stand."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import Environment, TemplateError, nodes

from bailiwick.control.review.engines.templates.markup import Context, Markup

# What makes text safe in any place of HTML, or is no text.
ESCAPING = frozenset(
    {"e", "escape", "forceescape", "force_escape", "tojson", "int", "float", "length", "count", "urlencode", "round",
     "striptags", "filesizeformat", "xmlattr", "wordcount", "escapejs", "json_script", "bleach", "sanitize", "clean"}
)  # fmt: skip
# Marks text as safe whatever it is.
_TRUSTING = frozenset({"safe", "Markup", "mark_safe", "raw", "safeseq"})
_NEVER_ESCAPED = frozenset({Context.SCRIPT, Context.UNQUOTED, Context.TAG})
_OWN_NAMES = frozenset({"loop", "caller", "super", "self", "varargs", "kwargs"})
_DEEPEST = 100


class UnreadableTemplateError(ValueError):
    """A template that does not parse as Jinja."""


def unsafe_variables(template: bytes, *, autoescape: bool = True) -> set[str]:
    """Return the names of variables of which a Jinja template puts out something unescaped.

    Through `{% set %}`, `{% for %}`, `{% with %}` and macros, back to the names that the template is given. What stands
    in a script, as an attribute without quotes, or as the name of one is unescaped however it is put out, unless a
    filter makes it safe there. Without `autoescape` (files that are not HTML), all that is not escaped by hand is.
    Raises `UnreadableTemplateError` when it does not parse.
    """
    try:
        tree = _parsed(template.decode(errors="replace"))
        reader = _Reader(tree)
        reader.read(tree, _Scope(autoescape), 0)
    except (TemplateError, RecursionError) as fault:
        raise UnreadableTemplateError(str(fault)[:200]) from fault
    return {name for name in reader.unsafe - _OWN_NAMES if "(" not in name}


def _parsed(text: str) -> nodes.Template:
    extensions = ["jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n"]
    return Environment(extensions=extensions, autoescape=True).parse(text)


@dataclass
class _Scope:
    """What holds at a point of a template: whether it escapes, and what names inside stand for."""

    escapes: bool
    means: dict[str, frozenset[str]] = field(default_factory=dict)

    def inner(self, **changed: frozenset[str]) -> "_Scope":
        return _Scope(self.escapes, self.means | changed)

    def origin(self, name: str) -> frozenset[str]:
        return self.means.get(name, frozenset({name}))


class _Reader:
    def __init__(self, tree: nodes.Template) -> None:
        self.unsafe: set[str] = set()
        self._markup = Markup()
        self._macros = {macro.name: macro for macro in tree.find_all(nodes.Macro)}

    def read(self, node: nodes.Node, scope: _Scope, depth: int) -> None:
        """Read a node and what is in it, in the order of the file."""
        if depth > _DEEPEST:
            raise UnreadableTemplateError("the template is nested too deeply")
        match node:
            case nodes.Output():
                for part in node.nodes:
                    self._put_out(part, scope)
            case nodes.Assign(target=nodes.Name(name=name)):
                scope.means[name] = self._origins(node.node, scope)
                self._trusted(node.node, scope)
            case nodes.For():
                targets = {name.name: self._origins(node.iter, scope) for name in node.target.find_all(nodes.Name)}
                if isinstance(node.target, nodes.Name):
                    targets[node.target.name] = self._origins(node.iter, scope)
                self._read_all([*node.body, *node.else_], scope.inner(**targets), depth)
            case nodes.With():
                pairs = zip(node.targets, node.values, strict=False)
                names = {t.name: self._origins(v, scope) for t, v in pairs if isinstance(t, nodes.Name)}
                self._read_all(node.body, scope.inner(**names), depth)
            case nodes.Macro():
                own = {argument.name: frozenset({f"{node.name}({argument.name})"}) for argument in node.args}
                self._read_all(node.body, scope.inner(**own), depth)
            case nodes.ScopedEvalContextModifier() | nodes.EvalContextModifier():
                inner = scope.inner()
                for option in node.options:
                    if option.key == "autoescape" and isinstance(option.value, nodes.Const):
                        inner.escapes = bool(option.value.value)
                self._read_all(getattr(node, "body", []), inner, depth)
            case _:
                self._read_all(node.iter_child_nodes(), scope, depth)

    def _read_all(self, children: "Iterator[nodes.Node] | list[nodes.Node]", scope: _Scope, depth: int) -> None:
        for child in children:
            self.read(child, scope, depth + 1)

    def _put_out(self, part: nodes.Expr, scope: _Scope) -> None:
        if isinstance(part, nodes.TemplateData):
            self._markup.feed(part.data, part.lineno)
            return
        if self._markup.place().context in _NEVER_ESCAPED or not scope.escapes:
            self.unsafe |= self._origins(part, scope)
        else:
            self._trusted(part, scope)
        self._markup.hole()

    def _trusted(self, part: nodes.Node, scope: _Scope) -> None:
        """Note what is marked as safe anywhere in an expression, and what goes into a macro that puts it out."""
        for name, given in _trusting(part):
            self.unsafe |= self._origins(given, scope) if name else set()
        calls = [part] if isinstance(part, nodes.Call) else []
        for call in [*calls, *part.find_all(nodes.Call)]:
            if isinstance(call.node, nodes.Name) and call.node.name in self._macros:
                macro = self._macros[call.node.name]
                for argument, given in zip(macro.args, call.args, strict=False):
                    if f"{macro.name}({argument.name})" in self.unsafe:
                        self.unsafe |= self._origins(given, scope)

    def _origins(self, node: nodes.Node, scope: _Scope) -> frozenset[str]:
        """Return the names of which text gets through an expression unescaped."""
        if isinstance(node, nodes.Filter) and node.name in ESCAPING:
            return frozenset()
        if isinstance(node, nodes.Compare | nodes.Test | nodes.Not | nodes.Const):
            return frozenset()
        if isinstance(node, nodes.Name):
            return scope.origin(node.name)
        if isinstance(node, nodes.CondExpr):
            rest = [node.expr1, *([node.expr2] if node.expr2 else [])]
            return frozenset().union(*(self._origins(child, scope) for child in rest))
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
            return frozenset().union(*(self._origins(child, scope) for child in node.args))
        return frozenset().union(*(self._origins(child, scope) for child in node.iter_child_nodes()))


def _trusting(part: nodes.Node) -> Iterator[tuple[str, nodes.Node]]:
    """Yield what an expression marks as safe."""
    for node in [part, *part.find_all((nodes.Filter, nodes.Call))]:
        if isinstance(node, nodes.Filter) and node.name in _TRUSTING and node.node is not None:
            yield node.name, node.node
        elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _TRUSTING:
            yield from ((node.node.name, given) for given in node.args)
