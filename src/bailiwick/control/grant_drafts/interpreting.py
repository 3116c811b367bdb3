"""Interprets a question over a catalogue: what of it is opened, and what became of each of its words.

The rules, from which no wording leads out: what is not understood opens nothing, and takes the tables that it may limit
with it; what cannot be put into a grant does so, too. A table that is named opens its columns but those that hold
something sensitive, or free text: these must be named. Secrets are opened by no question.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bailiwick.control.grant_drafts import forms
from bailiwick.control.grant_drafts import vocabulary as known
from bailiwick.control.grant_drafts.clauses import Clause, Limit, Names, Term, Way
from bailiwick.control.grant_drafts.dates import Days
from bailiwick.control.grant_drafts.model import Became, Column, Phrase, Reading, Table
from bailiwick.control.grant_drafts.parsing import parse
from bailiwick.core.column_classes import CARD, SECRET
from bailiwick.core.data_classes import sensitive_in
from bailiwick.core.grants import Mask, RowCondition, TableGrant
from bailiwick.core.naming import words_of
from bailiwick.core.row_words import condition_words

_NO_DATES = "no grant limits rows by it here: say a column and a value, or have the app's query do it"


def interpret(question: str, tables: Sequence[Table], attributes: Sequence[str], today: date) -> Reading:
    """Return what a question of today comes to over tables; `attributes` are those that people have (`region`)."""
    return _Interpreter(tables, parse(question, Names.of(tables, attributes), today)).run()


@dataclass
class _Drafted:
    """A table that is named, with what is said of it so far; `because` is what keeps all of it back."""

    table: Table
    said: str
    rows: list[RowCondition] = field(default_factory=list)
    because: list[str] = field(default_factory=list)
    only: dict[str, Term] = field(default_factory=dict)
    restricted: bool = False
    more: dict[str, Term] = field(default_factory=dict)
    masks: dict[str, Mask] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)


class _Interpreter:
    def __init__(self, tables: Sequence[Table], clauses: Sequence[Clause]) -> None:
        self._all = {table.written: table for table in tables}
        self._clauses = clauses
        self._phrases: list[Phrase] = []
        self._not_given: list[str] = []
        self._wider: list[str] = []
        self._drafted: dict[str, _Drafted] = {}
        for clause in clauses:
            for name in clause.tables:
                self._drafted.setdefault(name, _Drafted(self._all[name], name))

    def run(self) -> Reading:
        """Return the reading."""
        for clause in self._clauses:
            self._read(clause)
        self._restore_parts()
        granted: list[TableGrant] = []
        asked: dict[str, str] = {}
        for drafted in self._drafted.values():
            grant = self._granted(drafted, asked)
            if grant is not None:
                granted.append(grant)
        if not self._drafted:
            self._not_given.append("no table is named, so nothing is opened")
        return Reading(
            tuple(granted),
            tuple(self._phrases),
            asked,
            tuple(dict.fromkeys(self._not_given)),
            tuple(self._wider if granted else ()),
            tuple(self._cautions(granted)),
        )

    # -- clause by clause ----------------------------------------------------------------------------------------

    def _read(self, clause: Clause) -> None:
        about = [self._drafted[name] for name in clause.tables] or list(self._drafted.values())
        for name in clause.tables:
            self._note(name, Became.GIVEN, f"rows of {name}")
        for name in clause.not_tables:
            self._without_table(name)
        for words in clause.whose:
            self._note(words, Became.LIMITED, "says whose they are; it opens nothing of its own")
        for limit in clause.limits:
            self._limit(limit, about)
        for term in clause.terms:
            self._term(term, clause, about)
        for words in clause.unknown:
            self._unknown(words, clause, about)
        for words in clause.ranking:
            self._note(words, Became.NOT_UNDERSTOOD, "a grant does not say which rows come first: an app sorts")
            self._wider += [f"all rows of {item.table.written}, not only '{words}'" for item in about]
        if clause.purpose:
            self._note(clause.purpose, Became.LIMITED, "taken as what it is for; it opens and limits nothing")
        if clause.writing:
            self._writing(clause, about)

    def _note(self, words: str, became: Became, meaning: str) -> None:
        phrase = Phrase(words, became, meaning)
        if phrase not in self._phrases:
            self._phrases.append(phrase)

    def _without_table(self, name: str) -> None:
        self._note(name, Became.WITHHELD, f"nothing of {name} is opened")
        if name in self._drafted:
            self._drafted[name].because.append("the question says that it is left out")

    def _unknown(self, words: str, clause: Clause, about: Sequence[_Drafted]) -> None:
        self._note(words, Became.NOT_UNDERSTOOD, "names no table, column, class of data or limit here")
        if clause.tables or clause.limits:
            # It stands with the tables, so it may say which rows are meant.
            for item in about:
                item.because.append(f"'{words}' was not understood and may limit it")

    def _writing(self, clause: Clause, about: Sequence[_Drafted]) -> None:
        words = "changing data is not opened by a question: write the access rule down (bailiwick integration register)"
        self._note(clause.writing, Became.NOT_GIVEN, words)
        self._not_given.append(f"'{clause.writing}': {words}")
        for item in about if clause.tables else ():
            item.because.append(f"the question asks to {clause.writing} it, which is not the same as to read it")

    def _limit(self, limit: Limit, about: Sequence[_Drafted]) -> None:
        if limit.unsaid:
            self._note(limit.said, Became.NOT_GIVEN, _NO_DATES)
            for item in about:
                item.because.append(
                    f"'{limit.said}' cannot be put into a grant, and all rows would be more than was asked"
                )
            return
        if limit.days is not None:
            self._limit_days(limit, limit.days, about)
            return
        wanted = (limit.attribute,) if limit.attribute else limit.column
        placed = False
        for item in about:
            column = _column_of(item.table, wanted)
            if column is None:
                item.because.append(f"it has no column for '{limit.said}'")
                continue
            placed = True
            made = forms.own_rows(column, limit.attribute) if limit.attribute else forms.rows_with(column, limit.value)
            item.rows.append(made)
        whose = f"the person's own {limit.attribute}" if limit.attribute else repr(limit.value)
        meaning = f"only rows whose {' '.join(wanted)} is {whose}" if placed else "no table here has such a column"
        self._note(limit.said, Became.LIMITED if placed else Became.NOT_GIVEN, meaning)

    def _limit_days(self, limit: Limit, days: Days, about: Sequence[_Drafted]) -> None:
        placed: list[str] = []
        for item in about:
            column, because = _column_of_days(item.table, limit)
            if column:
                made = forms.rows_of_days(column, days.begin, days.end, days.within)
                item.rows += made
                placed += [condition_words(condition) for condition in made]
            else:
                item.because.append(because)
        if placed:
            self._note(limit.said, Became.LIMITED, f"only rows whose {' and whose '.join(dict.fromkeys(placed))}")
        else:
            self._note(limit.said, Became.NOT_GIVEN, "no table here has one column that it can be about")

    def _term(self, term: Term, clause: Clause, about: Sequence[_Drafted]) -> None:
        if term.way is Way.WITHOUT:
            self._without(term)
            return
        of = [self._drafted[term.of]] if term.of in self._drafted else about
        met: list[str] = []
        for item in of:
            columns = _columns_of(item.table, term.words, broadly=False)
            if term.way is Way.GIVE and (clause.tables or not term.masked):
                item.restricted = True
                item.only |= dict.fromkeys(columns, term)
            else:
                item.more |= dict.fromkeys(columns, term)
            met += [f"{item.table.written}.{name}" for name in columns]
            if term.masked:
                for name in columns:
                    item.masks[name] = term.mask or forms.usual_mask(_of_name(item.table, name).classes)
        if met:
            masked = "masked: " if term.masked else ""
            self._note(term.said, Became.GIVEN, masked + ", ".join(met))
        else:
            names = ", ".join(item.table.written for item in of) or "any table that is named"
            self._note(term.said, Became.NOT_GIVEN, f"there is nothing like it in {names}")
            self._not_given.append(f"'{term.said}': there is nothing like it in {names}")

    def _without(self, term: Term) -> None:
        """Take columns out of every table, whatever stands between: leaving out more is never too much."""
        met = []
        for item in self._drafted.values():
            for name in _columns_of(item.table, term.words, broadly=True):
                item.without[name] = term.said
                met.append(f"{item.table.written}.{name}")
        self._note(
            term.said, Became.WITHHELD, f"left out: {', '.join(met)}" if met else "there is none, so none is left out"
        )

    def _restore_parts(self) -> None:
        """Read "no card numbers, only the last four digits" as it is meant: a part of what was just said."""
        for before, clause in zip([None, *self._clauses], self._clauses, strict=False):
            if clause.part is None or clause.terms:
                continue
            words, mask = clause.part
            last = before.terms if before is not None else []
            met = []
            for item in self._drafted.values():
                for term in last:
                    for name in _columns_of(item.table, term.words, broadly=False):
                        if item.without.get(name) in {None, term.said}:
                            item.without.pop(name, None)
                            item.more[name] = Term(
                                term.words, Way.ALSO, f"{term.said}, {words}", masked=True, mask=mask
                            )
                            item.masks[name] = mask
                            met.append(f"{item.table.written}.{name}")
            if met:
                said = {term.said for term in last}
                self._phrases = [
                    item for item in self._phrases if item.became != Became.WITHHELD or item.words not in said
                ]
                self._note(words, Became.GIVEN, f"masked: {', '.join(met)}")
            else:
                self._note(words, Became.NOT_GIVEN, "it does not say of what")
                self._not_given.append(f"'{words}': it does not say of what")

    # -- table by table ------------------------------------------------------------------------------------------

    def _granted(self, drafted: _Drafted, asked: dict[str, str]) -> TableGrant | None:
        table = drafted.table
        if drafted.because:
            why = "; ".join(dict.fromkeys(drafted.because))
            self._not_given.append(f"nothing of {table.written}: {why}")
            return None
        columns: dict[str, Mask | None] = {}
        for column in table.columns:
            said = self._opens(drafted, column)
            if said:
                columns[column.name] = self._mask(drafted, column)
                asked[f"{table.written}.{column.name}"] = said
        if not columns:
            self._not_given.append(f"nothing of {table.written}: no column is left to open")
            return None
        return forms.reading_of(table.namespace, table.name, columns, drafted.rows)

    def _opens(self, drafted: _Drafted, column: Column) -> str:
        """Return the words that open a column, empty when it stays closed."""
        name, written = column.name, f"{drafted.table.written}.{column.name}"
        if name in drafted.without:
            return ""
        term = drafted.only.get(name) or drafted.more.get(name)
        if SECRET in column.classes:
            if term is not None or not drafted.restricted:
                self._not_given.append(f"{written} holds secrets, which no question opens")
            return ""
        if term is not None:
            return term.said
        if drafted.restricted:
            return ""
        if sensitive_in(column.classes) or column.prose:
            holds = f"seems to hold {column.data_class}" if column.data_class else "is free text"
            holds = f"holds {column.data_class}" if column.confirmed and column.data_class else holds
            self._not_given.append(f"{written} {holds}: name it in the question if it is needed")
            return ""
        return drafted.said

    def _mask(self, drafted: _Drafted, column: Column) -> Mask | None:
        mask = drafted.masks.get(column.name)
        if mask is None and CARD in column.classes:
            written = f"{drafted.table.written}.{column.name}"
            self._not_given.append(f"whole card numbers of {written}: a question opens their last four digits only")
            return Mask.LAST4
        return mask

    def _cautions(self, opened: Sequence[TableGrant]) -> list[str]:
        """Return what a person should look at: columns that are opened and of which nobody confirmed what they hold."""
        said = []
        for grant in opened:
            table = next(
                item for item in self._all.values() if (item.namespace, item.name) == (grant.namespace, grant.relation)
            )
            unsure = [
                column.name
                for column in (_of_name(table, granted.name) for granted in grant.columns)
                if not column.confirmed and (column.data_class or column.prose)
            ]
            if unsure:
                said.append(f"nobody confirmed yet what these columns of {table.written} hold: {', '.join(unsure)}")
            if not grant.rows:
                said.append(f"all rows of {table.written} are opened, for everybody who may use the app")
        return said


def _of_name(table: Table, name: str) -> Column:
    return next(column for column in table.columns if column.name == name)


def _column_of(table: Table, words: known.Words) -> str | None:
    """Return the one column that words name: by all of its name, or else as the only one whose name ends so."""
    exact = [column.name for column in table.columns if words_of(column.name) == words]
    ending = [column.name for column in table.columns if words_of(column.name)[-len(words) :] == words]
    found = exact or ending
    return found[0] if len(found) == 1 else None


def _column_of_days(table: Table, limit: Limit) -> tuple[str, str]:
    """Return the column that days are said of, or else why there is none."""
    known_days = [
        column.name for column in table.columns if column.type == "date" or column.type.startswith("timestamp")
    ]
    if limit.column:
        named = _column_of(table, limit.column)
        return (named, "") if named in known_days else ("", f"it has no day or time for '{limit.said}'")
    if len(known_days) == 1:
        return known_days[0], ""
    if not known_days:
        return "", f"it has no column with a day or time for '{limit.said}'"
    return "", f"'{limit.said}' may be about {' or '.join(known_days)}: say which, as in '{known_days[0]} {limit.said}'"


def _columns_of(table: Table, words: known.Words, *, broadly: bool) -> list[str]:
    """Return the columns that words stand for: by name, or by the class that they hold; `broadly`, by all of these."""
    if known.CLASS_TERMS.get(words) == known.EVERYTHING_PERSONAL:
        return [item.name for item in table.columns if sensitive_in(item.classes) or item.prose]
    exact = [item.name for item in table.columns if words_of(item.name) == words]
    ending = [item.name for item in table.columns if words_of(item.name)[-len(words) :] == words]
    wanted = known.CLASS_TERMS.get(words)
    classed = [item.name for item in table.columns if wanted in item.classes]
    if broadly:
        holding = [item.name for item in table.columns if set(words) <= set(words_of(item.name))]
        return list(dict.fromkeys([*exact, *ending, *classed, *holding]))
    return exact or list(dict.fromkeys([*classed, *ending]))
