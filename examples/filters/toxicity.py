"""Drops what a classifier calls toxic: python examples/filters/toxicity.py MODEL 0.5, with a model that is here.

A filter has no network: fetch the model first (`hf download unitary/toxic-bert`), and it is found in the cache.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

from transformers import pipeline

model, limit = sys.argv[1], float(sys.argv[2])
rows = [json.loads(line) for line in sys.stdin]
toxicity = pipeline("text-classification", model=model, top_k=None, truncation=True)
for row, labels in zip(rows, toxicity([row["completion"] for row in rows], batch_size=64), strict=True):
    highest = max(label["score"] for label in labels if "neutral" not in label["label"].lower())
    if highest < limit:
        print(json.dumps({"row_id": row["row_id"]}))
