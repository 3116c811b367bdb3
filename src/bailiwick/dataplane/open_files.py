"""Room for connections: a process may open as many files as the host allows it, not the few that shells begin with."""

import resource


def raise_open_files() -> int:
    """Raise this process's own limit of open files to the highest that it may, and return that."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
