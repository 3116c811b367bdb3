"""The engines of a review, in the order in which their findings are named."""

import importlib.metadata

from bailiwick.control.review.engines import instructions, python_flow, ruff, secrets, tree, unicode
from bailiwick.control.review.engines.declared import check as declared
from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.engines.packages import check as packages


def _is_python(path: str) -> bool:
    return path.endswith(".py")


ENGINES: tuple[Engine, ...] = (
    Engine("tree", tree.check, reads_history=True),
    Engine("secrets", secrets.check, reads_history=True),
    Engine("declared", declared.check),
    Engine("packages", packages.check, reads=packages.reads),
    Engine("python-flow", python_flow.check, reads=_is_python),
    Engine("ruff", ruff.check, reads=_is_python, each_file_alone=True, version=importlib.metadata.version("ruff")),
    Engine("unicode", unicode.check),
    Engine("instructions", instructions.check, each_file_alone=True),
)
