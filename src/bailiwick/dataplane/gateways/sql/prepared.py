"""Prepared statements and portals of one connection: what each name stands for, exactly as the database has it.

An app may give a name anew, and the database may refuse or skip that after an error. If we then believed the new
meaning while the database kept the old one, a statement made for one person's request could be run under another's. So
within a group of messages new names count at once (after a failure the database skips the rest of the group), and past
it only those that the database has confirmed.
"""

from collections import deque
from dataclasses import dataclass, field

from bailiwick.dataplane.gateways.sql.gateway import Allowed


@dataclass
class Names:
    """What the names of one kind stand for: as confirmed, and as changed by the group in flight."""

    confirmed: dict[str, Allowed] = field(default_factory=dict)
    group: dict[str, Allowed | None] = field(default_factory=dict)

    def get(self, name: str) -> Allowed | None:
        """Return what a name stands for when it is used next."""
        return self.group[name] if name in self.group else self.confirmed.get(name)


@dataclass
class Prepared:
    """The names of one connection."""

    statements: Names = field(default_factory=Names)
    portals: Names = field(default_factory=Names)
    cursors: Names = field(default_factory=Names)
    _holding: set[str] = field(default_factory=set)
    _asked: deque[tuple[Names, str, Allowed | None]] = field(default_factory=deque)

    def ask(self, names: Names, name: str, meaning: Allowed | None) -> None:
        """A name is to be given a meaning, or none any more (Parse, Bind, Close)."""
        names.group[name] = meaning
        self._asked.append((names, name, meaning))

    @property
    def is_within(self) -> bool:
        """Whether a group of messages is not over yet."""
        return bool(self._asked or self.statements.group or self.portals.group or self.cursors.group)

    def confirm(self) -> None:
        """The database did the oldest change that was asked for (ParseComplete, BindComplete, CloseComplete)."""
        if not self._asked:
            return
        names, name, meaning = self._asked.popleft()
        if meaning is None:
            names.confirmed.pop(name, None)
        else:
            names.confirmed[name] = meaning

    def declare(self, name: str, meaning: Allowed) -> None:
        """A cursor is to be made by a statement. Portals of the protocol have names of the same kind."""
        self.cursors.group[name] = meaning
        self.portals.group[name] = None

    def declared(self, name: str, meaning: Allowed, *, holds: bool) -> None:
        """The database made a cursor; one that holds outlives the transaction."""
        self.cursors.confirmed[name] = meaning
        self.portals.confirmed.pop(name, None)
        self._holding.discard(name)
        if holds:
            self._holding.add(name)

    def end_group(self, *, in_transaction: bool) -> None:
        """The group is over (ReadyForQuery): what was not confirmed did not happen; portals end with a transaction."""
        self._asked.clear()
        self.statements.group.clear()
        self.portals.group.clear()
        self.cursors.group.clear()
        if not in_transaction:
            self.portals.confirmed.clear()
        if not in_transaction and self.cursors.confirmed:
            self._holding &= self.cursors.confirmed.keys()
            self.cursors.confirmed = {name: self.cursors.confirmed[name] for name in self._holding}
