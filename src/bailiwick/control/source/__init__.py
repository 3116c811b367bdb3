"""Source: git repositories, pushes, and where things came from."""

from bailiwick.control.source.errors import GitError, PushRefusedError
from bailiwick.control.source.hook_server import HookServer, Push, PushAnswer, RefUpdate
from bailiwick.control.source.repositories import Commit, Repositories, git_environment
from bailiwick.control.source.service import PushRecord, SourceService

__all__ = [
    "Commit",
    "GitError",
    "HookServer",
    "Push",
    "PushAnswer",
    "PushRecord",
    "PushRefusedError",
    "RefUpdate",
    "Repositories",
    "SourceService",
    "git_environment",
]
