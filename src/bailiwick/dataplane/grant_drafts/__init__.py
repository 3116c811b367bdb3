"""What a plane does for whoever works on a grant: tells what tables there are, shows the rows of a draft, counts."""

from bailiwick.dataplane.grant_drafts.door import PreviewDoor
from bailiwick.dataplane.grant_drafts.systems import SignIn, Systems
from bailiwick.dataplane.grant_drafts.work import DraftWork

__all__ = ["DraftWork", "PreviewDoor", "SignIn", "Systems"]
