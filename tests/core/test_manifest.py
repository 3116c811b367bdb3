import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.events import canonical_json
from bailiwick.core.manifest import ManifestError, parse_manifest, size_bytes
from bailiwick.core.reach import reach_of
from bailiwick.core.reach_news import news

GOOD = """
[app]
name = "refund-desk"
purpose = "Support staff look up an order and issue a refund"
entrypoint = "refund_desk.app:app"
data_classes = ["customer", "payment"]

[integrations.orders]
use = "orders-db"
access = ["orders:read", "refunds:write"]

[egress]
allow = ["api.exchange.example:443"]

[jobs.nightly]
schedule = "0 2 * * *"
run = "refund_desk.jobs:nightly"

[limits]
memory = "256MiB"
"""


def test_a_good_manifest_is_read_whole() -> None:
    manifest = parse_manifest(GOOD)
    assert manifest.app.name == "refund-desk"
    assert manifest.integrations["orders"].access == ("orders:read", "refunds:write")
    assert manifest.limits.memory_bytes == 256 * 2**20
    assert manifest.jobs["nightly"].run == "refund_desk.jobs:nightly"


@pytest.mark.req("RV4")
@pytest.mark.parametrize(
    ("change", "words", "line"),
    [
        (('name = "refund-desk"', 'nam = "refund-desk"'), "did you mean 'name'", 3),
        (("[egress]", "[egres]"), "did you mean 'egress'", 12),
        (("access = [", "acess = ["), "did you mean 'access'", 10),
        (('memory = "256MiB"', 'memory = "256 megs"'), "not a size", 20),
        (("api.exchange.example:443", "api.exchange.example"), "egress.allow", 13),
        (("api.exchange.example:443", "api.exchange.example:99999"), "port between", 13),
        (('entrypoint = "refund_desk.app:app"', ""), "entrypoint", 2),
        (("[app]", "[app"), "not valid TOML", 2),
    ],
)
def test_a_mistake_is_named_where_it_stands(change: tuple[str, str], words: str, line: int) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(GOOD.replace(*change))
    assert words in caught.value.message
    assert caught.value.line == line
    assert caught.value.hint


NODE = GOOD.replace("refund_desk.jobs:nightly", "jobs/nightly.mjs").replace(
    'entrypoint = "refund_desk.app:app"', 'runtime = "node20"\nentrypoint = "dist/server.js"'
)


@pytest.mark.req("RT7")
def test_an_app_on_node_names_files() -> None:
    manifest = parse_manifest(NODE)
    assert manifest.app.on_node
    assert (manifest.app.entrypoint, manifest.jobs["nightly"].run) == ("dist/server.js", "jobs/nightly.mjs")
    assert not parse_manifest(GOOD).app.on_node


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("dist/server.js", "refund_desk.app:app"), "on node20 it is written as 'server.js'"),
        (("jobs/nightly.mjs", "refund_desk.jobs:nightly"), "jobs.nightly = 'refund_desk.jobs:nightly'"),
        (("dist/server.js", "../server.js"), "'../server.js': on node20"),
        (("dist/server.js", "/etc/server.js"), "app.entrypoint"),
        (("dist/server.js", "server.ts"), "app.entrypoint"),
        (('entrypoint = "dist/server.js"', ""), 'a web app needs entrypoint = "server.js"'),
        (('runtime = "node20"', ""), "on python3 it is written as 'module:object'"),
        (('runtime = "node20"', 'runtime = "node20"\ntests = "pytest"'), "run for Python only"),
    ],
)
def test_a_mistake_about_node_is_named(change: tuple[str, str], words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(NODE.replace(*change))
    assert words in caught.value.message


HOSTS = '[[egress.hosts]]\nhost = "legacy.example"\nport = 80\nprotocol = "http"\n'


@pytest.mark.req("RT2")
def test_hosts_say_their_protocol_where_it_is_not_tls() -> None:
    egress = parse_manifest(GOOD + HOSTS).egress
    assert [item.reach for item in egress.declared] == ["api.exchange.example:443", "legacy.example:80/http"]
    assert egress.addresses == ("api.exchange.example:443", "legacy.example:80")


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        (HOSTS.replace("protocol", "protocl"), "did you mean 'protocol'"),
        (HOSTS.replace('"http"', '"ftp"'), "egress.hosts.protocol"),
        (HOSTS.replace("80", "0"), "egress.hosts.port"),
        (HOSTS.replace("legacy.example", "https://legacy.example"), "egress.hosts.host"),
        (HOSTS + HOSTS, "legacy.example:80 is declared twice"),
        (HOSTS.replace("legacy.example", "api.exchange.example").replace("80", "443"), "443 is declared twice"),
    ],
)
def test_a_host_that_is_declared_wrongly_is_named(hosts: str, words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        parse_manifest(GOOD + hosts)


AGENT = """[app]
name = "desk"
purpose = "Answers what waits in its queue"
kind = "agent"
"""
WORKER = '[workers.tasks]\nrun = "work:think"\n'


@pytest.mark.req("RT7")
def test_an_agent_is_its_workers_which_are_part_of_its_reach_and_leave_that_of_others_as_it_was() -> None:
    agent = parse_manifest(AGENT + WORKER)
    assert (agent.has_jobs_only, agent.entrypoints) == (True, {"workers.tasks": "work:think"})
    reach = reach_of(agent, ())
    assert reach.workers == ("tasks: work:think, for each message",)
    assert reach.digest() != reach.model_copy(update={"workers": ()}).digest()
    # What was signed before there were workers and time zones of jobs.
    before = parse_manifest(AGENT.replace("agent", "job") + '[jobs.n]\nschedule = "0 2 * * *"\nrun = "a:b"\n')
    assert reach_of(before, ()).digest() == "e092ccaa74ae1b9004a3b2c8b3db56290bd30c947cc230a1ee768c2b5cec0042"


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (AGENT, "an agent needs \\[workers\\]"),
        (AGENT + 'entrypoint = "a:b"\n' + WORKER, "an agent has no entrypoint"),
        (AGENT + WORKER + "queue = false\nretries = 3\n", "a worker without a queue gets no messages: retries"),
        (AGENT + WORKER + "concurency = 3\n", "did you mean 'concurrency'"),
        (AGENT + WORKER + "steps = 0\n", "workers.tasks.steps|workers.steps"),
    ],
)
def test_a_worker_that_is_declared_wrongly_is_named(text: str, words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        parse_manifest(text)


def test_a_manifest_of_a_megabyte_is_refused_unread() -> None:
    with pytest.raises(ManifestError, match="larger than 64 KiB"):
        parse_manifest("#" * 2**20)


@given(st.text())
def test_any_text_is_a_manifest_or_a_manifest_error(text: str) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(text)


@given(st.integers(0, 10_000), st.sampled_from(["KiB", "MiB", "GiB"]))
def test_sizes_mean_powers_of_two(count: int, unit: str) -> None:
    assert size_bytes(f"{count}{unit}") == count * {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit]


@pytest.mark.req("RT6")
def test_storage_is_of_a_whole_number_of_mebibytes_and_part_of_the_reach() -> None:
    app = '[app]\nname = "desk"\npurpose = "Keeps some files"\nentrypoint = "app:app"\n'
    for size in ("4MiB", "0MiB", "9000KiB", "much"):
        with pytest.raises(ManifestError, match=r"storage\.size"):
            parse_manifest(f'{app}[storage]\nsize = "{size}"\n')
    with pytest.raises(ManifestError, match="did you mean 'size'"):
        parse_manifest(f'{app}[storage]\nsise = "8MiB"\n')
    none, small, large = (
        reach_of(parse_manifest(app + more), ())
        for more in ("", '[storage]\nsize = "8MiB"\n', '[storage]\nsize = "1GiB"\n')
    )
    assert len({none.digest(), small.digest(), large.digest()}) == 3
    later = {"storage_bytes", "database", "capabilities", "workers", "pages"}
    signed_before = none.model_dump(mode="json", exclude=later)
    assert none.digest() == hashlib.sha256(canonical_json(signed_before)).hexdigest()
    assert [line.words for line in news(none, small)] == ["keeps files of its own, up to 8 MiB"]
    assert [line.words for line in news(small, large)] == ["keeps files of its own, up to 1024 MiB"]
    assert news(large, small) == news(small, none) == news(small, small) == ()
