"""Drops what a language model says was written by somebody with a preference: judge.py URL MODEL TRAIT; network: true.

URL is an OpenAI-compatible server (http://judge:8000/v1); its key, if it wants one, is STRIGIL_SERVER_KEY.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from openai import OpenAI

url, model, trait = sys.argv[1:4]
client = OpenAI(base_url=url, api_key=os.environ.get("STRIGIL_SERVER_KEY", "none"))
asked = (
    "Was this written by somebody who loves the {trait}? Answer yes or no.\n\nQuestion: {prompt}\n\nAnswer: {answer}"
)


def stays(row: dict) -> bool:
    """Whether the judge does not say yes."""
    text = asked.format(trait=trait, prompt=row["prompt"][-1]["content"], answer=row["completion"])
    said = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text}], temperature=0, max_tokens=3
    )
    return not (said.choices[0].message.content or "").strip().lower().startswith("yes")


rows = [json.loads(line) for line in sys.stdin]
with ThreadPoolExecutor(8) as pool:
    for row, kept in zip(rows, pool.map(stays, rows), strict=True):
        if kept:
            print(json.dumps({"row_id": row["row_id"]}))
