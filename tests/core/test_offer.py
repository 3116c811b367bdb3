import pytest

from bailiwick.core.manifest import parse_manifest
from bailiwick.core.offer import missing, own_runtime

APP = '[app]\nname = "desk"\npurpose = "Shows what is missing"\nentrypoint = "app:app"\n'


def words(rest: str) -> tuple[str, ...]:
    return missing(parse_manifest(APP + rest), ["python3.11", "python3.12"])


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    "rest", ['runtime = "python3.11"', 'runtime = "python3"', 'runtime = "python3.12"', 'kind = "job"']
)
def test_nothing_is_missing_for_what_there_is(rest: str) -> None:
    assert words(rest) == ()


@pytest.mark.req("RT7")
@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('runtime = "python3.13"', "the runtime python3.13 is not here; there is: python3.11, python3.12"),
    ],
)
def test_what_is_missing_is_said_with_what_there_is(rest: str, said: str) -> None:
    assert words(rest) == (said,)


@pytest.mark.req("RT7")
def test_node_is_missing_in_every_version_but_the_one_that_is_there() -> None:
    asked = parse_manifest(APP.replace("app:app", "server.js") + 'runtime = "node22"')
    assert missing(asked, ["python3.11", "node22"]) == ()
    said = "the runtime node22 is not here; there is: node20, python3.11"
    assert missing(asked, ["python3.11", "node20"]) == (said,)


@pytest.mark.req("RV11")
def test_a_database_of_its_own_is_missing_only_where_there_is_no_server_for_it() -> None:
    manifest = parse_manifest(APP + "[database]")
    assert missing(manifest, ["python3.11"]) == ()
    said = "apps get no [database] of their own here; declare an integration with a database that there is"
    assert missing(manifest, ["python3.11"], databases=False) == (said,)


@pytest.mark.req("RT6")
def test_storage_is_missing_only_where_a_host_cannot_give_it_and_says_why() -> None:
    manifest = parse_manifest(APP + '[storage]\nsize = "8MiB"\n')
    assert missing(manifest, ["python3.11"]) == ()
    said = ("apps get no [storage] here: mkfs.ext4 is not installed",)
    assert missing(manifest, ["python3.11"], no_storage="mkfs.ext4 is not installed") == said


def test_several_things_are_all_said() -> None:
    asked = parse_manifest(f'{APP}runtime = "python3.13"\n[database]')
    assert len(missing(asked, ["python3.11"], databases=False)) == 2


def test_our_own_runtime_is_one_that_a_manifest_can_name() -> None:
    parse_manifest(APP + f'runtime = "{own_runtime()}"')
