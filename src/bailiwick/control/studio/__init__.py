"""The studio: a person says what an app is to do, and an agent writes it, in a draft, by the platform's own rules."""

from bailiwick.control.studio.attachments import MOST_TABLE_BYTES, table_words
from bailiwick.control.studio.client import StudioClient
from bailiwick.control.studio.deleting import StudioKeeper
from bailiwick.control.studio.drafts import Draft, changes, diff_text
from bailiwick.control.studio.errors import BusyError, DraftError, NoConversationError, NotSetUpError
from bailiwick.control.studio.model import (
    AGENT,
    LONGEST_PROMPT,
    MOST_IMAGE_BYTES,
    Conversation,
    FileRef,
    Kind,
    NewStep,
    State,
    Step,
    ToolCall,
    Tree,
    TurnLimits,
    Work,
)
from bailiwick.control.studio.service import SILENT, Prompt, StudioService
from bailiwick.control.studio.turn import ToolAnswer, Toolbox, Turn
from bailiwick.control.studio.turn_log import TurnLog
from bailiwick.control.studio.wire import ToolWords, arguments_of

__all__ = [
    "AGENT",
    "LONGEST_PROMPT",
    "MOST_IMAGE_BYTES",
    "MOST_TABLE_BYTES",
    "SILENT",
    "BusyError",
    "Conversation",
    "Draft",
    "DraftError",
    "FileRef",
    "Kind",
    "NewStep",
    "NoConversationError",
    "NotSetUpError",
    "Prompt",
    "State",
    "Step",
    "StudioClient",
    "StudioKeeper",
    "StudioService",
    "ToolAnswer",
    "ToolCall",
    "ToolWords",
    "Toolbox",
    "Tree",
    "Turn",
    "TurnLimits",
    "TurnLog",
    "Work",
    "arguments_of",
    "changes",
    "diff_text",
    "table_words",
]
