"""What several tools take: short texts of one line, paths of apps, pages."""

from typing import Annotated

from pydantic import Field

# No control characters: what names something is one line, and neither the database nor a log has to cope with more.
_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"

Line = Annotated[str, Field(max_length=200, pattern=_ONE_LINE)]
AppPath = Annotated[
    str, Field(min_length=1, max_length=300, pattern=_ONE_LINE, description="the app, as folder/name: finance/desk")
]
FolderPath = Annotated[
    str, Field(min_length=1, max_length=300, pattern=_ONE_LINE, description="a folder: finance or finance/reports")
]
Id = Annotated[str, Field(max_length=80, pattern=_ONE_LINE)]
Cursor = Annotated[
    str, Field(max_length=500, pattern=_ONE_LINE, description="the cursor of the page before; empty for the first")
]
