"""Rules about rows as a person reads them: one sentence for what each row must be."""

from bailiwick.core.grants import AllOf, AnyOf, RowCondition, RowRule


def rule_words(rule: RowRule) -> str:
    """Return a rule in words, to follow "only rows whose": `region is the person's own region`."""
    if isinstance(rule, AnyOf):
        return _joined(" or ", rule.any_of)
    return _joined(" and ", rule.all_of) if isinstance(rule, AllOf) else condition_words(rule)


def condition_words(condition: RowCondition) -> str:
    """Return one condition in words."""
    return f"{condition.column} {_comparison(condition)}"


def _joined(word: str, rules: tuple[RowRule, ...]) -> str:
    parts = [rule_words(rule) for rule in rules]
    nested = [
        f"({part})" if not isinstance(rule, RowCondition) else part for rule, part in zip(rules, parts, strict=True)
    ]
    return word.join(nested) if len(parts) > 1 else parts[0]


def _comparison(condition: RowCondition) -> str:
    if condition.one_of is not None:
        return f"is one of {_listed(condition.one_of)}"
    if condition.none_of is not None:
        return f"is given and none of {_listed(condition.none_of)}"
    if condition.is_null is not None:
        return "is not given" if condition.is_null else "is given"
    if condition.within_days is not None:
        return f"is of the last {condition.within_days} days" if condition.within_days else "is of today"
    words = {"is the person's own": condition.equals_attribute,
             "is among the person's own": condition.one_of_attribute}  # fmt: skip
    values = {"is": condition.equals, "is above": condition.above, "is at least": condition.at_least,
              "is below": condition.below, "is at most": condition.at_most}  # fmt: skip
    found = [f"{word} {name}" for word, name in words.items() if name is not None]
    found += [f"{word} {value!r}" for word, value in values.items() if value is not None]
    return found[0]


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(map(repr, values))
