"""PyTorch's side of bench/train.ts: the same training steps on the same numbers, when it is told to.

    python steps.py FOLDER THREADS

FOLDER holds rows.i32 (the rows of a batch) and embeddings-D.f32 for each dimension D. Every line of the input, "D
CLASSES STEPS", is answered by a line of JSON: seconds of wall time and of processor time of so many steps. What is
trained stays as long as the process, one net for each D and CLASSES. The net is that of src/train/meaning/step-graph.ts:
standardised embedding, Linear, ReLU, dropout .2, Linear, cross-entropy smoothed by .1, AdamW that does not decay biases
(fused, the fastest that PyTorch has here).
"""

import json
import sys
import time

import numpy as np
import torch
from torch import nn

HIDDEN = 512


class Steps:
    def __init__(self, folder, dimension, classes):
        torch.manual_seed(1)
        numbers = np.fromfile(f"{folder}/embeddings-{dimension}.f32", dtype=np.float32)
        self.embeddings = torch.from_numpy(numbers.reshape(-1, dimension))
        self.rows = torch.from_numpy(np.fromfile(f"{folder}/rows.i32", dtype=np.int32))
        self.targets = self.rows.long() % classes
        self.mean, self.scale = torch.zeros(dimension), 3.46
        self.net = nn.Sequential(
            nn.Linear(dimension, HIDDEN), nn.ReLU(), nn.Dropout(0.2), nn.Linear(HIDDEN, classes)
        )
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.1)
        named = list(self.net.named_parameters())
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [p for name, p in named if name.endswith("weight")], "weight_decay": 0.01},
                {"params": [p for name, p in named if name.endswith("bias")], "weight_decay": 0.0},
            ],
            lr=1e-3,
            fused=True,
        )

    def run(self, count):
        for _ in range(count):
            x = (self.embeddings.index_select(0, self.rows) - self.mean) * self.scale
            self.optimiser.zero_grad(set_to_none=True)
            loss = self.loss(self.net(x), self.targets)
            loss.backward()
            self.optimiser.step()
            # as ours does: the loss of every step is read
            loss.item()


folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
opened = {}
for line in sys.stdin:
    dimension, classes, count = map(int, line.split())
    key = (dimension, classes)
    if key not in opened:
        opened[key] = Steps(folder, dimension, classes)
    started, cpu = time.perf_counter(), time.process_time()
    opened[key].run(count)
    took = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    print(json.dumps({**took, "version": torch.__version__}), flush=True)
