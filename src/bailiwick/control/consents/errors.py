"""What can go wrong with consents."""

from bailiwick.core.errors import BailiwickError, ForbiddenError


class ConsentNeededError(BailiwickError):
    """A person has not consented, or their consent has ended: nobody but they can give it, in the console."""

    code = "consent.needed"
    status = 403


class ConsentRefusedError(ForbiddenError):
    """What came back from a service does not belong to what this person began in this browser."""

    code = "consent.refused"
