"""Pages whose values are not escaped, by how templates are made and shown."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.patterns.mending import with_arguments
from bailiwick.control.review.engines.python.patterns.naming import label, parts
from bailiwick.control.review.engines.python.patterns.view import View
from bailiwick.control.review.engines.python.patterns.watch import Watch, calls, nodes
from bailiwick.control.review.model import Finding


def not_escaped(view: View, call: ast.Call) -> Iterator[Finding]:
    """A template engine that escapes nothing."""
    name = view.name(call.func)
    if name in {"jinja2.Environment", "jinja2.environment.Environment", "jinja2.sandbox.SandboxedEnvironment",
                "jinja2.sandbox.ImmutableSandboxedEnvironment", "jinja2.nativetypes.NativeEnvironment"}:  # fmt: skip
        given = view.argument(call, None, "autoescape")
        off = given is None and not view.spreads(call)
        if (off and not _no_html(view, call)) or (given is not None and view.may_be(given, False)):
            edit = with_arguments(view, call, "autoescape=True") if given is None else None
            yield view.finding("autoescape-off", call, "the templates of this environment escape nothing", edit=edit)
    elif name in {"jinja2.Template", "jinja2.environment.Template"}:
        page = any(re.search(r"<\w+[^>]*>", text) for text in view.texts(view.argument(call, 0, "source")))
        given = view.argument(call, None, "autoescape")
        if page and ((given is None and not view.spreads(call)) or (given is not None and view.may_be(given, False))):
            edit = with_arguments(view, call, "autoescape=True") if given is None else None
            yield view.finding("autoescape-off", call, "a template that is made so escapes nothing", edit=edit)
    elif name in {"mako.template.Template", "mako.lookup.TemplateLookup"}:
        filters = view.argument(call, None, "default_filters")
        if filters is None or not any(isinstance(value, tuple) and "h" in value for value in view.values(filters)):
            yield view.finding("autoescape-off", call, "Mako escapes nothing unless default_filters has 'h'")
    elif name.endswith(("tornado.web.Application", "tornado.template.Template", "tornado.template.Loader")):
        given = view.argument(call, None, "autoescape")
        if given is not None and view.may_be(given, None):
            yield view.finding("autoescape-off", call, "the templates escape nothing")
    elif name in {"django.template.Context", "django.template.Engine", "django.template.engine.Engine"}:
        if view.may_be(view.argument(call, None, "autoescape"), False):
            yield view.finding("autoescape-off", call, "the template escapes nothing")


def _no_html(view: View, call: ast.Call) -> bool:
    """Return whether what an environment makes is no page: mail in plain text, code, prompts, SQL."""
    function = view.function(call)
    words = set(parts(function.name)) if function else set()
    for item in view.around(call):
        if isinstance(item, ast.Assign):
            words |= {word for target in item.targets for word in parts(label(target))}
    return bool(
        words & {"prompt", "prompts", "latex", "sql", "text", "txt", "plaintext", "markdown", "config", "code", "yaml"}
    )


def autoescape_set(view: View, node: ast.Assign) -> Iterator[Finding]:
    """Escaping that is switched off later."""
    for target in node.targets:
        if label(target) == "autoescape" and view.is_surely(node.value, False):
            if isinstance(target, ast.Attribute | ast.Subscript):
                yield view.finding("autoescape-off", node, "escaping is switched off")


def unsafe_html(view: View, call: ast.Call) -> Iterator[Finding]:
    """Streamlit's way round escaping, with a value in it."""
    if view.may_be(view.argument(call, None, "unsafe_allow_html"), True) or view.name(call.func).endswith(
        "components.v1.html"
    ):
        body = view.argument(call, 0, "body", "html", "label")
        if body is not None and UNKNOWN in view.values(body) and _has_value(view, body):
            yield view.finding("cross-site-scripting", call, "a value becomes part of the page as HTML")


def _has_value(view: View, body: ast.expr) -> bool:
    """Return whether text has something in it that is neither constant, a number, nor escaped."""
    held = [item for item in view.reaching(body) if item] if isinstance(body, ast.Name) else [body]
    for item in held:
        for part in ast.walk(item):
            if isinstance(part, ast.FormattedValue) and _may_hold_markup(view, part):
                return True
            if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Mod):
                operands = [part.left, part.right] if isinstance(part.op, ast.Add) else [part.right]
                if any(
                    isinstance(one, ast.Name | ast.Subscript | ast.Attribute) and UNKNOWN in view.values(one)
                    for one in operands
                ):
                    return True
            if (
                isinstance(part, ast.Call)
                and view.last(part.func) == "format"
                and UNKNOWN in [v for a in part.args for v in view.values(a)]
            ):
                return True
    return False


def _may_hold_markup(view: View, part: ast.FormattedValue) -> bool:
    spec = part.format_spec
    if isinstance(spec, ast.JoinedStr) and any(
        isinstance(piece, ast.Constant) and str(piece.value)[-1:] in "dfeg%,nx" for piece in spec.values
    ):
        return False
    if isinstance(part.value, ast.Call):
        called = view.name(part.value.func).rpartition(".")[2] or view.last(part.value.func)
        if called in {
            "escape",
            "int",
            "float",
            "len",
            "round",
            "clean",
            "quote",
            "sum",
            "sanitize",
            "strftime",
            "isoformat",
        }:
            return False
    return UNKNOWN in view.values(part.value)


WATCHES: tuple[Watch, ...] = (
    calls(not_escaped),
    calls(unsafe_html, "markdown", "write", "html", "caption", "title", "header", "subheader"),
    nodes(autoescape_set, ast.Assign),
)
