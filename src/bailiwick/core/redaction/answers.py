"""What comes back to whoever asked, such as a model's answer: what must not be seen in it is masked for good.

What somebody sent is theirs: it is not masked where it comes back, and where a name stands for it, the value is put
back. The search is of the text before that, so that no value which is put back is looked at.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from bailiwick.core.masking import MASK, Masker
from bailiwick.core.redaction.engine import Redaction
from bailiwick.core.redaction.found import shown_for
from bailiwick.core.redaction.placeholders import Placeholders
from bailiwick.core.redaction.strings import MASKED, Value, found_in, is_lone_name, with_known

Write = Callable[[str], str]


class AnswerSearch:
    """The search of one answer, with what was found by kind in `counts`.

    `sent` are the strings as they left, and `names` stand for what was taken out of them.
    """

    def __init__(self, redaction: Redaction, masker: Masker, sent: Sequence[str], names: Placeholders) -> None:
        self._redaction = redaction
        self._masker = masker
        self._sent = sent
        self.names = names
        self.counts: Counter[str] = Counter()

    @property
    def personal(self) -> bool:
        """Whether personal data is looked for, too."""
        return self._redaction.profile != "secrets"

    def begun(self, text: str) -> int:
        """Return where a known value begins that a text may break off in, the text's length where there is none."""
        return self._masker.begun(text)

    def found(self, text: str) -> list[Value]:
        """Return what is to be masked in a text, in order."""
        return self._to_mask(text, self._redaction.values(text))

    def masked(self, strings: Sequence[str], writers: Sequence[Write]) -> list[str]:
        """Return whole strings that belong together, masked, with values put back as each string's writer writes."""
        found = found_in(strings, self._redaction)
        return [
            self.shown(text, self._to_mask(text, values), write)
            for text, values, write in zip(strings, found, writers, strict=True)
        ]

    def shown(self, text: str, values: Sequence[Value], write: Write = str) -> str:
        """Return a text with these places masked, which are counted, and with values put back in all others."""
        kept, place = [], 0
        for start, end, kind in values:
            kept += [self.names.restore(text[place:start], write), self.mask(kind)]
            place = end
        rest = self.names.restore(text[place:], write)
        return "".join([*kept, rest]) if kept else rest

    def mask(self, kind: str) -> str:
        """Return what is shown in the place of a value, and count it."""
        self.counts[kind] += 1
        return MASK if kind == MASKED else shown_for(kind)

    def _to_mask(self, text: str, values: Sequence[Value]) -> list[Value]:
        others = [
            (start, end, kind)
            for start, end, kind in values
            if not is_lone_name(text, kind) and not self._is_own(text[start:end])
        ]
        return with_known(others, self._masker.places(text))

    def _is_own(self, value: str) -> bool:
        """Return whether the caller sent a value, or something that has it within."""
        return self.names.stand_for(value) or any(value in text for text in self._sent)
