"""Blanks comments and docstrings, so that what an author says about the code sways nobody who reads it."""

from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, String, _TokenType
from pygments.util import ClassNotFound

# Prose that is no code at all is blanked whole.
_PROSE = (".md", ".rst", ".adoc")
_PREPROCESSOR = (Comment.Hashbang, Comment.Preproc, Comment.PreprocFile)


def blanked(path: str, text: str) -> str:
    """Return a text with its comments and docstrings made blanks; lines and columns stay where they are.

    What language it is, is told by the name of the file; where that tells nothing, the text stays as it is.
    """
    if path.lower().endswith(_PROSE):
        return _blank(text)
    try:
        lexer = get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return text
    pieces = [_blank(value) if _is_said(kind) else value for kind, value in lexer.get_tokens(text)]
    made = "".join(pieces)
    # A lexer that loses or adds anything would move lines.
    return made if len(made) == len(text) else text


def _is_said(kind: _TokenType) -> bool:
    if any(kind in code for code in _PREPROCESSOR):
        return False
    return kind in Comment or kind in String.Doc


def _blank(text: str) -> str:
    return "".join(sign if sign in "\r\n" else " " for sign in text)
