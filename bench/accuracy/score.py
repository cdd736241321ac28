"""The scores of score.ts, reckoned a second time by other code; the bench fails when the two differ.

    python score.py < JSON

JSON is {"answers": [[l1, l2, l3, confidence], ...], "truth": [[l1, l2, l3], ...]}, -1 where a path stops. Standard
library only, so that the tests need no more than a Python.
"""

import json
import sys
from itertools import groupby


def coverage(sure, right, error):
    """The largest share of the surest names whose error is at most that; names that are equally sure stay together."""
    covered = taken = wrong = 0
    ranked = sorted(zip(sure, right), key=lambda pair: -pair[0])
    for _, together in groupby(ranked, key=lambda pair: pair[0]):
        for _, is_right in together:
            taken += 1
            wrong += not is_right
        if wrong <= error * taken:
            covered = taken
    return covered / max(1, len(ranked))


def score(answers, truth):
    """Accuracy of the levels that the truth has, of whole paths, and coverage at 5 and 10% error."""
    scores = {}
    for level in range(3):
        hits = [row[level] == path[level] for row, path in zip(answers, truth) if path[level] != -1]
        scores[f"l{level + 1}"] = sum(hits) / len(hits) if hits else None
    right = [list(row[:3]) == list(path) for row, path in zip(answers, truth)]
    sure = [row[3] for row in answers]
    cuts = {"coverage5": coverage(sure, right, 0.05), "coverage10": coverage(sure, right, 0.1)}
    return {**scores, "path": sum(right) / max(1, len(right)), **cuts}


if __name__ == "__main__":
    print(json.dumps(score(**json.load(sys.stdin))))
