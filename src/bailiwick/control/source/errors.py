"""What can go wrong with repositories and pushes."""

from bailiwick.core.errors import InvalidInputError, UnavailableError


class GitError(UnavailableError):
    """Git did not do what it was asked; the words are its own."""

    code = "source.git-failed"


class TooMuchOutputError(GitError):
    """Git had more to say than is read of it."""

    code = "source.too-much"


class UnknownRevisionError(InvalidInputError):
    """A folder has no such revision."""

    code = "source.unknown-revision"


class PushRefusedError(InvalidInputError):
    """A push is not taken, for a reason that is not a finding."""

    code = "source.push-refused"
