"""Parses a question about data: which of its words are tables, columns, classes of data, limits on rows, and which
nobody knows. Pure, and the same for the same words: nothing is guessed.
"""

import re
from collections.abc import Iterator
from datetime import date

from bailiwick.control.grant_drafts import vocabulary as known
from bailiwick.control.grant_drafts.clauses import Clause, Limit, Names, Term, Token, Way
from bailiwick.control.grant_drafts.dates import Days, days_of, span_of
from bailiwick.core.grants import Mask
from bailiwick.core.naming import words_of

_PIECE = re.compile(r"'([^']{1,100})'|\"([^\"]{1,100})\"|[\w@.+-]*[\w@]|=|[,;.:?!()]")
_CLAUSE_ENDS = frozenset(",;.:?!()")
_POSSESSIVE = re.compile(r"(?<=\w)'s\b|(?<=s)'(?=\s|$)")
_SPELLINGS = ((re.compile(r"\be-?mails?\b", re.I), "email"), (re.compile(r"\bread[- ]?only\b", re.I), " read only "))
_ARTICLES, _WHOSE = frozenset({"the", "all", "each", "every", "a"}), frozenset({"of", "by", "per", "for"})
_QUANTITY = re.compile(r"\d+")


def parse(question: str, names: Names, today: date) -> list[Clause]:
    """Return the clauses of a question that is asked today."""
    found: list[Clause] = []
    way, masked = Way.GIVE, False
    for tokens in _clauses(question):
        parser = _Parser(tokens, names, way, masked=masked, today=today)
        clause = parser.run()
        if clause.names_rows and (way, masked) != (Way.GIVE, False):
            parser = _Parser(tokens, names, Way.GIVE, masked=False, today=today)
            clause = parser.run()
        # A list goes on in the way it began: "no cards, phones" withholds phones. It never opens more for it.
        way, masked = (Way.WITHOUT if parser.way is Way.WITHOUT else Way.GIVE), parser.masked
        found.append(clause)
    return found


def _clauses(question: str) -> Iterator[list[Token]]:
    text = _POSSESSIVE.sub("", question.replace("’", "'").replace("don't", "dont"))
    for spelling, plain in _SPELLINGS:
        text = spelling.sub(plain, text)
    clause: list[Token] = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece in _CLAUSE_ENDS or piece.lower() == "but":
            if clause:
                yield clause
            clause = []
        elif match[1] or match[2]:
            clause.append(Token("", match[1] or match[2], quoted=True))
        elif piece == "=":
            clause.append(Token("=", "="))
        else:
            clause += [Token(word, piece) for word in words_of(piece) or (piece.lower(),)]
    if clause:
        yield clause


class _Parser:
    """Reads one clause from its first word to its last; at each place the longest that is known counts."""

    def __init__(self, tokens: list[Token], names: Names, way: Way, *, masked: bool, today: date) -> None:
        self._tokens = tokens
        self._today = today
        self._words = [token.word for token in tokens]
        self._names = names
        self.way = way
        # Said before or behind, "masked" is about what the clause names.
        self.masked = masked or any(word in known.MASKED for word in self._words)
        self._mask: Mask | None = None
        self._clause = Clause()
        self._at = 0
        self._after_table = -1
        self._denied = False
        if "hidden" in self._words:
            self.way = Way.WITHOUT

    def run(self) -> Clause:
        """Return what the clause says."""
        while self._at < len(self._tokens):
            taken = self._limit() or self._part() or self._term_or_table() or self._mode() or self._small_word()
            if not taken:
                self._clause.unknown.append(self._tokens[self._at].chunk)
                taken = 1
            self._at += taken
        return self._clause

    def _span(self, length: int, start: int | None = None) -> known.Words:
        first = self._at if start is None else start
        return tuple(self._words[first : first + length])

    def _said(self, length: int) -> str:
        chunks = [token.chunk for token in self._tokens[self._at : self._at + length]]
        return " ".join(dict.fromkeys(chunks))

    # -- limits on rows ------------------------------------------------------------------------------------------

    def _limit(self) -> int:
        taken = self._own() or self._days() or self._time() or self._equality()
        if taken and self._denied:
            # "not of my region" is everything that must not be opened.
            self._clause.limits[-1] = Limit(f"not {self._clause.limits[-1].said}", unsaid=True)
        return taken

    def _own(self) -> int:
        """Read `of my region`, `my own region`."""
        place = self._at + (self._words[self._at] in known.OF)
        start = place
        while place < len(self._words) and self._words[place] in known.OWN:
            place += 1
        if place == start or place >= len(self._words):
            return 0
        length = place - self._at
        if self._words[place] in self._names.attributes:
            self._clause.limits.append(Limit(self._said(length + 1), attribute=self._words[place]))
            return length + 1
        # "my orders": by what an order is somebody's own, only they know.
        self._clause.limits.append(Limit(self._said(length + 1), unsaid=True))
        return length

    def _days(self) -> int:
        """Read `of this year`, `in March`, `ordered_at since 2026-03-01`, `where ordered_at is before 2025`."""
        place = self._at
        column: known.Words = ()
        if self._words[place] in known.WHERE:
            place += 1
        for length in range(known.LONGEST_TERM, 0, -1):
            named = self._span(length, place)
            if len(named) == length and named in self._names.columns and not self._cut(place, length):
                after = place + length
                after += after < len(self._words) and self._words[after] in known.IS
                if self._days_at(after) is not None:
                    place, column = after, named
                    break
        found = self._days_at(place)
        if found is None:
            return 0
        days, end = found
        self._clause.limits.append(Limit(self._said(end - self._at), column=column, days=days))
        return end - self._at

    def _days_at(self, place: int) -> tuple[Days, int] | None:
        """Return the days that are said at a place, and where the words behind them begin."""
        start = place
        while place < len(self._words) and self._words[place] in known.OF | {"the", "on"}:
            place += 1
        words, chunks = self._words[place:], [token.chunk for token in self._tokens[place:]]
        found = days_of(words, chunks, self._today)
        if found is None and place > start:
            found = span_of(words, chunks, self._today)
        return (found[0], place + found[1]) if found is not None else None

    def _cut(self, place: int, length: int) -> bool:
        """Return whether words at a place end within what was written as one."""
        end = place + length
        return end < len(self._tokens) and self._tokens[end].chunk is self._tokens[end - 1].chunk

    def _time(self) -> int:
        """Read what no grant can hold: `this week`, `yesterday`, `the past year`."""
        place = self._at
        while place < len(self._words) and self._words[place] in known.OF | {"the"}:
            place += 1
        rest = self._words[place : place + 3]
        length = 0
        if rest and rest[0] in known.DAYS:
            length = 1
        elif len(rest) > 1 and rest[0] in known.THESE and rest[1] in known.SPANS:
            length = 2
        elif len(rest) > 2 and rest[0] in known.THESE and rest[1].isdecimal() and rest[2] in known.SPANS:  # noqa: PLR2004
            length = 3
        elif len(rest) > 1 and rest[0] in {"since", "before", "after", "until"} and rest[1].isdecimal():
            length = 2
        elif rest and place > self._at and re.fullmatch(r"(?:19|20)\d\d", rest[0]):
            length = 1
        if not length:
            return 0
        length += place - self._at
        self._clause.limits.append(Limit(self._said(length), unsaid=True))
        return length

    def _equality(self) -> int:
        """Read `where status is open`, `whose region = EMEA`, `of region EMEA`, `status = open`."""
        place = self._at
        conditional = self._words[place] not in known.OF
        place += self._words[place] in known.WHERE | known.OF
        while place < len(self._words) and self._words[place] in {"the", "a", "their"}:
            place += 1
        for length in range(known.LONGEST_TERM, 0, -1):
            column = self._span(length, place)
            if len(column) == length and column in self._names.columns:
                return self._value(column, place + length, conditional=conditional)
        return 0

    def _value(self, column: known.Words, place: int, *, conditional: bool) -> int:
        equal = place < len(self._words) and self._words[place] in known.IS
        while place < len(self._words) and self._words[place] in known.IS | {"to"}:
            place += 1
        if place >= len(self._tokens) or not (equal or not conditional):
            return 0
        value = self._tokens[place]
        if not equal and not value.quoted and (self._is_known(place) or value.word in known.EMPTY):
            return 0
        if not value.quoted and value.word in known.NO:
            return 0
        length = place - self._at + 1
        # All words of what was written as one are its value.
        while place + 1 < len(self._tokens) and self._tokens[place + 1].chunk is value.chunk:
            place, length = place + 1, length + 1
        self._clause.limits.append(Limit(self._said(length), column=column, value=value.chunk))
        return length

    def _is_known(self, place: int) -> bool:
        word = (self._words[place],)
        return word in self._names.tables or word in self._names.columns or word in known.CLASS_TERMS

    # -- tables, columns, classes --------------------------------------------------------------------------------

    def _part(self) -> int:
        """Read `last four digits (of)`: what it is about comes with it, or was said before."""
        for words, mask in known.PARTS:
            if self._span(len(words)) == words:
                self.way, self.masked, self._mask = Way.GIVE, True, mask
                self._clause.part = (self._said(len(words)), mask)
                return len(words)
        return 0

    def _term_or_table(self) -> int:
        for length in range(known.LONGEST_TERM, 0, -1):
            span = self._span(length)
            if len(span) < length:
                continue
            if span in self._names.tables and not self._cuts_a_name(length):
                self._table(span)
                self._after_table = self._at + length
                return length
            if span in known.CLASS_TERMS or (span in self._names.columns and not self._is_of_a_table(span)):
                self._clause.terms.append(self._term(span))
                self._denied = False
                return length
        return 0

    def _cuts_a_name(self, length: int) -> bool:
        """Return whether words end within what was written as one."""
        end = self._at + length
        return end < len(self._tokens) and self._tokens[end].chunk is self._tokens[end - 1].chunk

    def _is_of_a_table(self, span: known.Words) -> bool:
        """Return whether words are rather a table and its column: `customer email` where `customers` has an `email`.

        They are not when they are written as one, or said of a table that has a column of that whole name.
        """
        of = self._of(len(span))
        whole = [
            words_of(column.name)
            for table in self._names.tables.values()
            if table.written == of
            for column in table.columns
        ]
        if len(span) > 1 and (self._is_one(len(span)) or span in whole):
            return False
        for length in range(1, len(span)):
            table = self._names.tables.get(span[:length])
            if table is not None and any(words_of(column.name) == span[length:] for column in table.columns):
                return True
        # A word that carries nothing names no column by itself.
        return len(span) == 1 and span[0] in known.EMPTY | known.NO | known.RANKING

    def _is_one(self, length: int) -> bool:
        """Return whether words were written as one, as names with underscores are."""
        return len({id(token.chunk) for token in self._tokens[self._at : self._at + length]}) == 1

    def _term(self, span: known.Words) -> Term:
        masked = self.masked and self.way is not Way.WITHOUT
        return Term(span, self.way, self._said(len(span)), self._of(len(span)), masked, self._mask if masked else None)

    def _table(self, span: known.Words) -> None:
        written = self._names.tables[span].written
        before = self._at - 1
        while before >= 0 and self._words[before] in _ARTICLES:
            before -= 1
        if before >= 0 and before == self._after_table and self._words[before] in _WHOSE:
            # "orders of customers" are orders.
            self._clause.whose.append(self._said(len(span)))
            return
        named = self._clause.not_tables if self.way is Way.WITHOUT else self._clause.tables
        if written not in named:
            named.append(written)

    def _of(self, length: int) -> str:
        """Return the table that a term is said of: the next one behind `of`, or else the one before it."""
        place = self._at + length
        while place < len(self._words):
            if self._words[place] in known.OF:
                place += 1
                while place < len(self._words) and self._words[place] in _ARTICLES:
                    place += 1
                return self._table_at(place) or self._before()
            if self._table_at(place) or self._words[place] in known.NO | known.ALSO | known.WHERE:
                break
            place += 1
        return self._before()

    def _before(self) -> str:
        return self._clause.tables[-1] if self._clause.tables else ""

    def _table_at(self, place: int) -> str:
        for length in range(known.LONGEST_TERM, 0, -1):
            table = self._names.tables.get(self._span(length, place))
            if table is not None:
                return table.written
        return ""

    # -- the rest ------------------------------------------------------------------------------------------------

    def _mode(self) -> int:
        word = self._words[self._at]
        if word in known.NO:
            self.way, self._denied = Way.WITHOUT, True
        elif word in known.ALSO:
            self.way = Way.ALSO
        elif word in known.MASKED:
            pass
        elif word in known.WRITING:
            self._clause.writing = self._said(1)
        elif word in known.RANKING:
            return self._ranking()
        elif word in known.WHY and self._at:
            self._clause.purpose = self._said(len(self._tokens) - self._at)
            return len(self._tokens) - self._at
        else:
            return 0
        return 1

    def _ranking(self) -> int:
        length = 2 if self._at + 1 < len(self._words) and _QUANTITY.fullmatch(self._words[self._at + 1]) else 1
        self._clause.ranking.append(self._said(length))
        return length

    def _small_word(self) -> int:
        return 1 if self._words[self._at] in known.EMPTY else 0
