"""setup.py and setup.cfg: what they require, as far as it is written out; a setup.py is code that installing runs."""

import ast
import configparser
import warnings
from collections.abc import Iterator

from bailiwick.control.review.engines.packages.model import Places, Problem, Reading
from bailiwick.control.review.engines.packages.readers.toml_files import requirement

_KEYWORDS = frozenset({"install_requires", "setup_requires", "tests_require"})


def setup_py(path: str, text: str) -> Reading:
    """Yield what a setup.py requires in plain strings."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # that it does not parse is a finding of its own
    places = Places(text)
    for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name == "setup":
            if any(keyword.arg == "cmdclass" for keyword in call.keywords):
                words = "installing this app runs code of its own (cmdclass)"
                yield Problem("package-install-script", path, call.lineno, words, "cmdclass")
            for written in _strings(call):
                yield requirement(path, places, written)


def _strings(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg in _KEYWORDS and isinstance(keyword.value, (ast.List, ast.Tuple)):
            for item in keyword.value.elts:
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    yield item.value


def setup_cfg(path: str, text: str) -> Reading:
    """Yield what a setup.cfg requires."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as fault:
        yield Problem("syntax-error", path, getattr(fault, "lineno", 0) or 0, "not an ini file that can be read")
        return
    places = Places(text)
    for section, key in (("options", "install_requires"), ("options", "setup_requires")):
        for written in parser.get(section, key, fallback="").splitlines():
            if written.strip() and not written.strip().startswith("#"):
                yield requirement(path, places, written.strip())
    for section, key in (("easy_install", "index_url"), ("easy_install", "find_links")):
        if parser.has_option(section, key):
            line = places.first(key)
            yield Problem("package-not-from-index", path, line, f"[{section}] {key} names another index", key)
