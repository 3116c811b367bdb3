"""Transactions in which a refusal lasts: what it spent, counted or ended is not taken back."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from bailiwick.control.identity.oauth.errors import OAuthError, TooManyTriesError
from bailiwick.core.errors import NotFoundError
from bailiwick.store import Store

T = TypeVar("T")


def lasting(store: Store, decide: Callable[[Session], T]) -> T:
    """Return what a function decides, in one transaction that is also committed when it refuses."""
    with store.transaction() as session:
        try:
            return decide(session)
        except (OAuthError, TooManyTriesError, NotFoundError) as fault:
            refused = fault
    raise refused
