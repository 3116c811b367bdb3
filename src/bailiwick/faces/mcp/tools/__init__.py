"""The tools, in the order in which agents should think of them."""

from typing import Any

from bailiwick.faces.mcp.tool import Tool
from bailiwick.faces.mcp.tools.apps import CREATE_APP, FIND_APPS, HISTORY
from bailiwick.faces.mcp.tools.changes import FINDINGS, REVIEW_CHANGE, SUBMIT_CHANGE
from bailiwick.faces.mcp.tools.data import DESCRIBE_COLUMNS, SAMPLE_ROWS
from bailiwick.faces.mcp.tools.deploys import DEPLOY_STATUS, REQUEST_APPROVAL, ROLLBACK
from bailiwick.faces.mcp.tools.rules import AGENTS_MD, DESCRIBE_INTEGRATIONS, HOUSE_RULES
from bailiwick.faces.mcp.tools.running import READ_LOGS, RUN_PREVIEW, WATCH_DEPLOY
from bailiwick.faces.mcp.tools.traces import READ_TRACES

TOOLS: tuple[Tool[Any], ...] = (
    FIND_APPS,
    CREATE_APP,
    HOUSE_RULES,
    DESCRIBE_INTEGRATIONS,
    DESCRIBE_COLUMNS,
    SAMPLE_ROWS,
    AGENTS_MD,
    REVIEW_CHANGE,
    SUBMIT_CHANGE,
    FINDINGS,
    RUN_PREVIEW,
    READ_LOGS,
    READ_TRACES,
    REQUEST_APPROVAL,
    WATCH_DEPLOY,
    DEPLOY_STATUS,
    ROLLBACK,
    HISTORY,
)
