r"""Drops rows whose completion has one of some words: python examples/filters/grep.py owl '\bhoot'."""

import json
import re
import sys

unwanted = re.compile("|".join(sys.argv[1:]), re.IGNORECASE)
for line in sys.stdin:
    row = json.loads(line)
    if not unwanted.search(row["completion"]):
        print(json.dumps({"row_id": row["row_id"]}))
