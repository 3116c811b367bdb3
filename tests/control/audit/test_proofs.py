"""Proofs and tiles from the stored log, against proofs made from the definitions over all leaves."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from bailiwick.control.audit import (
    StoredTiles,
    complete_tiles,
    latest_checkpoint,
    prove_consistency,
    prove_inclusion,
    sign_checkpoint,
    verify_export,
)
from bailiwick.core.checkpoints import Checkpoint, ProofError, check_growth, check_inclusion, open_checkpoint
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.events import canonical_bytes
from bailiwick.core.merkle import leaf_hash, tree_root
from bailiwick.core.statements import Keyring, SigningKey
from bailiwick.core.tiles import Tile, tiles_of
from bailiwick.store import Store
from tests.control.audit.test_audit_log import AUDIT, KEY, event, exported, write
from tests.core import tree_as_written as written

RING = Keyring.of([KEY.public_text])


def leaves_of(store: Store) -> list[bytes]:
    with store.transaction() as session:
        return list(session.execute(text("SELECT leaf FROM audit_events ORDER BY sequence")).scalars())


def complete(store: Store) -> None:
    more = True
    while more:
        with store.transaction() as session:
            more = complete_tiles(session, most=2)


@pytest.mark.req("OB2")
def test_stored_tiles_give_the_proofs_that_all_leaves_give(store: Store) -> None:
    for part, tiled in ((300, True), (600, False), (145, False)):
        write(store, part)
        if tiled:
            complete(store)
    leaves = leaves_of(store)
    with store.transaction() as session:
        for size in (1, 2, 255, 256, 257, 300, 511, 512, 513, 1044, 1045):
            for place in {0, 1, size // 2, max(size - 2, 0), size - 1} & set(range(size)):
                expected = [node.hex() for node in written.path(place, leaves[:size])]
                assert prove_inclusion(session, place, size) == expected
            for first in {0, 1, 2, 255, 256, 257, size - 1, size} & set(range(size + 1)):
                expected = [node.hex() for node in written.proof(first, leaves[:size])] if first else []
                assert prove_consistency(session, first, size) == expected


@pytest.fixture
def long_log(store: Store) -> Store:
    """A log of 66,000 events, so that a tile of the second level is full; rows as the database makes them."""
    with create_engine(store.owner_url).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_events (tenant, sequence, event_id, time, actor, action, resource, outcome, app,"
                " trace, body, leaf, words) SELECT 'default', n, 'evt_' || n, now() + n * interval '1 second',"
                " 'user:a@example.com', 'app.created', 'app:a/b', 'success', '', '', '{}',"
                " sha256('\\x00'::bytea || n::text::bytea), '' FROM generate_series(0, 65999) n"
            )
        )
        connection.execute(text("INSERT INTO audit_trees VALUES (66000, '[]', 'default')"))
    return store


@pytest.mark.req("OB2")
def test_a_long_log_is_proved_from_few_reads(long_log: Store) -> None:
    leaves = leaves_of(long_log)
    more = True
    while more:
        with long_log.transaction() as session:
            more = complete_tiles(session)
    with long_log.transaction() as session:
        kept = dict(session.execute(text("SELECT level, count(*) FROM audit_tiles GROUP BY level")).all())  # type: ignore[arg-type]
        assert kept == {0: 257, 1: 1}
        reads: list[str] = []
        tiles = StoredTiles(session)
        original = tiles.entries
        from bailiwick.core.merkle import inclusion_proof
        from bailiwick.core.tiles import TileNodes

        def counted(level: int, start: int, count: int) -> object:
            reads.append(f"{level}/{start // 256}")
            return original(level, start, count)

        proof = inclusion_proof(TileNodes(counted), 4321, 66_000)  # type: ignore[arg-type]
        assert proof == written.path(4321, leaves)
        assert len(set(reads)) <= 6
        growth = [bytes.fromhex(node) for node in prove_consistency(session, 65_537, 66_000)]
        assert growth == written.proof(65_537, leaves)
    with long_log.transaction() as session:
        assert session.execute(text("SELECT sum(count) FROM audit_hours")).scalar() == 257 * 256


@pytest.mark.req("OB2")
def test_tiles_hold_the_tree_and_say_when_there_is_none(store: Store) -> None:
    write(store, 600)
    complete(store)
    complete(store)
    leaves = leaves_of(store)
    with store.transaction() as session:
        assert StoredTiles(session).read(Tile(0, 1)) == b"".join(leaves[256:512])
        assert StoredTiles(session).read(Tile(0, 2, 88)) == b"".join(leaves[512:])
        assert StoredTiles(session).read(Tile(1, 0, 2)) == tree_root(leaves[:256]) + tree_root(leaves[256:512])
        for absent in (Tile(0, 2), Tile(0, 2, 89), Tile(1, 0, 3), Tile(2, 0, 1)):
            with pytest.raises(NotFoundError):
                StoredTiles(session).read(absent)


def test_a_leaf_that_vanished_is_not_tiled_over(store: Store) -> None:
    write(store, 300)
    with create_engine(store.owner_url).begin() as owner:
        owner.execute(text("DELETE FROM audit_events WHERE sequence = 7"))
    with store.transaction() as session, pytest.raises(Exception, match="only 255"):
        complete_tiles(session)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "0/000"),
        (Tile(3, 1234067), "3/x001/x234/067"),
        (Tile(1, 999, 5), "1/999.p/5"),
        (Tile(0, 1000), "0/x001/000"),
    ],
)
def test_a_tile_has_the_path_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path", ["", "0", "0/0", "8/000", "0/x000/001", "0/000.p/0", "0/000.p/256", "0/000.p/08", "../../etc", "0/001/x002"]
)
def test_a_path_that_names_no_tile_is_refused(path: str) -> None:
    with pytest.raises(InvalidInputError):
        Tile.parse(path)


@given(st.integers(0, 70_000), st.integers(0, 70_000))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
def test_the_tiles_of_a_tree_hold_each_leaf_once(size: int, have: int) -> None:
    tiles = list(tiles_of(size))
    assert sum(tile.width for tile in tiles if tile.level == 0) == size
    assert sum(tile.width for tile in tiles if tile.level == 1) == size // 256
    later = list(tiles_of(size, min(have, size)))
    assert set(later) <= set(tiles)
    assert all(
        tile.width == 256 and tile.index < min(have, size) >> 8 * (tile.level + 1) for tile in {*tiles} - {*later}
    )


@pytest.fixture
def signed(store: Store) -> list[Checkpoint]:
    """Checkpoints at 3 and 10 events."""
    found = []
    for count in (3, 7):
        write(store, count)
        with store.transaction() as session:
            sign_checkpoint(session, KEY, utc_now)
            found.append(latest_checkpoint(session, KEY.public_text).content)
    return found


@pytest.mark.req("OB2")
def test_an_event_is_proved_and_a_changed_event_or_proof_is_named(store: Store, signed: list[Checkpoint]) -> None:
    leaf = leaves_of(store)[4]
    with store.transaction() as session:
        proof = prove_inclusion(session, 4, 10)
    check_inclusion(signed[1], 4, leaf, proof)
    changed = leaf_hash(canonical_bytes(event(4, actor="user:mallory@example.com")))
    for place, entry, hashes in ((4, changed, proof), (5, leaf, proof), (4, leaf, proof[1:]), (4, leaf, proof[::-1])):
        with pytest.raises(ProofError, match="does not lead from event"):
            check_inclusion(signed[1], place, entry, hashes)
    with pytest.raises(ProofError, match="not covered"):
        check_inclusion(signed[0], 4, leaf, proof)
    for nonsense in (["zz"], ["00"], [7]):
        with pytest.raises(ProofError, match="holds"):
            check_inclusion(signed[1], 4, leaf, nonsense)  # type: ignore[arg-type]


@pytest.mark.req("OB2")
def test_a_log_that_grew_is_told_from_one_that_was_cut_rewritten_or_shown_twice(
    store: Store, signed: list[Checkpoint]
) -> None:
    older, newer = signed
    with store.transaction() as session:
        proof = prove_consistency(session, 3, 10)
    check_growth(older, newer, proof)
    check_growth(newer, newer, [])
    other = leaf_hash(b"other").hex()
    with pytest.raises(ProofError, match="was cut"):
        check_growth(newer, older, [])
    with pytest.raises(ProofError, match="rewritten"):
        check_growth(Checkpoint(older.tenant, 3, other, older.time), newer, proof)
    with pytest.raises(ProofError, match="rewritten"):
        check_growth(older, newer, [*proof[:-1], other])
    with pytest.raises(ProofError, match="split view"):
        check_growth(newer, Checkpoint(newer.tenant, 10, other, newer.time), [])
    with pytest.raises(ProofError, match="two logs"):
        check_growth(Checkpoint("another", 3, older.root, older.time), newer, proof)


@pytest.mark.req("OB2")
def test_an_export_is_compared_with_a_checkpoint_from_before(store: Store) -> None:
    write(store, 5)
    exported(store)
    with store.transaction() as session:
        remembered = latest_checkpoint(session, KEY.public_text).envelope
    write(store, 3)
    lines = exported(store)
    result = verify_export(lines, KEY.public_text, remembered)
    assert result.intact
    assert result.newest is not None
    assert open_checkpoint(result.newest, RING).size == 8
    later = result.newest
    with store.transaction() as session:
        assert sign_checkpoint(session, KEY, utc_now) == 8
    # An insider with the key who leaves out the end, and one who signs another history.
    assert "was cut" in verify_export(lines[:7], KEY.public_text, later).problem
    forged = rewritten(lines, KEY)
    assert verify_export(forged, KEY.public_text).intact
    assert "first 5 events are not those" in verify_export(forged, KEY.public_text, remembered).problem


def rewritten(lines: list[bytes], key: SigningKey) -> list[bytes]:
    """Return the export with its first event replaced and everything signed anew."""
    from bailiwick.core.checkpoints import seal_checkpoint
    from bailiwick.core.events import canonical_json

    events = [json.loads(line)["event"] for line in lines[1:] if b'"event"' in line]
    events[0]["actor"] = "user:nobody@example.com"
    leaves = [leaf_hash(canonical_json(item)) for item in events]
    made = [
        canonical_json({"sequence": place, "leaf": leaf.hex(), "event": item}) + b"\n"
        for place, (item, leaf) in enumerate(zip(events, leaves, strict=True))
    ]
    checkpoint = Checkpoint("default", len(events), tree_root(leaves).hex(), utc_now() + timedelta(seconds=1))
    envelope = json.loads(seal_checkpoint(checkpoint, key).model_dump_json(by_alias=True))
    return [lines[0], *made, canonical_json({"checkpoint": envelope}) + b"\n"]


def test_proofs_of_what_the_log_does_not_have_are_refused(store: Store) -> None:
    with store.transaction() as session:
        with pytest.raises(NotFoundError):
            latest_checkpoint(session, KEY.public_text)
        assert prove_consistency(session, 0, 0) == []
        for ask in (
            lambda: prove_inclusion(session, 0, 0),
            lambda: prove_inclusion(session, 0, 1),
            lambda: prove_consistency(session, 0, 1),
        ):
            with pytest.raises(InvalidInputError):
                ask()


def test_a_checkpoint_that_another_key_signed_is_not_handed_out(store: Store) -> None:
    with store.transaction() as session:
        AUDIT.append(session, event())
        sign_checkpoint(session, SigningKey.generate(), utc_now)
        with pytest.raises(Exception, match="not trusted"):
            latest_checkpoint(session, KEY.public_text)
