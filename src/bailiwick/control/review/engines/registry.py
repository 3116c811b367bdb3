"""The engines of a review, in the order in which their findings are named."""

import importlib.metadata

from bailiwick.control.review.engines import evasion, instructions, ruff, secrets, sockets, standards, tree, unicode
from bailiwick.control.review.engines.declared import check as declared
from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.engines.infra import configuration, containers, dockerfile, shell, workflows
from bailiwick.control.review.engines.javascript import engine as javascript
from bailiwick.control.review.engines.packages import check as packages
from bailiwick.control.review.engines.python import analysis as python_flow
from bailiwick.control.review.engines.python.controls import engine as python_controls
from bailiwick.control.review.engines.python.patterns import engine as python_patterns
from bailiwick.control.review.engines.python.templates import ENDINGS
from bailiwick.control.review.engines.samples import SAMPLES
from bailiwick.control.review.engines.sql import check as sql
from bailiwick.control.review.engines.templates import engine as templates

__all__ = ["ENGINES", "SAMPLES"]


def _is_python(path: str) -> bool:
    return path.endswith((".py", ".pyw", ".pyi", ".ipynb"))


def _is_followed(path: str) -> bool:
    return path.endswith((".py", ".pyw", ".ipynb", *ENDINGS))


# They parse the same files.
_PYTHON = "python"
# What takes less than starting a process; none of them starts a program or has a parser of its own in C.
_SMALL = "small"

ENGINES: tuple[Engine, ...] = (
    Engine("tree", tree.check, reads_history=True, group=_SMALL),
    Engine("secrets", secrets.check, reads_history=True, group=_SMALL),
    Engine("evasion", evasion.check, each_file_alone=True, group=_SMALL),
    Engine("declared", declared.check, group=_SMALL),
    Engine("packages", packages.check, reads=packages.reads, group=_SMALL),
    Engine("python-flow", python_flow.check, reads=_is_followed, group=_PYTHON),
    Engine("python-patterns", python_patterns.check, reads=_is_python, group=_PYTHON),
    Engine("python-controls", python_controls.check, reads=_is_python, group=_PYTHON),
    Engine("javascript", javascript.check, reads=javascript.reads),
    Engine("templates", templates.check, reads=templates.reads, each_file_alone=True),
    Engine("ruff", ruff.check, reads=_is_python, each_file_alone=True, version=importlib.metadata.version("ruff")),
    Engine("sockets", sockets.check, reads=sockets.reads, each_file_alone=True, group=_SMALL),
    Engine("unicode", unicode.check, group=_SMALL),
    Engine("instructions", instructions.check, each_file_alone=True, group=_SMALL),
    Engine("shell", shell.check, reads=shell.reads, each_file_alone=True),
    Engine("workflows", workflows.check, reads=workflows.reads, each_file_alone=True),
    Engine("dockerfile", dockerfile.check, reads=dockerfile.reads, each_file_alone=True),
    Engine("containers", containers.check, reads=containers.reads, each_file_alone=True),
    Engine("sql", sql.check, reads=sql.reads, each_file_alone=True, version=importlib.metadata.version("squawk-cli")),
    Engine("standards", standards.check, group=_SMALL),
    Engine("migrations", sql.order, reads=sql.is_migration),
    Engine("configuration", configuration.check, reads=configuration.reads, each_file_alone=True),
)
