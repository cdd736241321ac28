"""onnxruntime in Python on the encoder's own weights.

peer.py FOLDER BATCH TOKENS SCRATCH: reads a line of JSON, the texts; then each line on stdin is a round, answered by a line of
JSON: CPU seconds of each way to encode all texts, and the least cosine to the plain graph's vectors.
"""

import json
import os
import resource
import sys

import numpy as np
import onnxruntime
from fused import VARIANTS, build
from tokenizers import Tokenizer

folder, most, budget, scratch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
plain = os.path.join(folder, 'onnx', 'model_quantized.onnx')


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])


def batches(tokens):
    order, open_ = sorted(range(len(tokens)), key=lambda i: len(tokens[i])), []
    for i in order:
        if open_ and (len(open_) == most or (len(open_) + 1) * len(tokens[i]) > budget):
            yield open_
            open_ = []
        open_.append(i)
    yield open_


def encode(run, tokens):
    vectors = None
    for rows in batches(tokens):
        width = max(len(tokens[i]) for i in rows)
        ids, mask = np.ones((len(rows), width), np.int64), np.zeros((len(rows), width), np.int64)
        for at, i in enumerate(rows):
            ids[at, : len(tokens[i])] = tokens[i]
            mask[at, : len(tokens[i])] = 1
        feeds = {'input_ids': ids, 'attention_mask': mask, 'token_type_ids': np.zeros_like(ids)}
        hidden = run.run(None, feeds)[0] * mask[:, :, None]
        pooled = hidden.sum(1) / mask.sum(1, keepdims=True)
        if vectors is None:
            vectors = np.empty((len(tokens), pooled.shape[1]), np.float32)
        vectors[rows] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    return vectors


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


tokenizer = Tokenizer.from_file(os.path.join(folder, 'tokenizer.json'))
tokenizer.enable_truncation(512)
texts = json.loads(sys.stdin.readline())
sessions = {'the same graph': session(plain)}
for number, name in enumerate(VARIANTS):
    sessions[name] = session(build(plain, name, os.path.join(scratch, f'{number}.onnx')))
for _ in sys.stdin:
    answer, reference = {}, None
    for name, run in sessions.items():
        before = cpu()
        vectors = encode(run, [tokenizer.encode(text).ids for text in texts])
        seconds = cpu() - before
        reference = vectors if reference is None else reference
        answer[name] = {'cpu': seconds, 'cosine': float((vectors * reference).sum(1).min())}
    print(json.dumps({'version': onnxruntime.__version__, 'ways': answer}), flush=True)
