"""What takes secrets out of a text before it is kept."""

from collections.abc import Callable

Redact = Callable[[str], str]
