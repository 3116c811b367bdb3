"""The engines of a review, in the order in which their findings are named."""

import importlib.metadata

from bailiwick.control.review.engines import declared, ruff, secrets, tree
from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.engines.python import analysis as python_flow
from bailiwick.control.review.engines.python.templates import ENDINGS


def _is_python(path: str) -> bool:
    return path.endswith(".py")


def _is_followed(path: str) -> bool:
    return path.endswith((".py", ".pyw", ".ipynb", *ENDINGS))


ENGINES: tuple[Engine, ...] = (
    Engine("tree", tree.check, reads_history=True),
    Engine("secrets", secrets.check, reads_history=True),
    Engine("declared", declared.check),
    Engine("python-flow", python_flow.check, reads=_is_followed),
    Engine("ruff", ruff.check, reads=_is_python, each_file_alone=True, version=importlib.metadata.version("ruff")),
)
