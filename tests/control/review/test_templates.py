import pytest

from bailiwick.control.review import Change, Surroundings
from bailiwick.control.review.engines.templates import engine
from bailiwick.control.review.engines.templates.jinja import UnreadableTemplateError, unsafe_variables
from bailiwick.control.review.engines.templates.model import Kind
from bailiwick.control.review.engines.templates.pug import pug_pieces
from bailiwick.core.artifacts import TreeFile


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("<p>{{ a }}</p>", set()),
        ("<p>{{ a|safe }} {{ 'x'|safe }} {{ b|e|safe }}</p>", {"a"}),
        ("{% autoescape false %}{{ a }}{{ b|e }}{% endautoescape %}{{ c }}", {"a"}),
        ("{% set x = body.html|safe %}{{ x }}", {"body"}),
        ("{% for post in posts %}{{ post.text|safe }}{% endfor %}", {"posts"}),
        ("{% with t = title %}{{ t|safe }}{% endwith %}", {"title"}),
        ("{% macro m(t) %}<b>{{ t|safe }}</b>{% endmacro %}{{ m(user.name) }}", {"user"}),
        ("{{ ('<b>' + a)|safe }}{{ Markup(c) }}", {"a", "c"}),
        ("<script>var a = {{ a }}; var b = {{ b|tojson }}</script>{{ c }}", {"a"}),
        ("<a class={{ a }} title='{{ b }}'>", {"a"}),
    ],
)
def test_a_template_says_which_variables_it_puts_out_unescaped(template: str, names: set[str]) -> None:
    assert unsafe_variables(template.encode()) == names


@pytest.mark.req("RV2")
def test_a_file_that_is_no_page_escapes_nothing_by_itself() -> None:
    assert unsafe_variables(b"{{ a }}{{ b|e }}", autoescape=False) == {"a"}


@pytest.mark.req("RV2")
@pytest.mark.parametrize("broken", [b"{{ a", b"{% if %}", b"{{ " + b"(" * 5_000 + b")" * 5_000 + b" }}"])
def test_a_template_that_does_not_parse_is_said_to_be_unreadable(broken: bytes) -> None:
    with pytest.raises(UnreadableTemplateError):
        unsafe_variables(broken)


def page_of(pug: str) -> str:
    """Return the page that a Pug template makes, with its holes in marks."""
    marks = {Kind.RAW: "!{%s}", Kind.ESCAPED: "#{%s}", Kind.TEXT: "%s"}
    return "".join(marks[piece.kind] % piece.text for piece in pug_pieces(pug) if piece.kind in marks)


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("pug", "page"),
    [
        ("h1.big#top= title", "<h1>#{title}</h1>"),
        ("p!= text", "<p>!{text}</p>"),
        ("p Hello #{name} and !{bio}", "<p>Hello #{name} and !{bio}</p>"),
        ("p: b= x", "<p><b>#{x}</b></p>"),
        ("p a #[b= x] c", "<p>a <b>#{x}</b> c</p>"),
        (r"p \#{name}", r"<p>\#{name}</p>"),
        ("a(href='/u/' + id class=`k-${kind}` data-x) go", '<a href="/u/#{id}" class="k-#{kind}" data-x>go</a>'),
        ("a(\n  href!=link,\n  title=a ? b : c\n) x", '<a href="!{link}" title="#{a ? b : c}">x</a>'),
        ("a(title=f(1, ')') rel=b)= c", '<a title="#{f(1, \')\')}" rel="#{b}">#{c}</a>'),
        ("div&attributes(given)", "<div!{given}></div>"),
        ("mixin m\n  div&attributes(attributes)", "<div></div>"),
        ("script.\n  var a = #{b};", "<script>var a = #{b};\n</script>"),
        ("//- p= a\n  p= b\np= c", "<p>#{c}</p>"),
        ("case n\n  when 1: p!= a\n  default: p= b", "<p>!{a}</p><p>#{b}</p>"),
        ("input(value=x)\nbr\np", '<input value="#{x}"><br><p></p>'),
        ("p (unclosed #{a", "<p>(unclosed #{a</p>"),
    ],
)
def test_pug_is_read_as_the_page_that_it_makes(pug: str, page: str) -> None:
    assert page_of(pug) == page


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    "pug",
    [
        "p " + "#[" * 50_000,
        "a: " * 50_000,
        "(" * 50_000,
        "a(b=c " * 30_000,
        "a(b=" + "1 + " * 50_000,
        "p !{'" * 30_000,
        "a(b\n" * 30_000,
        "when a: " * 30_000,
        "\n".join(" " * depth + "p" for depth in range(2_000)),
    ],
)
def test_pug_that_is_made_to_go_deep_or_on_is_read_to_its_end(pug: str) -> None:
    change = Change("0" * 40, (), (TreeFile("page.pug", pug.encode()),))
    seen = {found.rule.id for found in engine.check(change, Surroundings())}
    assert seen <= {"cross-site-scripting", "too-much-to-follow"}
