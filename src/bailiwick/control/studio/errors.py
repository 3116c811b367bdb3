"""What can go wrong in the studio."""

from bailiwick.core.errors import BailiwickError, ConflictError, ForbiddenError, InvalidInputError, NotFoundError


class NoConversationError(NotFoundError):
    """There is no such conversation, or whoever asks may not see it."""

    code = "studio.no-conversation"


class NotSetUpError(ForbiddenError):
    """The studio's agent may not work for whoever asks: nobody made it, it is switched off, or it has no model."""

    code = "studio.not-set-up"


class BusyError(ConflictError):
    """A turn is under way."""

    code = "studio.busy"


class DraftError(InvalidInputError):
    """A draft cannot hold what is to be written to it."""

    code = "studio.draft"


class AnswerError(BailiwickError):
    """A model gave no answer that can be used. The words hold nothing of what was asked."""

    code = "studio.no-answer"
    status = 502


class TurnEndedError(BailiwickError):
    """A turn ends before the model was done: stopped by a person, or by a limit."""

    code = "studio.turn-ended"
    status = 409

    def __init__(self, message: str, *, hint: str = "", by_person: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.by_person = by_person
