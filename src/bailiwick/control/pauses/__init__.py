"""Pauses: workers and agents of apps that a person holds where they are, until somebody lets them go on."""

from bailiwick.control.pauses.errors import NotPausedError, PausedAlreadyError
from bailiwick.control.pauses.model import Pause
from bailiwick.control.pauses.service import PauseService, pauses_of, words_by_worker

__all__ = ["NotPausedError", "Pause", "PauseService", "PausedAlreadyError", "pauses_of", "words_by_worker"]
