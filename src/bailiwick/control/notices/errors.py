"""What can go wrong with notices and with the links in them."""

from bailiwick.core.errors import BailiwickError


class NoticeError(BailiwickError):
    """A mail server or a chat did not take a notice. The message holds no secret; `for_good` says that trying again
    would change nothing.
    """

    code = "notice.undelivered"
    status = 503

    def __init__(self, message: str, *, hint: str = "", for_good: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.for_good = for_good


class LinkRefusedError(BailiwickError):
    """A link of a mail opens nothing: forged, too old, used, somebody else's, or about what is no longer asked."""

    code = "notice.link-refused"
    status = 410
