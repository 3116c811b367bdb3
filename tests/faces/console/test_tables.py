"""What lists are made of: what an address asks, pages by keyset, cells of files, maps that fold."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import literal_column, select, union_all

from bailiwick.control.listings import LISTINGS, Edge, Found, Listing, UsedBy, parse
from bailiwick.control.listings.paging import page_of_query, page_of_rows
from bailiwick.core.errors import InvalidInputError
from bailiwick.faces.console.estate_map import draw
from bailiwick.faces.console.tables.exporting import cell, csv_lines
from bailiwick.store import Store

APPS = LISTINGS["apps"]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = [
    {column.name: None for column in APPS.columns}
    | {"app": f"folder/app-{number:03}", "waiting": number % 3, "production": ("running", "killed")[number % 2],
       "made": NOW - timedelta(days=number), "owner": f"user:{number % 7}@example.com"}
    for number in range(60)
]  # fmt: skip


def walked(pairs: list[tuple[str, str]], limit: int = 7) -> list[str]:
    """Return the apps of all pages, one after the other."""
    found, cursor = list[str](), ""
    while True:
        asked = parse(APPS, [*pairs, ("cursor", cursor)])
        page = page_of_rows(APPS, ROWS, asked, NOW, limit=limit)
        found += [str(row["app"]) for row in page.rows]
        cursor = page.cursor
        if not cursor:
            return found


@pytest.mark.req("OB1")
@pytest.mark.parametrize(
    "order", ["app", "-app", "waiting", "-waiting", "made", "-made", "owner", "production", "told"]
)
def test_pages_hold_each_row_once_in_order(order: str) -> None:
    found = walked([("sort", order)])
    assert sorted(found) == [row["app"] for row in ROWS]
    name, down = order.removeprefix("-"), order.startswith("-")
    values = {row["app"]: row[name] for row in ROWS}
    if name != "told":
        assert [values[app] for app in found] == sorted(values.values(), reverse=down)  # type: ignore[type-var]


@pytest.mark.req("OB1")
@pytest.mark.parametrize("order", ["app", "-waiting", "made", "-owner", "told"])
def test_a_query_is_paged_as_rows_are(store: Store, order: str) -> None:
    def row(values: dict[str, object]) -> object:
        return select(*(
            literal_column("null::text" if value is None else f"{value}" if isinstance(value, int)
                           else f"'{value.isoformat()}'::timestamptz" if isinstance(value, datetime)
                           else f"'{value}'").label(name)
            for name, value in {**values, "told": NOW if values["told"] is None else values["told"]}.items()
        ))  # fmt: skip

    source = union_all(*(row(values) for values in ROWS)).subquery()  # type: ignore[arg-type]
    found, cursor = list[str](), ""
    hidden = {ROWS[3]["app"], ROWS[4]["app"]}
    with store.transaction() as session:
        while True:
            asked = parse(APPS, [("sort", order), ("production", "running"), ("cursor", cursor)])
            page: Found = page_of_query(
                session, APPS, source, asked, NOW, limit=7, allowed=lambda paths: set(paths) - hidden  # type: ignore[arg-type]
            )  # fmt: skip
            found += [str(item["app"]) for item in page.rows]
            cursor = page.cursor
            if not cursor:
                break
    assert found == [app for app in walked([("sort", order), ("production", "running")]) if app not in hidden]


@pytest.mark.req("OB1")
@pytest.mark.parametrize(
    "pairs",
    [
        [("sort", "password")],
        [("columns", "app,secret")],
        [("nothing", "x")],
        [("risk", "enormous")],
        [("waiting", "many")],
        [("made", "yesterday")],
        [("app", "x" * 201)],
        [("app", "a\x00b")],
        [("app", f"{number}") for number in range(21)],
    ],
)
def test_what_an_address_asks_in_vain_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidInputError):
        parse(APPS, pairs)


@pytest.mark.req("OB1")
@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "W10", "eyJhIjoxfQ", "WyJhIl0", "////", "WzEsImEiXQ"])
def test_a_cursor_that_is_no_place_is_refused(cursor: str) -> None:
    asked = parse(APPS, [("cursor", cursor)])
    with pytest.raises(InvalidInputError):
        page_of_rows(APPS, ROWS, asked, NOW, limit=7)


@pytest.mark.req("OB1")
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1", "\n=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text).startswith("'")
    lines = "".join(csv_lines(APPS.columns[:1], iter([{"app": f'{text}"\r\n"x'}])))
    assert lines.startswith('"app"\r\n"\'')


def test_figures_stay_figures() -> None:
    assert (cell(-5), cell(None), cell(NOW), cell("a-b")) == ("-5", "", "2026-03-01T00:00:00+00:00", "a-b")


@pytest.mark.req("OB1")
def test_a_map_of_many_apps_folds_by_folder_and_opens() -> None:
    edges = [Edge(f"{folder}/app-{number}", "integration", "orders") for folder in ("a", "b") for number in range(20)]
    edges.append(Edge("a/deep/app", "model", "large"))
    users = [UsedBy("group:staff", "folder:a/deep"), UsedBy("user:ada@example.com", "app:b/app-1")]
    whole = draw(edges, users)
    assert [row.node.key for row in whole.rows] == ["a/", "b/"]
    assert [[user.words for user in row.users] for row in whole.rows] == [["staff"], ["ada@example.com"]]
    opened = draw(edges, users, "a")
    assert not opened.folded
    assert "a/deep/app" in {row.node.key for row in opened.rows}
    assert draw([], users).rows == ()


def listing_names() -> list[Listing]:
    return list(LISTINGS.values())


@pytest.mark.parametrize("listing", listing_names(), ids=lambda item: item.name)
def test_a_list_has_its_key_and_its_order_among_its_columns(listing: Listing) -> None:
    names = {column.name for column in listing.columns}
    assert {listing.key, listing.order.removeprefix("-")} <= names
