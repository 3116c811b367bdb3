"""Makes the lists of popular package names that look-alikes are told by, from a table that you bring.

    python -m scripts.make_popular_names TABLE.tsv COLUMN (rank|downloads) COUNT > NAME.txt

The result is kept in src/bailiwick/control/review/data. The table has a header line, the name in its first column, and
in COLUMN a rank (1 is the most used) or a number of downloads. Names are written one a line, the most used first.
"""

import csv
import re
import sys


def main() -> None:
    """Read the table, sort, and print."""
    table, column, order, count = sys.argv[1:5]
    rows: list[tuple[int, str]] = []
    with open(table, newline="", encoding="utf-8") as source:  # noqa: PTH123
        reader = csv.reader(source, delimiter="\t", quoting=csv.QUOTE_NONE)
        place = next(reader).index(column)
        for row in reader:
            if len(row) > place and row[place].isdigit() and re.fullmatch(r"[@\w./-]+", row[0]):
                number = int(row[place])
                rows.append((number if order == "rank" else -number, row[0]))
    for _, name in sorted(rows)[: int(count)]:
        print(name)


if __name__ == "__main__":
    main()
