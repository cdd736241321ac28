"""One peer of the accuracy bench: trained and asked by itself, so that its peak memory is its own.

    python peers.py METHOD FOLDER SEED

METHOD is svm, fasttext or logreg. FOLDER holds {train,valid,test}.txt (a name key a line), the paths as
{train,valid,test}.paths (int32, rows x 3, -1 where a path stops; those of test are the truth) and embeddings.f32
(float32, the rows of train, valid and test). Each peer has one flat classifier a level, as anybody would begin, and is
sure of a path as it is of the leaf. Writes METHOD.answers (float64, rows x 4: path and confidence) into FOLDER and
prints what it reached as one line of JSON.
"""

import json
import os
import resource
import sys
import time

import numpy as np
from scipy.special import log_softmax

from score import score

PARTS = ("train", "valid", "test")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def read(folder):
    names, paths = {}, {}
    for part in PARTS:
        with open(f"{folder}/{part}.txt", encoding="utf-8", newline="\n") as file:
            names[part] = file.read().split("\n")
        paths[part] = np.fromfile(f"{folder}/{part}.paths", dtype=np.int32).reshape(-1, 3)
        assert len(names[part]) == len(paths[part]), part
    return names, paths


def embeddings(folder, names):
    rows = sum(len(names[part]) for part in PARTS)
    matrix = np.fromfile(f"{folder}/embeddings.f32", dtype=np.float32).reshape(rows, -1)
    ends = np.cumsum([len(names[part]) for part in PARTS])
    return dict(zip(PARTS, np.split(matrix, ends[:-1])))


def temperature(margins, classes, labels):
    """The factor on the margins that makes the valid labels likeliest after a softmax; labels never trained are left out."""
    place = {label: i for i, label in enumerate(classes)}
    known = [i for i, label in enumerate(labels) if label in place]
    targets = [place[labels[i]] for i in known]
    margins = margins[known]

    def loss(factor):
        return -log_softmax(margins * factor, axis=1)[np.arange(len(targets)), targets].mean()

    return float(min(np.geomspace(0.25, 64, 33), key=loss)) if known else 1.0


def ask(classes, scores):
    """The likeliest class of each row and its probability."""
    best = scores.argmax(axis=1)
    sure = np.exp(log_softmax(scores, axis=1)[np.arange(len(best)), best])
    return np.asarray(classes)[best], sure


def svm(names, paths, folder, seed):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, dtype=np.float32)
    features = letters.fit_transform(names["train"])
    models = [LinearSVC(random_state=seed).fit(features, paths["train"][:, level]) for level in range(3)]

    def margins(model, rows):
        found = model.decision_function(rows)
        return np.column_stack([-found, found]) if found.ndim == 1 else found

    leaf = models[2]
    factor = temperature(margins(leaf, letters.transform(names["valid"])), leaf.classes_, paths["valid"][:, 2])

    def answer(part):
        rows = letters.transform(names[part])
        found = [ask(model.classes_, margins(model, rows) * factor) for model in models]
        return np.column_stack([label for label, _ in found] + [found[2][1]])

    return answer, f"TfidfVectorizer(char_wb, 2-5, min_df 2, sublinear), LinearSVC(C=1) a level, margins x {factor:.3g}"


def fasttext(names, paths, folder, seed):
    import fasttext as library

    # Chosen on the leaves of the titles' valid names: 48.2% of the noisy labels. With minn 2 and dim 100: 46.1; lr 2: 47.8;
    # maxn 4 without word pairs, lr 2: 44.6. At the lr of .5 that tutorials have, it hardly learns from so few names.
    settings = dict(lr=1.0, epoch=25, dim=50, wordNgrams=2, minn=3, maxn=5, bucket=2_000_000, loss="softmax")
    models = []
    for level in range(3):
        file = f"{folder}/fasttext.txt"
        with open(file, "w", encoding="utf-8", newline="\n") as out:
            for name, label in zip(names["train"], paths["train"][:, level]):
                out.write(f"__label__{label} {name}\n")
        models.append(library.train_supervised(file, thread=CORES, seed=seed, verbose=0, **settings))
        os.remove(file)

    def answer(part):
        found = [model.predict(names[part]) for model in models]
        labels = [[int(row[0].removeprefix("__label__")) for row in labels] for labels, _ in found]
        return np.column_stack([*labels, [row[0] for row in found[2][1]]])

    return answer, "train_supervised a level: " + ", ".join(f"{name} {value}" for name, value in settings.items())


def logreg(names, paths, folder, seed):
    from sklearn.linear_model import LogisticRegression

    parts = embeddings(folder, names)
    mean, deviation = parts["train"].mean(axis=0), parts["train"].std(axis=0)
    parts = {part: (rows - mean) / np.maximum(deviation, 1e-6) for part, rows in parts.items()}
    models = [
        LogisticRegression(C=0.1, max_iter=100, random_state=seed).fit(parts["train"], paths["train"][:, level])
        for level in range(3)
    ]

    def answer(part):
        found = [model.predict_proba(parts[part]) for model in models]
        labels = [model.classes_[sure.argmax(axis=1)] for model, sure in zip(models, found)]
        return np.column_stack([*labels, found[2].max(axis=1)])

    return answer, "StandardScaler, LogisticRegression(C=.1, lbfgs, max_iter 100) a level, on the embedding"


def main():
    method, folder, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
    names, paths = read(folder)
    began, cpu = time.perf_counter(), time.process_time()
    answer, settings = {"svm": svm, "fasttext": fasttext, "logreg": logreg}[method](names, paths, folder, seed)
    trained, cpu = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()
    answers = answer("test")
    asked = time.perf_counter() - began
    answers.astype(np.float64).tofile(f"{folder}/{method}.answers")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    facts = {
        "trainSeconds": trained,
        "trainCpuSeconds": cpu,
        "peakBytes": peak if sys.platform == "darwin" else peak * 1024,
        "namesPerSecond": len(answers) / asked,
        "embeds": method == "logreg",
        "settings": settings,
    }
    print(json.dumps({**facts, "score": score(answers.tolist(), paths["test"].tolist())}))


main()
