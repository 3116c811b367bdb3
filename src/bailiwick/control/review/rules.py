"""The rules: what each engine looks for, why it matters and how to mend it. Data only."""

from bailiwick.control.review.model import Rule, Severity

_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL


def _by_id(*rules: Rule) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules}


RULES = _by_id(
    Rule(
        "sql-built-from-strings",
        _HIGH,
        "values that are put into the text of a query can change what the query does",
        "give the values as parameters: execute('… WHERE name = %s', [name])",
        "CWE-89",
        "A03:2021",
    ),
    Rule(
        "command-from-values",
        _CRITICAL,
        "values that are put into a shell command can run other commands",
        "call the program with a list of arguments and without a shell, or do it in Python",
        "CWE-78",
        "A03:2021",
    ),
    Rule(
        "dynamic-code",
        _CRITICAL,
        "code that is made at run time cannot be reviewed",
        "use a table of functions, json or ast.literal_eval instead of eval and exec",
        "CWE-95",
        "A03:2021",
    ),
    Rule(
        "unsafe-deserialisation",
        _HIGH,
        "loading pickled data runs whatever its maker wanted",
        "keep data as JSON",
        "CWE-502",
        "A08:2021",
    ),
    Rule(
        "process-spawning",
        _HIGH,
        "an app may not start other programs; the sandbox holds none",
        "use a library instead of a program",
        "CWE-250",
        "A05:2021",
    ),
    Rule(
        "native-loading",
        _HIGH,
        "code that calls into native libraries goes round what can be reviewed",
        "use a package with a Python interface",
        "CWE-111",
        "A08:2021",
    ),
    Rule(
        "secret-in-code",
        _CRITICAL,
        "whoever can read the repository can use this credential, and history keeps it",
        "revoke it now; take it out of every commit of the push; apps need no credentials: declare an integration",
        "CWE-798",
        "A07:2021",
    ),
    Rule(
        "undeclared-host",
        _HIGH,
        "the app calls a host that its manifest does not declare, so nobody approved it and it will not be reached",
        "declare it, or take the call out",
        "CWE-1327",
        "A05:2021",
    ),
    Rule(
        "undeclared-integration",
        _HIGH,
        "the code uses an integration that the manifest does not declare",
        "declare it under [integrations], or take the use out",
        "CWE-1327",
        "A05:2021",
    ),
    Rule(
        "manifest-missing",
        _HIGH,
        "without a manifest nobody knows what the app needs",
        "add bailiwick.toml at the root",
    ),
    Rule("manifest-invalid", _HIGH, "the manifest cannot be understood", "correct it as the message says"),
    Rule(
        "not-offered-here",
        _HIGH,
        "the app asks for something that is not here, so it would not start",
        "use what there is, as the message says, or ask whoever runs the platform",
    ),
    Rule("entrypoint-missing", _HIGH, "the app would not start", "name a module and an object that are there"),
    Rule(
        "dependencies-not-locked",
        _HIGH,
        "packages that are not pinned with hashes can change after the review",
        "uv pip compile --generate-hashes requirements.in -o requirements.lock",
        "CWE-494",
        "A08:2021",
    ),
    Rule("syntax-error", _HIGH, "a file that does not parse cannot be reviewed and would not run", "correct the file"),
    Rule(
        "path-leaves-tree", _CRITICAL, "the path climbs out of the app's tree or hides something", "rename it", "CWE-22"
    ),
    Rule("symlink", _CRITICAL, "links can lead out of the app's tree", "put a copy of the file in its place", "CWE-59"),
    Rule("submodule", _HIGH, "a submodule is code that is not in the push", "put the files themselves into the tree"),
    Rule("name-not-utf8", _HIGH, "a name that is not UTF-8 reads differently in different places", "rename it"),
    Rule(
        "too-many-files",
        _HIGH,
        "the tree is too large to review",
        "leave out what is made by tools (node_modules, .venv)",
    ),
    Rule(
        "archive-not-readable",
        _HIGH,
        "what is inside an archive that cannot be unpacked was not reviewed",
        "put the files themselves into the tree, or leave the archive out",
    ),
    Rule(
        "push-too-large",
        _HIGH,
        "a push is reviewed whole, and there is an end to what can be",
        "leave out what is made by tools and keep data outside; push a long history in parts, oldest commits first: "
        "git push origin COMMIT:main",
    ),
    Rule(
        "stray-objects",
        _HIGH,
        "what no commit leads to is not reviewed, and would stay in the repository",
        "push with git itself",
    ),
    Rule(
        "compiled-code",
        _HIGH,
        "code that has no source here cannot be reviewed, and would run",
        "push the source; take packages with native parts through requirements.lock",
        "CWE-1329",
        "A08:2021",
    ),
    Rule("file-too-large", _HIGH, "a file of this size cannot be reviewed", "keep data outside the repository"),
    Rule("unsafe-code", _MEDIUM, "the pattern is known to be unsafe", "see the rule's documentation"),
)
