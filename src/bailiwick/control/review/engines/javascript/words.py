"""The words of a tree without its comments, so that no comment can say that something is checked."""

from collections.abc import Iterator

from bailiwick.control.review.engines.javascript.syntax import Node, Source


def code_of(source: Source) -> str:
    """Return the text of a file without its comments, so that no comment can say that something is checked."""
    return "\n".join(_words(source.root))


def _words(node: Node, *, texts: bool = True) -> Iterator[str]:
    for inner in node.walk():
        if not inner.children and inner.kind not in {"comment", "string_fragment", "jsx_text"}:
            yield inner.text
        elif inner.kind in {"string", "template_string"} and (texts or " " not in inner.text):
            yield inner.text[:300]


def text_of(node: Node) -> str:
    """Return the words of a node without comments, on one line."""
    return " ".join(_words(node))


def names_of(node: Node) -> str:
    """Return the words of a node without comments and sentences: what it does, not what it says."""
    return " ".join(_words(node, texts=False))
