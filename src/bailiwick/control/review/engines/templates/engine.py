"""The engine for templates and pages: what is unescaped for where it stands, what a page loads and sends."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bailiwick.control.review.engines.templates.markup import HOLE, Context, Markup, Place, Tag
from bailiwick.control.review.engines.templates.model import Kind, Piece
from bailiwick.control.review.engines.templates.pieces import SUFFIXES, Dialect, dialect_of, pieces
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule

_MOST_HOLES = 20_000
# What makes a value safe in scripts as well; and filters after which a value is only a number.
_SAFE_ANYWHERE = re.compile(
    r"\|\s*(?:tojson|to_json|json_script|escapejs|int|float|length|count|round|abs|filesizeformat|urlencode|js)\b"
)
_TRUSTED = re.compile(r"\|\s*(?:safe|safeseq|raw)\b|\bMarkup\s*\(|\bmark_safe\s*\(")
_ESCAPED_BEFORE = re.compile(
    r"\|\s*(?:e|escape|forceescape|force_escape|striptags|tojson|to_json|bleach|clean|sanitize|sanitise|"
    r"nh3|purify|linebreaks|urlize|escape_once|strip_html|url_encode|json|size|money"
    r"|floatformat|intcomma|date|truncate_html|markdown_safe|urlencode|int|float)\b"
)
_CONSTANT = re.compile(r"""^(?:'[^']*'|"[^"]*"|-?\d[\d.]*|true|false|none|null)(?:\s*\|\s*\w+)*$""", re.IGNORECASE)
_OWN = re.compile(
    r"(?i)^(?:await\s+)?\(?\s*(?:it\.body|include|partial|block|body|content_for|contentFor|yield|super\(|caller\(|self\.|csrf|"
    r"form\b|\w*form\.|field\b|field\.|url_for|static|"
    r"get_flashed|render_\w+|macros?\.|bootstrap|messages?_|_\(|gettext|trans|asset|vite|icon|svg)"
)
_SANITISED = re.compile(
    r"(?i)sanit|purif|escap|bleach|nh3|clean|"
    r"_html\b|\bhtml_|\bsafe_|rendered|markdown|encode|xss\(|striptags"
)
_FROM_OUTSIDE = re.compile(
    r"(?i)\brequest\.(?:args|form|values|GET|POST|query|params|cookies|headers|url|path)"
    r"|\breq\.(?:query|body|params)|\bquery\.|\bparams\.|location\.|\$route\."
)
_NUMBER = re.compile(
    r"(?i)(?:^|[._\[])(?:id|pk|\w+_id|\w*Id|uuid|index|index0|count|total|number|num|size|page|year|port|length|price|"
    r"amount|quantity|lat|lng|lon|timestamp|version|nonce|csp_nonce|\w+_count)\]?$|^(?:loop|forloop)\.|^range\(|nonce\(\)$"
)
_PERSONS_LINK = re.compile(r"(?i)web_?site|home_?page|profile_url|user_url|portfolio")
_LINKS = frozenset({"href", "action", "formaction", "xlink:href", "data", "src"})
_SCRIPTED_BY_LINK = frozenset(
    {"a", "form", "button", "iframe", "object", "embed", "area", "base", "svg", "use", "input"}
)
_OF_HERE = re.compile(
    r"(?i)url_for|static|asset|get_absolute_url|reverse|request\.(?:path|script_root)|^(?:\w+\.)?(?:next|prev)_page|path_for|^url\s"
    r"|route\(|resolve|cdn|base_?url|media"
)
_CHANGING = re.compile(
    r"(?i)^https://(?:[\w.-]*\.)?(?:googletagmanager|google-analytics|stripe|google|googleapis|recaptcha|paypal|hcaptcha"
    r"|cloudflare-?insights|challenges\.cloudflare|plausible|segment|intercom|hotjar|tailwindcss)\.\w+"
)


@dataclass
class _Page:
    """What is known of a page up to a point."""

    path: str
    dialect: Dialect
    lines: list[str]
    markup: Markup = field(default_factory=Markup)
    escapes: list[bool] = field(default_factory=lambda: [True])
    form: Tag | None = None
    form_words: str = ""
    has_blocks: bool = False
    handlers: int = 0

    def finding(self, rule_id: str, line: int, message: str, worse: int = 0) -> Finding:
        excerpt = self.lines[line - 1][:400] if line <= len(self.lines) else ""
        return Finding(rule(rule_id), self.path, line, message, excerpt, worse=worse)


def reads(path: str) -> bool:
    """Say whether a file is a page or a template of one."""
    return path.endswith(SUFFIXES)


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield findings in the templates and pages of the tip."""
    for file in change.files:
        if not reads(file.path):
            continue
        try:
            text = file.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            yield Finding(rule("syntax-error"), file.path, 0, "it is not UTF-8, and only UTF-8 is reviewed")
            continue
        seen: set[tuple[str, int]] = set()
        for found in _read(file.path, text):
            if (found.rule.id, found.line) not in seen:
                seen.add((found.rule.id, found.line))
                yield found


def _read(path: str, text: str) -> Iterator[Finding]:
    page = _Page(path, dialect_of(path), text.split("\n"))
    holes = 0
    for piece in pieces(text, page.dialect):
        if piece.kind is Kind.TEXT:
            page.markup.feed(piece.text, piece.line)
            for tag in page.markup.tags():
                yield from _tag(page, tag)
        elif piece.kind is Kind.BLOCK:
            page.has_blocks = True
            page.form_words += f" {piece.text[:200]}"
            yield from _block(page, piece)
        elif piece.kind is not Kind.COMMENT:
            page.form_words += f" {piece.text[:200]}"
            holes += 1
            if holes > _MOST_HOLES:
                yield page.finding("too-much-to-follow", piece.line, "it puts in more than can be followed")
                return
            yield from _hole(page, piece)
            page.markup.hole()


def _block(page: _Page, piece: Piece) -> Iterator[Finding]:
    words = piece.text.split()
    if not words or page.dialect.name != "jinja":
        return
    if words[0] == "autoescape" and len(words) > 1:
        off = words[1].lower() in {"false", "off"}
        page.escapes.append(not off)
        if off:
            yield page.finding("autoescape-off", piece.line, "what follows is put out as it is")
    elif words[0] == "endautoescape" and len(page.escapes) > 1:
        page.escapes.pop()


def _hole(page: _Page, piece: Piece) -> Iterator[Finding]:
    place, expression = page.markup.place(), piece.text
    if page.dialect.name == "vue" or _CONSTANT.match(expression):
        return
    raw = piece.kind is Kind.RAW or bool(_TRUSTED.search(expression))
    if raw:
        yield from _raw(page, place, piece)
    elif not page.dialect.escapes:
        yield from _unescaped(page, piece)
    elif not page.escapes[-1] and not _ESCAPED_BEFORE.search(expression):
        yield page.finding("cross-site-scripting", piece.line, f"{expression[:80]} is put out as it is", -1)
    elif not _SAFE_ANYWHERE.search(expression) and not _is_number(expression):
        yield from _misplaced(page, place, piece)


def is_escaped(expression: str) -> bool:
    """Return whether a filter of an expression makes it safe where text stands, or it is a number or a constant."""
    named = bool(_ESCAPED_BEFORE.search(expression) or _SAFE_ANYWHERE.search(expression))
    return named or _is_number(expression) or bool(_CONSTANT.match(expression))


def _raw(page: _Page, place: Place, piece: Piece) -> Iterator[Finding]:
    expression = piece.text
    if _OWN.match(expression) or place.context is Context.COMMENT:
        return
    before = _TRUSTED.split(expression)[0]
    if place.context is not Context.SCRIPT and (_ESCAPED_BEFORE.search(before) or _CONSTANT.match(before.strip())):
        return
    if _SAFE_ANYWHERE.search(before):
        return
    worse = 0 if _FROM_OUTSIDE.search(expression) else -2 if _SANITISED.search(expression) else -1
    yield page.finding("cross-site-scripting", piece.line, f"{before.strip()[:80]} is put out as it is", worse)


def _unescaped(page: _Page, piece: Piece) -> Iterator[Finding]:
    """Liquid escapes nothing by itself: what a request says is put out as it is, the rest is for who renders it."""
    if _FROM_OUTSIDE.search(piece.text) and not _ESCAPED_BEFORE.search(piece.text):
        yield page.finding("cross-site-scripting", piece.line, f"{piece.text[:80]} is put out as it is")


def _misplaced(page: _Page, place: Place, piece: Piece) -> Iterator[Finding]:
    """Yield a finding for a value that is escaped for text, and stands where that does not help."""
    expression = piece.text
    if _OWN.match(expression) or _OF_HERE.search(expression):
        return
    outside = 1 if _FROM_OUTSIDE.search(expression) else 0
    said = ""
    if place.context is Context.SCRIPT and not _in_data(page):
        said = "stands in a script, where HTML's escapes do not help; give it as JSON (tojson)"
    elif place.context is Context.UNQUOTED:
        said = "stands in an attribute without quotes, which a space ends"
    elif place.context is Context.TAG and not _chooses_constants(expression):
        said = "stands where an attribute's name does"
    elif place.context is Context.QUOTED and place.attribute.startswith("on"):
        said = "stands in a script of an attribute, where HTML's escapes do not help"
    if said:
        yield page.finding("cross-site-scripting", piece.line, f"{expression[:80]} {said}", outside - 1)
    elif _is_whole_link(place):
        message = f"{expression[:80]} is the whole of a link, which may run script; check that it begins with https:"
        if outside or _PERSONS_LINK.search(expression):
            yield page.finding("cross-site-scripting", piece.line, message, 0 if outside else -2)


def _chooses_constants(expression: str) -> bool:
    """Return whether an expression can only be one of some words: `'checked' if x else ''`."""
    return bool(
        re.match(r"""^['"][\w\s="-]*['"]\s+if\b(?:(?!\belse\b).)*(?:\belse\s+['"][\w\s="-]*['"])?$""", expression)
    ) or bool(re.search(r"""\?\s*['"][\w\s="-]*['"]\s*:\s*['"][\w\s="-]*['"]\s*$""", expression))


def _in_data(page: _Page) -> bool:
    """Return whether the script around is data for other programs, and no script."""
    return page.dialect.name in {"svelte"}


def _is_whole_link(place: Place) -> bool:
    named = place.attribute in _LINKS and place.tag in _SCRIPTED_BY_LINK
    return place.context is Context.QUOTED and named and not place.before.strip()


def _is_number(expression: str) -> bool:
    plain = re.split(r"\|", expression)[0].strip()
    return bool(_NUMBER.search(plain)) or bool(re.fullmatch(r"[\d\s+*/.-]+", plain))


def _tag(page: _Page, tag: Tag) -> Iterator[Finding]:
    if tag.closing:
        yield from _end_form(page, tag)
        return
    source = tag.attributes.get("src", "").strip()
    external = re.match(r"(?i)(?:https?:)?//", source)
    foreign = tag.name == "script" and external and "integrity" not in tag.attributes
    if foreign and not _CHANGING.match(source) and HOLE not in source.split("/")[2:3]:
        yield page.finding("script-without-integrity", tag.line, f"{source[:100]} is run whatever its host sends")
    if re.match(r"(?i)http://(?!localhost|127\.|\[?::1)", source) and tag.name in {"script", "iframe"}:
        yield page.finding("clear-text-transport", tag.line, f"{source[:100]} is loaded over plain HTTP")
    if tag.name == "form":
        action = tag.attributes.get("action", "")
        if re.match(r"(?i)http://(?!localhost|127\.|\[?::1)", action):
            yield page.finding("clear-text-transport", tag.line, f"the form is sent to {action[:100]} over plain HTTP")
        page.form, page.form_words = tag, ""
    if page.form is not None and tag.name == "input":
        page.form_words += f" {tag.attributes.get('name', '')}"
    yield from _attributes(page, tag)


def _attributes(page: _Page, tag: Tag) -> Iterator[Finding]:
    for name, value in tag.attributes.items():
        line = tag.lines.get(name, tag.line)
        if name in {"v-html", ":innerhtml", ":inner-html", "x-html"}:
            if not _CONSTANT.match(value.strip()):
                worse = 0 if _FROM_OUTSIDE.search(value) else -2 if _SANITISED.search(value) else -1
                yield page.finding("cross-site-scripting", line, f"{value[:80]} is put out as it is", worse)
        elif name in {":href", "v-bind:href", ":src", "v-bind:src"} and _FROM_OUTSIDE.search(value):
            if tag.name in _SCRIPTED_BY_LINK:
                yield page.finding(
                    "cross-site-scripting", line, f"{value[:80]} is the whole of a link, which may run script"
                )
        elif name == "href" and re.match(r"(?i)\s*javascript:", value) and HOLE in value:
            yield page.finding("cross-site-scripting", line, "a value stands in a script of a link", -1)


def _end_form(page: _Page, tag: Tag) -> Iterator[Finding]:
    if tag.name != "form" or page.form is None:
        return
    form, page.form = page.form, None
    posts = form.attributes.get("method", "").strip().lower() == "post"
    token = re.search(
        r"(?i)csrf|xsrf|authenticity_token|hidden_tag|_token|form\.|management_form|crispy", page.form_words
    )
    if posts and page.has_blocks and page.dialect.name in {"jinja", "ejs", "eta", "pug"} and not token:
        yield page.finding("missing-csrf-protection", form.line, "the form is sent without a token", -1)
