"""Programs that code starts, by name: what the sandbox of an app does not hold, and whether it may start any."""

import ast
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bailiwick.control.review.engines.declared.addresses import HOLE
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.capabilities import Capability

_MOST_WORDS = 200
# A sandbox holds the interpreter; it may be called by any of its names.
_INTERPRETER = re.compile(r"python(\d(\.\d+)?)?|node")
# `exec` of something else is the method of patterns.
_NODE_STARTS = re.compile(
    r"(?:\b(?:child_process|cp|childProcess)\.|(?<![\w.]))(?P<verb>spawn|execFile|exec)(?:Sync|Async)?\(\s*"
    r"(?P<quote>['\"`])(?P<text>[^'\"`\n]{1,300})(?P=quote)"
)
_SEPARATORS = frozenset({"|", "||", "&&", "&", ";", "(", ")", "|&", "\n"})
_NAME = re.compile(r"[A-Za-z0-9_./][\w.+/-]{0,80}")
_BUILT_IN = frozenset({
    "cd", "echo", "exit", "export", "set", "unset", "test", "[", "true", "false", ":", ".", "source", "exec", "eval",
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "read", "return", "wait",
    "trap", "printf", "pwd", "shift", "ulimit", "umask", "{", "}", "!", "command", "local",
})  # fmt: skip
# What text must have somewhere before any program can be started from it; by other ways it is found as dynamic code.
_STARTING = re.compile(
    rb"subprocess|popen|\bsystem\b|spawn|\bfork|\bexec[lv]|execFile|child_process|multiprocessing|pexpect|plumbum|\bsh\b|"
    rb"ProcessPoolExecutor|getattr|__import__|import_module|eval|exec\b|\bpty\b|execa|shelljs|startfile|invoke|fabric"
)
_READ = (".py", ".pyw", ".ipynb", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")


@dataclass(frozen=True, slots=True)
class Starter:
    """A callable that starts a program: where the program stands, and whether a text there is a line for a shell."""

    place: int = 0
    keyword: str = "args"
    is_line: bool = False
    one_word: bool = False


_RUN, _LINE, _FILE = Starter(), Starter(keyword="cmd", is_line=True), Starter(keyword="file", one_word=True)
STARTERS: Mapping[str, Starter] = {
    **{f"subprocess.{name}": _RUN for name in ("run", "call", "Popen", "check_call", "check_output")},
    "os.system": _LINE,
    "os.popen": _LINE,
    "subprocess.getoutput": _LINE,
    "subprocess.getstatusoutput": _LINE,
    "asyncio.create_subprocess_shell": _LINE,
    "asyncio.create_subprocess_exec": Starter(keyword="program", one_word=True),
    **{f"os.{name}": _FILE for name in ("execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe",
                                        "posix_spawn", "posix_spawnp")},
    **{f"os.{name}": Starter(1, "file", one_word=True) for name in ("spawnl", "spawnle", "spawnlp", "spawnlpe",
                                                                   "spawnv", "spawnve", "spawnvp", "spawnvpe")},
    "pexpect.spawn": _LINE,
    "pexpect.run": _LINE,
}  # fmt: skip


def started(
    call: ast.Call, starter: Starter, text_of: Callable[[ast.expr], str], constants: Mapping[str, ast.expr]
) -> tuple[str, ...]:
    """Return the programs that a call starts, as far as their names are known; `constants` is what names stand for."""
    given = next((item.value for item in call.keywords if item.arg == starter.keyword), None)
    if given is None:
        given = call.args[starter.place] if len(call.args) > starter.place else None
    if isinstance(given, ast.Name):
        given = constants.get(given.id, given)
    if given is None or isinstance(given, ast.Starred):
        return ()
    while isinstance(given, ast.BinOp) and isinstance(given.op, ast.Add) and isinstance(given.left, ast.List):
        given = given.left
    if isinstance(given, ast.List | ast.Tuple):
        first = given.elts[0] if given.elts and not isinstance(given.elts[0], ast.Starred) else None
        return _named([text_of(first)]) if first is not None else ()
    text = text_of(given)
    if starter.is_line or any(
        item.arg == "shell" and text_of(item.value) not in {"False", "0"} for item in call.keywords
    ):
        return _named(_commands(text))
    # A text alone is the whole name of the program, unless it is for a shell.
    return _named([text] if starter.one_word or " " not in text.strip() else [])


def _commands(line: str) -> Iterator[str]:
    """Yield the first word of each command in a line for a shell."""
    reader = shlex.shlex(line.replace("\n", " ; "), posix=True, punctuation_chars="();<>|&")
    reader.whitespace_split = True
    begins = True
    try:
        for _, word in zip(range(_MOST_WORDS), reader, strict=False):
            if word in _SEPARATORS:
                begins = True
            elif begins and not re.match(r"\w+=", word):
                begins = False
                yield word
    except ValueError:
        return  # quotes that do not end


def _named(words: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(word for word in words if HOLE not in word and _NAME.fullmatch(word) and word not in _BUILT_IN)


def started_by_scripts(code: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield (place, programs) of each start in JavaScript without its comments, where the name stands there."""
    if "child_process" not in code:
        return
    for found in _NODE_STARTS.finditer(code):
        text = re.sub(r"\$\{[^}]*\}", HOLE, found["text"])
        programs = _named(
            _commands(text) if found["verb"].startswith("exec") and "File" not in found["verb"] else [text]
        )
        if programs:
            yield found.start(), programs


def is_missing(program: str, files: Mapping[str, TreeFile]) -> bool:
    """Return whether a program is in no sandbox: not the interpreter, nor the app's own, nor one of its packages'."""
    name = posixpath.basename(program)
    if _INTERPRETER.fullmatch(name):
        return False
    if program.lstrip("./") in files or any(posixpath.basename(path) == name for path in files):
        return False
    lock = files.get("requirements.lock")
    packages = lock.content.decode(errors="replace").lower() if lock is not None else ""
    # Which programs a package brings is not written in a lock file; most are called as it is.
    return (
        re.search(rf"^{re.escape(name.lower()).replace('_', '[-_.]').replace('-', '[-_.]')}==", packages, re.M) is None
    )


def may_start(files: Mapping[str, TreeFile]) -> bool:
    """Return whether anything in an app can start a program; in doubt it can."""
    return any(_STARTING.search(file.content) for path, file in files.items() if path.endswith(_READ))


CAPABILITY = Capability.PROCESS_SPAWNING.value
