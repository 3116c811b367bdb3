"""What can go wrong when a model is asked."""

from bailiwick.core.errors import BailiwickError, NotFoundError


class ModelError(BailiwickError):
    """A model gave no answer that can be used. The message holds no key and nothing of what was asked."""

    code = "model.no-answer"
    status = 502


class BudgetSpentError(ModelError):
    """What may be sent to a model in a day was sent."""

    code = "model.budget-spent"
    status = 429


class UnknownModelError(NotFoundError):
    """No model has this name here."""

    code = "model.unknown"
