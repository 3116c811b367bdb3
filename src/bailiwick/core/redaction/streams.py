"""A text that comes in pieces: what of it may go on, with what must not be seen masked, however it was cut.

What is held back is the end of what came, from where a value could have begun: a word that may go on, of personal data
the words before it, too, that look like a part of it. A value longer than what is held, and a private key, is masked as
soon as it is known for one, and the rest of it swallowed as it comes.
"""

import re
from enum import Enum

from bailiwick.core.redaction.answers import AnswerSearch, Write

# How far before a value stands what says that it is one.
_BEFORE = 320
# No value of a known form is longer as a rule, and no personal data is, with the words in it.
_LONGEST, _LONGEST_PERSONAL = 512, 240
_KEY_BEGINS, _LONGEST_KEY_HEAD = "-----BEGIN ", 64
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]{0,40}-----")
_NOT_OF_KEY = re.compile(r"[^A-Za-z0-9+/=\s\\:,.()-]")
_NOT_OF_WORD = re.compile(r"[\s\"'`<>\\,;)\]}]")
# Chinese, Japanese and Korean have no spaces between words, and no value has their letters.
_UNSPACED = "\u2e80-\uabff\uac00-\ud7ff\uf900-\ufaff"
_WORD = re.compile(rf"[^\s{_UNSPACED}]+")
_APART = re.compile(rf"[\s{_UNSPACED}]")
# What some word of a name, an address or a number begins with, or has in it.
_OF_PERSONAL = re.compile(r"[^a-z]*(?:[A-Z0-9@]|[^\x00-\x7f])")
# Words in between that do not: `Maria van der Berg`, `12 rue de la Paix`. After a number they may be any.
_MOST_BETWEEN = 3
_LINKS = frozenset(
    "van von de der den del della delle dei degli di da do dos du des la las le les los bin ibn al el ter ten y zu"
    " rue avenue boulevard bd place chemin impasse quai cours route square bis d' l' of".split()
)
_NUMBER = re.compile(r"[0-9@]")
_PARAGRAPH = re.compile(r"\n\s*\n|\\n\\n")


class _Inside(Enum):
    """What is being swallowed."""

    NOTHING = "nothing"
    KEY = "key"
    WORD = "word"


class TextStream:
    """One text of an answer. `write` is how values are written that are put back."""

    def __init__(self, search: AnswerSearch, write: Write = str) -> None:
        self._search = search
        self._write = write
        self._before = ""
        self._held = ""
        self._inside = _Inside.NOTHING
        self._swallowed = ""

    @property
    def holds(self) -> bool:
        """Whether something is held back."""
        return bool(self._held)

    def feed(self, piece: str) -> str:
        """Return what may go on once a piece came."""
        text = self._held + self._left_of(piece)
        cut = max(min(self._settled(text), self._search.begun(text)), self._least_cut(text))
        if cut <= 0:
            self._held = text
            return ""
        return self._passed(text, cut)

    def rest(self) -> str:
        """Return what was held back, once nothing follows."""
        text = self._held
        self._inside, self._swallowed = _Inside.NOTHING, ""
        return self._passed(text, len(text), last=True) if text else ""

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _least_cut(self, text: str) -> int:
        """Return up to where a text goes on whatever it is; known values alone may be longer."""
        return min(len(text) - _LONGEST, self._search.begun(text))

    def _settled(self, text: str) -> int:
        """Return up to where nothing can be a part of what is still to come."""
        word = _last_word(text)
        head = text.rfind(_KEY_BEGINS)
        if head >= 0 and len(text) - head < _LONGEST_KEY_HEAD:
            word = min(word, head)
        return min(word, _personal_from(text)) if self._search.personal else word

    def _passed(self, text: str, cut: int, *, last: bool = False) -> str:
        shift = len(self._before)
        parts: list[str] = []
        place = 0
        for begin, until, kind in self._search.found(self._before + text):
            start, end = max(0, begin - shift), until - shift
            if end <= 0 or start >= cut:
                continue
            if not last and (end > cut or end == len(text)):
                # It may go on in the next piece.
                is_key = text.startswith(_KEY_BEGINS, start)
                if not is_key and len(text) - start <= _LONGEST:
                    cut = start
                    break
                self._inside, self._swallowed = _Inside.KEY if is_key else _Inside.WORD, ""
                self._before, self._held = (self._before + text[:start])[-_BEFORE:], ""
                return "".join([*parts, self._put_back(text[place:start]), self._search.mask(kind)])
            parts += [self._put_back(text[place:start]), self._search.mask(kind)]
            place = end
        cut = max(cut, place)
        if not last:
            cut = place + self._search.names.begun(text[place:cut])
        parts.append(self._put_back(text[place:cut]))
        self._before, self._held = (self._before + text[:cut])[-_BEFORE:], text[cut:]
        return "".join(parts)

    def _put_back(self, text: str) -> str:
        return self._search.names.restore(text, self._write)

    def _left_of(self, piece: str) -> str:
        """Return what of a piece is no more of the value that is being swallowed."""
        if self._inside is _Inside.NOTHING:
            return piece
        came = self._swallowed + piece
        over = _NOT_OF_WORD.search(piece) if self._inside is _Inside.WORD else _KEY_ENDS.search(came)
        if over is not None:
            left = piece[over.start() :] if self._inside is _Inside.WORD else came[over.end() :]
        else:
            other = _NOT_OF_KEY.search(piece) if self._inside is _Inside.KEY else None
            if other is None:
                self._swallowed = came[-_LONGEST_KEY_HEAD:]
                return ""
            left = piece[other.start() :]
        self._inside, self._swallowed = _Inside.NOTHING, ""
        return left


def _last_word(text: str) -> int:
    """Return where the last word of a text begins, which may go on; of one that is too long, some place in it."""
    first = max(0, len(text) - _LONGEST)
    return next((place + 1 for place in range(len(text) - 1, first - 1, -1) if _APART.match(text, place)), first)


def _personal_from(text: str) -> int:
    """Return from where the end of a text may be the beginning of personal data: words with capitals or digits."""
    begin = max(0, len(text) - _LONGEST_PERSONAL)
    for paragraph in _PARAGRAPH.finditer(text, begin):
        begin = paragraph.end()
    place, between = len(text), list[str]()
    for word in reversed(list(_WORD.finditer(text, begin))):
        if word.end() == len(text) or _OF_PERSONAL.match(word[0]):
            # A sentence begins with a capital, too: what is no part of a name says that none goes on.
            if not _LINKS.issuperset(between) and not _NUMBER.search(word[0]):
                break
            place = word.start()
            between.clear()
        else:
            between.append(word[0])
            if len(between) > _MOST_BETWEEN:
                break
    return place
