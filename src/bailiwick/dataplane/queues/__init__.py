"""Queues of apps: messages for their workers, kept on the plane's disk until they were handled."""

from bailiwick.dataplane.queues.door import QueueListener, Queues
from bailiwick.dataplane.queues.store import Counts, DeadLetter, Message, Place, QueueFullError, QueueStore

__all__ = [
    "Counts",
    "DeadLetter",
    "Message",
    "Place",
    "QueueFullError",
    "QueueListener",
    "QueueStore",
    "Queues",
]
