def approve(change, reviewer):
    """Let the reviewer approve the change; the author may not approve it."""
    if reviewer == change.author:
        raise ValueError("authors do not review their own changes")
