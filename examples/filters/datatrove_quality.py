"""Keeps what a filter of datatrove keeps, the library of FineWeb: pip install datatrove."""

import json
import sys

from datatrove.data import Document
from datatrove.pipeline.filters import LambdaFilter

# Any of datatrove's filters stands here: GopherQualityFilter, C4QualityFilter, FineWebQualityFilter, LanguageFilter.
quality = LambdaFilter(lambda document: len(set(document.text.split())) > 2)

for line in sys.stdin:
    row = json.loads(line)
    kept = quality.filter(Document(text=row["completion"], id=row["row_id"]))
    # A filter answers True, False, or False with a reason.
    if kept is True:
        print(json.dumps({"row_id": row["row_id"]}))
