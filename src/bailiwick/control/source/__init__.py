"""Source: git repositories, pushes, and where things came from."""

from bailiwick.control.source.blame import MOST_LINES, BlamedLine
from bailiwick.control.source.commits import CommitRecord
from bailiwick.control.source.errors import GitError, PushRefusedError, UnknownRevisionError
from bailiwick.control.source.hook_server import HookServer, Push, PushAnswer, RefUpdate, Waiting
from bailiwick.control.source.patches import NewContent, Patch
from bailiwick.control.source.plumbing import git_environment
from bailiwick.control.source.provenance import Told
from bailiwick.control.source.pushes import PushRecord, last_pushers, last_taken
from bailiwick.control.source.repositories import Commit, Repositories
from bailiwick.control.source.service import SourceService
from bailiwick.control.source.uploads import Upload, UploadService
from bailiwick.control.source.working_copy import read_range

__all__ = [
    "MOST_LINES",
    "BlamedLine",
    "Commit",
    "CommitRecord",
    "GitError",
    "HookServer",
    "NewContent",
    "Patch",
    "Push",
    "PushAnswer",
    "PushRecord",
    "PushRefusedError",
    "RefUpdate",
    "Repositories",
    "SourceService",
    "Told",
    "UnknownRevisionError",
    "Upload",
    "UploadService",
    "Waiting",
    "git_environment",
    "last_pushers",
    "last_taken",
    "read_range",
]
