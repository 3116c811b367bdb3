import pytest

from bailiwick.control.review.engines.templates.jinja import UnreadableTemplateError, unsafe_variables


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
