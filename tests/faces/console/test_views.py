"""What pages are made of: diffs line by line, charts, changes of reach, and words."""

from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from bailiwick.control.observe import RequestPoint
from bailiwick.core.reach import Reach
from bailiwick.faces.console.chart import HEIGHT, WIDTH, Happening, requests_chart
from bailiwick.faces.console.diffs import MOST_LINES, diff_view
from bailiwick.faces.console.reach_view import change_view
from bailiwick.faces.console.rendering import legible
from bailiwick.faces.console.words import ago, count, listed

NOW = datetime(2026, 3, 1, 12, 30, 20, tzinfo=UTC)
DIFF = '''diff --git a/a b.py b/a b.py
index 1..2 100644
--- a/a b.py
+++ b/a b.py
@@ -3,4 +3,5 @@ def f():
 same = 1
-old = """x
-y"""
+new = 2
+--- a/fake.py
++++ b/fake.py
 end = 3
\\ No newline at end of file
diff --git a/bailiwick.toml b/bailiwick.toml
new file mode 100644
index 0..1
--- /dev/null
+++ b/bailiwick.toml
@@ -0,0 +1 @@
+[app]
diff --git a/logo.png b/logo.png
new file mode 100755
index 0..1
Binary files /dev/null and b/logo.png differ
'''


def test_a_diff_numbers_its_lines_and_takes_no_content_for_a_head() -> None:
    view = diff_view(DIFF)
    assert [file.path for file in view.files] == ["bailiwick.toml", "a b.py", "logo.png"]
    assert view.glance == "3 files, 4 lines added, 2 removed"
    lines = view.files[1].hunks[0].lines
    assert [(line.sign, line.old, line.new) for line in lines] == [
        (" ", 3, 3), ("-", 4, None), ("-", 5, None), ("+", None, 4), ("+", None, 5), ("+", None, 6), (" ", 6, 7),
    ]  # fmt: skip
    assert view.files[1].hunks[0].words == "def f():"
    assert view.files[2].notes == ("new file mode 100755", "Binary files /dev/null and b/logo.png differ")


@pytest.mark.req("DG7")
@pytest.mark.parametrize("hidden", ["\u2028", "\x0c", "\x85", "\r"])
def test_characters_that_end_a_line_elsewhere_do_not_forge_one(hidden: str) -> None:
    text = DIFF.replace("+new = 2", f"+new = 2{hidden}-forged = 3")
    view = diff_view(text)
    assert view.glance == "3 files, 4 lines added, 2 removed"
    shown = view.files[1].hunks[0].lines[3]
    assert "forged" in shown.code
    assert "\r" not in shown.code


def test_code_is_coloured_and_escaped() -> None:
    view = diff_view(DIFF.replace("+new = 2", "+new = '<b>&'"))
    code = view.files[1].hunks[0].lines[3].code
    assert "tok-" in code
    assert "<b>" not in code
    assert "&lt;b&gt;&amp;" in code
    plain = diff_view(DIFF.replace("a b.py", "a.unknown").replace("+new = 2", "+<b>")).files[1]
    assert plain.hunks[0].lines[3].code == Markup("&lt;b&gt;")


@pytest.mark.req("DG7")
def test_a_diff_that_is_too_long_names_what_it_leaves_out() -> None:
    body = "".join(f"+line {number}\n" for number in range(MOST_LINES))
    head = "diff --git a/z.txt b/z.txt\n--- /dev/null\n+++ b/z.txt\n"
    view = diff_view(DIFF + head + f"@@ -0,0 +1,{MOST_LINES} @@\n" + body)
    assert view.left_out == ("z.txt",)
    assert f"{MOST_LINES + 4} lines added" in view.glance


def test_changes_of_one_thing_stand_side_by_side() -> None:
    before = Reach(
        integrations=(),
        egress=(),
        models=("fast",),
        jobs=("nightly: 0 2 * * * a:b",),
        data_classes=(),
        memory_bytes=2**28,
        cpu=1,
        requests_per_second=200,
    )
    after = before.model_copy(update={"jobs": (), "egress": ("x.example:443",), "memory_bytes": 2**29})
    view = change_view(before, after)
    assert view.glance == "1 new, 1 changed, 1 gone"
    assert [(row.kind, row.before[:11], row.after[:11], row.new) for row in view.changed] == [
        ("egress", "", "may open co", True),
        ("limit", "may use 256", "may use 512", True),
        ("job", "runs by its", "", False),
    ]
    assert [row.after for row in view.kept] == ["may ask the model fast", "takes up to 200 requests a second"]
    assert [row.new for row in change_view(after, before).changed] == [True, False, False]  # less memory is not new
    assert change_view(before, before).glance == "nothing changes"
    assert all(row.new for row in change_view(None, before).changed)


def test_a_chart_stands_inside_its_frame_with_what_happened_on_it() -> None:
    points = [
        RequestPoint(NOW.replace(second=0) - timedelta(minutes=minute), 30 * minute, 1, 2, 4.0, 9.0)
        for minute in range(59, -1, -1)
    ]
    happenings = [Happening(NOW - timedelta(minutes=5), "stop", "stopped"), Happening(NOW, "release", "release a")]
    old = Happening(NOW - timedelta(hours=2), "release", "old")
    chart = requests_chart(points, [*happenings, old], NOW)
    assert len(chart.bars) == 60
    assert all(chart.left <= bar.x and bar.x + bar.width <= chart.right for bar in chart.bars)
    assert all(bar.top >= 0 and bar.top + bar.height <= HEIGHT for bar in chart.bars)
    assert [tick.label for tick in chart.rows] == ["0", "1000", "2000"]
    assert [tick.label for tick in chart.columns] == ["11:31", "11:46", "12:01", "12:16", "12:31"]
    assert [marker.label for marker in chart.markers] == ["stopped", "release a"]
    assert all(marker.x <= WIDTH and 0 < marker.label_y < chart.top for marker in chart.markers)
    assert len({marker.label_y for marker in chart.markers}) == 2
    assert requests_chart([], [], NOW).bars == ()


def test_what_hides_is_written_out_and_what_is_markup_stays_so() -> None:
    assert legible("a\u202eb\u200bc") == "a⟨U+202E⟩b⟨U+200B⟩c"
    assert legible("שלום, мир, 你好") == "שלום, мир, 你好"
    kept = legible(Markup("<i>\u2066</i>"))
    assert kept == "<i>⟨U+2066⟩</i>"
    assert isinstance(kept, Markup)


def test_words_for_numbers_times_and_lists() -> None:
    assert [ago(NOW - timedelta(seconds=seconds), NOW) for seconds in (-5, 59, 60, 7200, 200000)] == [
        "just now", "just now", "1 minute ago", "2 hours ago", "2 days ago",
    ]  # fmt: skip
    assert (count(1, "person", "people"), count(4100, "app")) == ("1 person", "4,100 apps")
    assert [listed(items) for items in ([], ["a"], ["a", "b", "c"])] == ["", "a", "a, b and c"]
