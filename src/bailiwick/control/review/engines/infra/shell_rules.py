"""What is wrong in a shell script: commands that run what comes from outside, delete too much, or switch checks off."""

import re
from collections.abc import Iterator

from ast_grep_py import SgNode

from bailiwick.control.review.engines.infra import shell_commands
from bailiwick.control.review.engines.infra.credentials import is_credential
from bailiwick.control.review.engines.infra.faults import Fault
from bailiwick.control.review.engines.infra.shell_commands import FETCH, NO_VERIFY_SETTINGS
from bailiwick.control.review.engines.infra.shell_syntax import (
    Command,
    Script,
    Word,
    command_of,
    commands,
)

SHELLS = frozenset("sh bash dash zsh ksh ash fish busybox pwsh".split())
_INTERPRETERS = SHELLS | frozenset("python python3 python2 perl ruby node php deno bun".split())
_DECODERS = frozenset("base64 base32 xxd openssl uudecode".split())
_SQL = {"psql": ("-c", "--command"), "mysql": ("-e", "--execute"), "mariadb": ("-e", "--execute"), "sqlite3": (),
        "clickhouse-client": ("-q", "--query"), "sqlcmd": ("-Q", "-q")}  # fmt: skip
_ROOTS = re.compile(r"^(?:/|/\*|/\.\*|~/?|~/\*|/(?:bin|boot|dev|etc|home|lib|opt|root|sbin|usr|var)/?\*?|\.\./?\*?)$")
_REVERSE = re.compile(
    r"/dev/(?:tcp|udp)/[\w.$\"'{}-]+/[\w$\"'{}]+|\b(?:nc|ncat|netcat)\b[^\n|;&]*\s-[a-z]*[ec]\s+\S*(?:sh|cmd)\b|"
    r"\bmkfifo\b[^\n]*\|[^\n]*\b(?:nc|ncat|netcat|openssl s_client)\b|\bsocat\b[^\n]*\bexec:[^\n]*sh\b",
    re.IGNORECASE,
)
_LASTING = re.compile(
    r"(?:>>?|\btee\b[^\n|;]*)\s*[\"']?(?:[\w${}~/.]*\.ssh/authorized_keys|"
    r"/etc/(?:cron[\w.]*|sudoers[\w./]*|passwd|ld\.so\.preload|rc\.local)\b)"
)
_RAW_DOWNLOAD = re.compile(r"\b(?:curl|wget)\b[^\n;&]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:ba|z|da|k)?sh\b")
_CHECKS = frozenset(
    "sha256sum sha512sum sha384sum shasum gpg gpgv cosign minisign signify rsync openssl slsa-verifier".split()
)
_DEEPEST = 4
_LONGEST_LINE = 50_000  # the parser's time on a line grows with the square of its length


def faults(text: str, first: int = 1, depth: int = 0) -> Iterator[Fault]:
    """Yield what is wrong in a script whose first line is line `first` of its file."""
    long = next((number for number, line in enumerate(text.split("\n")) if len(line) > _LONGEST_LINE), None)
    if long is not None:
        yield Fault("unreadable-configuration", first + long, f"a line has over {_LONGEST_LINE:,} characters")
        return
    script = Script(text)
    for fault in _all(script, depth):
        yield Fault(fault.rule, fault.line + first - 1, fault.message, fault.worse)


def _all(script: Script, depth: int) -> Iterator[Fault]:
    yield from _lines(script)
    yield from _assignments(script)
    for node in script.root.find_all(kind="pipeline"):
        yield from _pipeline(node)
    fetched = _fetched(script)
    for command in script.commands:
        yield from _runs(command, script, depth)
        yield from _deletes(command, script)
        yield from shell_commands.faults(command)
        yield from _queries(command, script)
        yield from _uses_fetched(command, fetched)


def _lines(script: Script) -> Iterator[Fault]:
    """Yield what is known by the text of a line alone, and holds where the parser gives up."""
    for number, line in enumerate(script.text.split("\n"), start=1):
        plain = line.strip()[:4000]
        if not plain or plain.startswith("#"):
            continue
        if _REVERSE.search(plain):
            yield Fault("reverse-shell", number, "it connects a shell to the network")
        if _LASTING.search(plain):
            yield Fault("persistence", number, "it writes to a file that lets people in or runs commands later")
        if script.broken and _RAW_DOWNLOAD.search(plain):
            yield Fault("download-and-run", number, "what is fetched goes straight into a shell")


def _assignments(script: Script) -> Iterator[Fault]:
    for name, value, line in script.assignments():
        if value is None:
            continue
        if is_credential(name, value):
            yield Fault("hard-coded-credential", line, f"{name[:60]} is written here")
        if value.lower() in NO_VERIFY_SETTINGS.get(name, ()):
            yield Fault("certificate-not-verified", line, f"{name} switches the check of certificates off")


def _pipeline(node: SgNode) -> Iterator[Fault]:
    earlier: list[Command] = []
    for part in node.children():
        found = list(commands(part)) if part.kind() != "command" else [command_of(part)]
        direct = next((command for command in found if command), None)
        if direct and earlier and _reads_script(direct):
            if any(command.name in FETCH for command in earlier):
                yield Fault("download-and-run", direct.line, f"what is fetched goes straight into {direct.name}")
            elif any(_decodes(command) for command in earlier):
                yield Fault("hidden-command", direct.line, f"what is decoded goes straight into {direct.name}")
        earlier += [command for command in found if command]


def _reads_script(command: Command) -> bool:
    """Say whether an interpreter takes its script from standard input."""
    if command.name in {"source", "."}:
        return bool(command.words) and command.words[0].text in {"/dev/stdin", "-"}
    if command.name not in _INTERPRETERS:
        return False
    words = [word.text for word in command.words]
    if command.name in SHELLS and any(re.match(r"^-[a-z]*s", word) for word in words):
        return True
    plain = [word for word in words if not word.startswith("-") or word == "-"]
    runs = any(re.match(r"^-[a-z]*[cemr]$", word) or word.startswith("--") for word in words)
    return not runs and (not plain or plain[0] in {"-", "/dev/stdin"})


def _decodes(command: Command) -> bool:
    if command.name not in _DECODERS:
        return command.name in {"printf", "echo"} and any("\\x" in word.text for word in command.words)
    return command.has("-d", "-D", "-r", "--decode") or command.name == "uudecode"


def _fetches(word: Word) -> str:
    """Return the rule that a word breaks when it is run: because of commands in it that fetch or decode."""
    inner = word.inner
    if any(command.name in FETCH for command in inner):
        return "download-and-run"
    return "hidden-command" if any(_decodes(command) for command in inner) else ""


def _runs(command: Command, script: Script, depth: int) -> Iterator[Fault]:
    """Yield what is wrong with commands that run text as code."""
    name = command.name
    if name in _INTERPRETERS | {"source", "."}:
        for word in command.words:
            if word.node.kind() == "process_substitution" and (broken := _fetches(word)):
                yield Fault(broken, command.line, f"{name} runs what comes out of another command")
    if name == "eval":
        yield from _text_as_code(command, list(command.words), "eval", script)
    elif "xargs" in command.wrappers and name in SHELLS and any("{}" in word.text for word in command.words):
        yield Fault("command-injection", command.line, "names from input become part of a shell command", -1)
    elif name == "find" and re.search(
        r"-exec(?:dir)?\s+\S*sh\s+-c\s+('[^']*\{\}|\"[^\"]*\{\})", command.node.text()[:4000]
    ):
        yield Fault("command-injection", command.line, "names of files become part of a shell command", -1)
    elif (name in SHELLS or name == "su") and (code := _code(command)):
        yield from _text_as_code(command, [code], f"{name} -c", script)
        if code.literal and depth < _DEEPEST:
            yield from faults(code.literal, command.line, depth + 1)


def _code(command: Command) -> Word | None:
    """Return what `sh -c` runs."""
    for place, word in enumerate(command.words):
        if re.match(r"^-[a-z]*c$", word.text) or word.text == "--command":
            return command.words[place + 1] if place + 1 < len(command.words) else None
    return None


def _text_as_code(command: Command, words: list[Word], how: str, script: Script) -> Iterator[Fault]:
    for word in words:
        if broken := _fetches(word):
            yield Fault(broken, command.line, f"{how} runs what comes out of another command")
        names = [
            item.name for item in word.expansions if not item.name.startswith("#") and not script.constant(item.name)
        ]
        if names:
            chosen = next((name for name in names if script.outside(name)), "")
            said = f"{how} runs ${chosen or names[0]}" + (", which comes from outside" if chosen else "")
            yield Fault("command-injection", command.line, said, 0 if chosen else -2)


def _deletes(command: Command, script: Script) -> Iterator[Fault]:
    if command.name not in {"rm", "shred"} or "--help" in command.flags:
        return
    recursive = command.has("-r", "-R", "--recursive")
    for word in command.words:
        if word.text.startswith("-"):
            continue
        if recursive and (word.literal is not None and _ROOTS.match(word.literal)):
            yield Fault("dangerous-deletion", command.line, f"it deletes {word.literal}", 1)
            continue
        loose = [item for item in word.expansions if not item.guarded and not script.constant(item.name)]
        if recursive and not script.strict and loose and re.match(r'^"?\$\{?\w+\}?"?/(?:"?\*?"?$|[^$]*\*)?', word.text):
            yield Fault("dangerous-deletion", command.line, f"with an empty ${loose[0].name} it deletes from /")
        bare = [item for item in loose if not item.quoted and item.name not in {"@", "*", "#", "?", "$"}]
        if bare and (recursive or script.outside(bare[0].name)):
            yield Fault("unquoted-expansion", command.line, f"${bare[0].name} is not quoted", 1 if recursive else 0)


def _queries(command: Command, script: Script) -> Iterator[Fault]:
    if command.name not in _SQL:
        return
    flags = _SQL[command.name]
    for place, word in enumerate(command.words):
        before = command.words[place - 1].text if place else ""
        query = before in flags or any(flag.startswith("--") and word.text.startswith(f"{flag}=") for flag in flags)
        if not (query or (not flags and place)):
            continue
        names = [item.name for item in word.expansions if not script.constant(item.name) and script.outside(item.name)]
        if names and re.search(
            r"(?i)\b(?:select|insert|update|delete|create|drop|alter|where|values|grant|from)\b", word.text
        ):
            yield Fault("sql-injection", command.line, f"${names[0]} becomes part of the query")


def _fetched(script: Script) -> frozenset[str]:
    """Return the names of files that a script fetches and checks in no way."""
    if any(command.name in _CHECKS for command in script.commands):
        return frozenset()
    found: set[str] = set()
    for command in script.commands:
        if command.name not in FETCH:
            continue
        words = [word.text for word in command.words]
        if command.name == "curl" and command.has("-O", "--remote-name"):
            found |= {word.rstrip("\"'").rpartition("/")[2] for word in words if "://" in word}
        for place, word in enumerate(words[:-1]):
            if word in {"-o", "-O", "--output", "--output-document"} or re.match(r"^-[a-zA-Z]*[oO]$", word):
                found.add(words[place + 1])
        if command.name == "wget" and not command.has("-O", "--output-document"):
            found |= {word.rstrip("\"'").rpartition("/")[2] for word in words if "://" in word}
        parent = command.node.parent()
        if parent is not None and parent.kind() == "redirected_statement":
            found |= {part.text().lstrip("> ") for part in parent.children() if part.kind() == "file_redirect"}
    return frozenset(name.strip("\"'").removeprefix("./") for name in found if name.strip("\"'-"))


def _uses_fetched(command: Command, fetched: frozenset[str]) -> Iterator[Fault]:
    if not fetched or command.name in FETCH:
        return
    words = [word.text.strip("\"'").removeprefix("./") for word in command.words]
    own = command.node.text().split(None, 1)[0].strip("\"'").removeprefix("./")
    runs = own in fetched or (command.name in _INTERPRETERS and words and words[0] in fetched)
    runs = runs or (command.name == "chmod" and any("x" in word or word in {"755", "0755", "700"} for word in words[:1])
                    and bool(fetched & set(words)))  # fmt: skip
    runs = runs or (command.name in {"dpkg", "rpm", "installer"} and bool(fetched & set(words)))
    if runs:
        yield Fault("unverified-download", command.line, "what was fetched is run, and nobody checked what it is")
