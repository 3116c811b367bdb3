"""Questions for lines of an app's log, and their answers, as the API, the console and agents have them."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bailiwick.control.asking import LogQuery
from bailiwick.core.messages import LONGEST_WAIT_SECONDS, MOST_LOG_LINES, LogAnswer, Severity
from bailiwick.core.modes import PREVIEW, Mode


class LogAsked(BaseModel):
    """Which lines somebody asks for."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = PREVIEW
    branch: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9._/-]*$")] = ""
    last: Annotated[int, Field(ge=1, le=MOST_LOG_LINES)] = 50
    after: Annotated[int, Field(ge=0, le=2**53)] = 0
    since: AwareDatetime | None = None
    text: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    trace: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")] = ""
    severity: Severity = ""
    wait_seconds: Annotated[float, Field(ge=0, le=LONGEST_WAIT_SECONDS)] = 0

    @property
    def query(self) -> LogQuery:
        """The question as the service takes it."""
        return LogQuery(**self.model_dump())


def log_document(app: str, asked: LogAsked, answer: LogAnswer) -> dict[str, Any]:
    """Return lines as a document; `after` asks for those that come next."""
    lines = [line.model_dump(mode="json") for line in answer.lines]
    after = answer.lines[-1].number if answer.lines else asked.after
    return {"app": app, "mode": asked.mode, "branch": asked.branch, "lines": lines, "more": answer.more, "after": after}
