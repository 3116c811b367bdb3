"""Logs of prompts: how much of calls is kept at a plane, and under which names its key and its readers' passes go."""

from typing import Literal

# "metadata" keeps no text; "redacted" prompts and answers without secrets and personal data; "full" without secrets.
LogLevel = Literal["off", "metadata", "redacted", "full"]
# Under which name a plane fetches its key for them: no secret of the vault can have it.
PROMPT_KEY = "bailiwick.prompt-key"
# The mode of passes that open the log of one app; calls that come by tokens are under a name that no app has.
PROMPTS_MODE: Literal["prompts"] = "prompts"
BY_TOKEN = "-"  # noqa: S105 - no password
LOG_PATH = "/bailiwick/prompt-log"
