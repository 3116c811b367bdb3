"""Makes the picture of an index's names by which invented ones are told, from a table that you bring.

    python -m scripts.make_known_names TABLE.tsv DAY > src/bailiwick/control/review/data/pypi_names.bloom

The table has a header line and the name in its first column; DAY (YYYY-MM-DD) is the day on which it was made.
"""

import json
import math
import sys
from pathlib import Path

from bailiwick.control.review.engines.packages.index import places
from bailiwick.control.review.engines.packages.model import python_name

WRONG = 0.01


def main() -> None:
    """Read the names, set their bits, write the picture."""
    lines = Path(sys.argv[1]).read_text(errors="replace").splitlines()[1:]
    names = {python_name(line.partition("\t")[0]) for line in lines}
    bits = math.ceil(-len(names) * math.log(WRONG) / math.log(2) ** 2 / 8) * 8
    field = bytearray(bits // 8)
    for name in names:
        for place in places(name, bits):
            field[place >> 3] |= 1 << (place & 7)
    head = {"day": sys.argv[2], "names": len(names), "bits": bits}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + bytes(field))


if __name__ == "__main__":
    main()
