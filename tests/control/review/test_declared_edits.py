"""The edits that declare what is used: the manifest says it afterwards, and all else stays as it was written."""

import pytest

from bailiwick.control.review import Change, Entry, Finding, Surroundings
from bailiwick.control.review.engines.declared import check, edits
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import parse_manifest

HEAD = '[app]  # the desk\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "desk:app"\n'
HOST = "api.other.example:443"


def findings(manifest: str, code: str) -> list[Finding]:
    files = (TreeFile("bailiwick.toml", manifest.encode()), TreeFile("desk.py", code.encode()))
    entries = tuple(Entry(file.path.encode(), "100644", "blob", 1) for file in files)
    return list(check.check(Change("t", entries, files), Surroundings()))


@pytest.mark.req("RV4")
@pytest.mark.parametrize(
    "egress",
    [
        "",
        "\n[egress]\nallow = []\n",
        '\n[egress]\nallow = ["a.example:443"]  # agreed\n',
        '\n[egress]\nallow = ["a.example:443",]\n\n[limits]\ncpu = 1.0\n',
        '\n[egress]\nallow = [\n  "a.example:443",  # agreed\n  "b.example:443"\n]\n',
        "\n[egress]\nallow = [\n]\n",
        '\n[egress]\nallow = [\n  "a.example:443",\n  # more to come\n]\n',
        "\n[ egress ]\n\n[limits]\ncpu = 1.0\n",
    ],
)
def test_a_host_is_declared_by_an_edit_that_leaves_the_rest_alone(egress: str) -> None:
    written = HEAD + egress
    (found,) = [
        item
        for item in findings(written, 'import requests\napp = requests.get("https://api.other.example/x")\n')
        if item.rule.id == "undeclared-host"
    ]
    assert "newly reach api.other.example on port 443" in found.message
    assert found.edit is not None
    after = edits.applied(written, found.edit)
    before = set(parse_manifest(written).egress.allow)
    assert set(parse_manifest(after).egress.allow) == before | {HOST}
    comments = [line.partition("#")[2] for line in written.splitlines() if "#" in line]
    assert [words for words in comments if words not in after] == []
    assert parse_manifest(after).limits == parse_manifest(written).limits


@pytest.mark.req("RV4")
@pytest.mark.parametrize("egress", ["", '\n[[egress.hosts]]\nhost = "mail.example"\nport = 587\nprotocol = "smtp"\n'])
def test_plain_http_is_declared_as_such(egress: str) -> None:
    written = HEAD + egress
    code = 'import requests\napp = requests.get("http://legacy.other.example/x", "mail.example")\n'
    (found,) = [item for item in findings(written, code) if item.rule.id == "undeclared-host"]
    assert found.edit is not None
    declared = parse_manifest(edits.applied(written, found.edit)).egress.declared
    assert declared[-1].reach == "legacy.other.example:80/http"
    assert len(declared) == 1 + bool(egress)


@pytest.mark.parametrize(
    "egress", ['egress = {allow = ["a.example:443"]}\n', '[egress]\n"allow" = ["a.example:443"]\n']
)
def test_a_manifest_that_is_written_otherwise_gets_no_edit_rather_than_a_wrong_one(egress: str) -> None:
    written = f"{egress}{HEAD}" if egress.startswith("egress") else HEAD + egress
    assert edits.allow_host(written, HOST) is None


@pytest.mark.req("RV4")
def test_an_integration_is_declared_with_the_tables_that_the_code_names() -> None:
    code = (
        "import os\nimport psycopg\n\n\ndef app():\n    with psycopg.connect(os.environ['BILLING_URL']) as c:\n"
        '        c.execute("SELECT * FROM invoices")\n        c.execute("UPDATE refunds SET done = true")\n'
    )
    (found,) = [item for item in findings(HEAD, code) if item.rule.id == "undeclared-integration"]
    assert "newly reach invoices:read, refunds:write of billing" in found.message
    assert found.edit is not None
    declared = parse_manifest(edits.applied(HEAD, found.edit)).integrations["billing"]
    assert set(declared.access) == {"invoices:read", "refunds:write"}


@pytest.mark.req("RV4")
@pytest.mark.parametrize(
    "section",
    [
        '\n[egress]\nallow = ["api.other.example:443"]\n',
        '\n[egress]\nallow = ["a.example:443", "api.other.example:443"]\n',
        '\n[egress]\nallow = [\n  "api.other.example:443",\n  "a.example:443",\n]\n',
        '\n[integrations.orders]\nuse = "orders-db"\naccess = ["orders:read"]\n',
        '\n[integrations.orders]\nuse = "orders-db"\naccess = ["orders:read"]\n\n[limits]\ncpu = 1.0\n',
    ],
)
def test_what_is_not_used_is_taken_out_by_an_edit(section: str) -> None:
    written = HEAD + section
    found = [item for item in findings(written, 'app = "https://a.example"\n') if item.rule.id == "declared-but-unused"]
    (item,) = found
    assert item.severity.word == "low"
    assert item.edit is not None
    after = parse_manifest(edits.applied(written, item.edit))
    assert HOST not in after.egress.allow
    assert after.integrations == {}


@pytest.mark.req("RV4")
def test_a_file_that_no_entrypoint_reaches_blocks_nothing_and_is_said() -> None:
    files = {
        "bailiwick.toml": HEAD,
        "desk.py": "app = 1\n",
        "scripts/load.py": 'import requests\nrequests.get("https://api.other.example")\n',
    }
    tree = tuple(TreeFile(path, text.encode()) for path, text in files.items())
    (found,) = check.check(Change("t", (), tree), Surroundings())
    assert (found.rule.id, found.path, found.severity.word) == ("undeclared-host", "scripts/load.py", "low")


@pytest.mark.parametrize("code", ['x = "https://' + "a" * 100_000 + '"', "x = (" + '"a" + ' * 5000 + '"b")',
                                  "x = f'" + "{y}" * 5000 + "'", 'x = "https://[::1"', 'x = "https://h:99999999/"',
                                  'x = "https://%s" % "' + "b" * 10_000 + '"'])  # fmt: skip
def test_odd_addresses_break_nothing(code: str) -> None:
    findings(HEAD, f"app = 1\n{code}\n")


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("web/a.js", b"https://{{{{"),
        ("web/a.js", b"process.env.A_URL /* */ "),
        ("run.sh", b"curl https://a.b.c/$x "),
        ("settings.json", b"aaaa"),
    ],
)
def test_a_megabyte_on_one_line_is_read_to_its_end(path: str, unit: bytes) -> None:
    content = unit * (2**20 // len(unit))
    files = (TreeFile("bailiwick.toml", HEAD.encode()), TreeFile(path, content), TreeFile("desk.py", b"app = 1\n"))
    assert len(list(check.check(Change("t", (), files), Surroundings()))) <= 2
