"""A change from a working copy: its folder as it stands, and every blob of the commits since a revision."""

from dataclasses import replace
from pathlib import Path

from bailiwick.control.review import Change, read_folder
from bailiwick.control.source.errors import GitError, UnknownRevisionError
from bailiwick.control.source.incoming import IncomingReader
from bailiwick.control.source.plumbing import Git


def read_range(folder: Path, base: str) -> Change:
    """Return what a push of HEAD onto `base` would bring, with the folder's files as they are now as its tip.

    Raises `UnknownRevisionError` when the folder is no git repository or has no such revision.
    """
    git = Git(folder.resolve() / ".git", {})
    try:
        since = git.text("rev-parse", "--verify", "--end-of-options", f"{base}^{{commit}}").strip()
        head = git.text("rev-parse", "--verify", "HEAD").strip()
    except GitError as fault:
        raise UnknownRevisionError(
            f"{folder} has no revision '{base[:60]}'",
            hint="name a commit, tag or branch; the folder must be a git checkout",
        ) from fault
    history, unread = IncomingReader(git, head, ("--not", since)).history({})
    return replace(read_folder(folder), history=history, unread=unread)
