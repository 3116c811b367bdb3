"""Which classes of data are sensitive, by their names."""

from collections.abc import Iterable

# Parts of names of data classes that stand for what does harm to people, or to the company, in the wrong hands.
_SENSITIVE = frozenset(
    "bank banking biometric card cardholder child children credential credentials criminal customer customers employee "
    "employees ethnic finance financial genetic health hr iban identity medical password passwords patient patients "
    "payment payments payroll pci personal phi pii religion salaries salary secret secrets sexual ssn tax token "
    "tokens".split()
)


def sensitive_in(classes: Iterable[str]) -> list[str]:
    """Return those of some classes of data that are sensitive, in their order."""
    return [name for name in classes if _SENSITIVE & set(name.split("-"))]


def sensitive_pattern() -> str:
    """Return a regular expression that a sensitive class of data matches, for where one asks a database."""
    return f"(^|-)({'|'.join(sorted(_SENSITIVE))})(-|$)"
