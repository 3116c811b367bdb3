"""Files that people write for the command line."""

import json
from pathlib import Path
from typing import Any

from bailiwick.faces.cli.client import fail

_MOST_BYTES = 2**20


def _loaded(text: str) -> Any:
    """Return what YAML says, days and times as they are written: they go on as JSON, which has none."""
    import yaml  # noqa: PLC0415 - takes long to load, and few verbs read it

    class Loader(yaml.SafeLoader):
        """Knows no days and times."""

    Loader.yaml_implicit_resolvers = {
        first: [item for item in found if item[0] != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(text, Loader)  # noqa: S506 - a safe one


def read_yaml(file: Path, most_bytes: int = _MOST_BYTES) -> dict[str, Any]:
    """Return the content of a YAML file of names and values, or end with what is wrong with it."""
    import yaml  # noqa: PLC0415 - takes long to load, and few verbs read it

    try:
        raw = file.read_bytes()
        text = raw.decode() if len(raw) <= most_bytes else ""
        # Nearly all JSON is YAML, but for tabs.
        found = json.loads(text) if text.startswith("{") and file.suffix == ".json" else _loaded(text)
    except OSError as fault:
        fail({"title": f"{file} cannot be read: {fault.strerror}"})
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        fail({"title": f"{file} is not YAML{where}", "hint": str(getattr(fault, "problem", "") or "")})
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        fail({"title": f"{file} holds no names with values", "hint": "name: value, one below the other"})
    return found
