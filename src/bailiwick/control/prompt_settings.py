"""What the settings say of an organisation's own values, and of what prompts are about, checked at the start."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, TypeAdapter, ValidationError, model_validator

from bailiwick.core.messages import Judge, PromptRules
from bailiwick.core.redaction_rules import OwnPattern, OwnRules, OwnWords, RuleName, Word

_MOST_FILE_BYTES = 4 * 2**20
_WORD = TypeAdapter(Word)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DictionaryOptions(_Section):
    """Words that are found as they are written: here, or in a file with one a line (UTF-8; `#` begins a remark).

    What is confidential belongs into a file: settings are kept in versions, and a file is not.
    """

    name: RuleName
    words: tuple[Word, ...] = ()
    file: Path | None = None
    ignore_case: bool = False

    @property
    def rule(self) -> OwnWords:
        """The same with the words of its file; raises `ValueError` for a file that cannot be read."""
        words = (*self.words, *(_words_of(self.file, self.name) if self.file is not None else ()))
        if not words:
            raise ValueError(f"dictionaries: '{self.name}' has no word; give words, or a file")
        return OwnWords(name=self.name, words=words, ignore_case=self.ignore_case)


class RedactionSettings(_Section):
    """The organisation's own values, which redaction finds beside what it knows by itself."""

    patterns: tuple[OwnPattern, ...] = ()
    dictionaries: tuple[DictionaryOptions, ...] = ()

    _rules: OwnRules = PrivateAttr(default_factory=OwnRules)

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        try:
            self._rules = OwnRules(patterns=self.patterns, dictionaries=tuple(item.rule for item in self.dictionaries))
        except ValidationError as fault:
            # Not the fault itself, which shows what it was given: words of a file.
            raise ValueError(str(fault.errors()[0]["msg"])) from None
        return self

    @property
    def rules(self) -> OwnRules:
        """All of them, with the words of files as they were at the start."""
        return self._rules


class TopicOptions(_Section):
    """Something that prompts may be about, known by words or by patterns (RE2): policies ask for it by its name."""

    name: RuleName
    words: tuple[Word, ...] = ()
    patterns: Annotated[tuple[str, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _is_known_by_something(self) -> Self:
        if not self.words and not self.patterns:
            raise ValueError(f"topics: '{self.name}' has neither words nor patterns")
        return self


class JudgeOptions(_Section):
    """A model of these settings that is asked about each prompt, whether it breaks one of these rules.

    `rules` say by their names, in words, what is not allowed. `models` are those whose prompts it judges, all where
    none is named. A prompt that it cannot be asked about is refused.
    """

    model: str
    rules: Annotated[dict[RuleName, Annotated[str, Field(min_length=10, max_length=2000)]], Field(min_length=1)]
    models: frozenset[str] = frozenset()
    seconds: Annotated[float, Field(gt=0, le=60)] = 10.0


class PromptSettings(_Section):
    """What is noticed in prompts beside what is redacted, for policies to decide about."""

    topics: tuple[TopicOptions, ...] = ()
    judge: JudgeOptions | None = None

    _topics: OwnRules = PrivateAttr(default_factory=OwnRules)

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if len({topic.name for topic in self.topics}) < len(self.topics):
            raise ValueError("topics: each needs a name of its own")
        patterns = [OwnPattern(name=topic.name, pattern=one) for topic in self.topics for one in topic.patterns]
        words = [OwnWords(name=item.name, words=item.words, ignore_case=True) for item in self.topics if item.words]
        self._topics = OwnRules(patterns=tuple(patterns), dictionaries=tuple(words))
        return self

    def rules_with(self, own: OwnRules) -> PromptRules:
        """Return what planes are told, with the organisation's own values."""
        judge = self.judge and Judge(
            model=self.judge.model, rules=self.judge.rules, models=self.judge.models, seconds=self.judge.seconds
        )
        return PromptRules(own=own, topics=self._topics, judge=judge)


def _words_of(file: Path, name: str) -> tuple[str, ...]:
    try:
        if file.stat().st_size > _MOST_FILE_BYTES:
            raise ValueError(f"dictionaries: {file} of '{name}' is larger than {_MOST_FILE_BYTES // 2**20} MiB")
        text = file.read_text()
    except UnicodeDecodeError:
        raise ValueError(f"dictionaries: {file} of '{name}' is no UTF-8") from None
    except OSError as fault:
        raise ValueError(f"dictionaries: {file} of '{name}' cannot be read ({fault.strerror})") from None
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        try:
            found.append(_WORD.validate_python(word))
        except ValidationError as fault:
            # The word itself may be confidential.
            raise ValueError(f"dictionaries: line {number} of {file}: {fault.errors()[0]['msg']}") from None
    return tuple(found)
