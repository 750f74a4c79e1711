"""Trains a small MGN on drawn people.

    cargo build --release -p reid-apps --example draw
    for seed in 101 102 103 104 105 106 107 108; do
        target/release/examples/draw drawn/$seed $seed 90 2 3
    done
    python3.10 -m venv env && env/bin/pip install torch==1.12.1 'numpy<2' Pillow==9.5.0 safetensors
    OMP_WAIT_POLICY=passive env/bin/python tools/train/train_mgn.py --data drawn --out mgn_small.safetensors

OMP_WAIT_POLICY=passive is for a machine that others use too. Without it, and with the two cores in heavy use, a step
of 64 pictures took over a minute; with it, at lighter load, about a second. The two were not told apart.

The network is MGN at an eighth of its width: a ResNet-50 stem, three branches with their own layer 3 and 4, max
pooling of the whole and of two and three stripes, one shared reduction. Its losses are cross-entropy on each of the
eight vectors and, over all of them joined and of length 1, a contrast of the pictures of one person with all others
in the batch. Seeds 1 to 99 of the drawings are for evaluation, and the last folder of --data is held out: every 400
steps the mAP on its people is logged.

This made reid-apps/weights/mgn_small.safetensors, the network of `reid demo`; mgn_small.log beside this file is what it
printed. That run was bounded by the clock and made 5295 steps, the last of them at full resolution; `--steps 5295` bounds by
steps, and then the seed decides everything but the order in which threads add.

Most steps run at half the resolution (192x64), which costs a quarter, and the last ones at 384x128, the network's own.
The names of the weights are those of the reference's state dict; the classifiers are left out of the file.
"""

import argparse
import glob
import json
import os
import random
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


class Bottleneck(nn.Module):
    def __init__(self, inner, planes, stride):
        super().__init__()
        out = planes * 4
        self.conv1 = nn.Conv2d(inner, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or inner != out:
            self.downsample = nn.Sequential(nn.Conv2d(inner, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)), inplace=True)


def layer(inner, planes, blocks, stride):
    first = Bottleneck(inner, planes, stride)
    return nn.Sequential(first, *[Bottleneck(planes * 4, planes, 1) for _ in range(blocks - 1)])


class MGN(nn.Module):
    def __init__(self, width, feats, classes):
        super().__init__()
        w = width
        layer3_first = Bottleneck(w * 8, w * 4, 2)
        self.backbone = nn.Sequential(
            nn.Conv2d(3, w, 7, 2, 3, bias=False), nn.BatchNorm2d(w), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1),
            layer(w, w, 3, 1), layer(w * 4, w * 2, 4, 2), layer3_first)

        def branch(stride):
            rest = nn.Sequential(*[Bottleneck(w * 16, w * 4, 1) for _ in range(5)])
            return nn.Sequential(rest, layer(w * 16, w * 8, 3, stride))

        self.p1, self.p2, self.p3 = branch(2), branch(1), branch(1)
        self.reduction = nn.Sequential(nn.Conv2d(w * 32, feats, 1, bias=False), nn.BatchNorm2d(feats), nn.ReLU())
        self.classifiers = nn.ModuleList(nn.Linear(feats, classes) for _ in range(8))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, Bottleneck):
                # Each block begins as the identity: fifty layers pass the picture on.
                nn.init.zeros_(module.bn3.weight)

    def forward(self, x):
        x = self.backbone(x)
        maps = self.p1(x), self.p2(x), self.p3(x)
        pools = [F.adaptive_max_pool2d(m, 1) for m in maps]
        for m, stripes in ((maps[1], 2), (maps[2], 3)):
            height = m.shape[2] // stripes
            pools += [F.adaptive_max_pool2d(m[:, :, i * height:(i + 1) * height], 1) for i in range(stripes)]
        # In the order of the features; all eight go through the one reduction.
        count = x.shape[0]
        reduced = self.reduction(torch.cat(pools)).flatten(1)
        return [reduced[i * count:(i + 1) * count] for i in range(8)]


def contrast(features, ids, temperature=0.07):
    """Each picture against all others of the batch; unlike a batch-hard triplet it cannot be met by one point."""
    f = F.normalize(features)
    scores = f @ f.t() / temperature
    itself = torch.eye(len(ids), dtype=torch.bool)
    logs = F.log_softmax(scores.masked_fill(itself, -1e9), 1)
    same = (ids[:, None] == ids[None]) & ~itself
    return -((logs * same).sum(1) / same.sum(1)).mean()


def mean_average_precision(model, root, height, width):
    """Held-out people: the first picture before each camera asks, the others of other cameras answer."""
    paths = sorted(glob.glob(os.path.join(root, "bounding_box_train", "*.jpg")))
    names = [os.path.basename(p).split("_") for p in paths]
    ids, cameras = np.array([n[0] for n in names]), np.array([n[1][:2] for n in names])
    asks = np.array([n[3].startswith("00") for n in names])
    features = []
    model.eval()
    with torch.no_grad():
        for i in range(0, len(paths), 64):
            x = []
            for path in paths[i:i + 64]:
                with Image.open(path) as image:
                    image = image.convert("RGB").resize((width, height), Image.BICUBIC)
                x.append(((np.asarray(image, np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1))
            x = torch.from_numpy(np.stack(x))
            features.append(torch.cat(model(x), 1) + torch.cat(model(x.flip(3)), 1))
    model.train()
    features = F.normalize(torch.cat(features)).numpy()
    precisions = []
    for query in np.flatnonzero(asks):
        kept = np.flatnonzero(~asks & ~((ids == ids[query]) & (cameras == cameras[query])))
        order = kept[np.argsort(-features[kept] @ features[query], kind="stable")]
        ranks = np.flatnonzero(ids[order] == ids[query]) + 1
        if len(ranks):
            precisions.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return float(np.mean(precisions))


def load(folders):
    """All drawn people of these sets: identity -> pictures."""
    people = {}
    for path in (p for root in folders for p in sorted(glob.glob(os.path.join(root, "bounding_box_train", "*.jpg")))):
        seed = path.split(os.sep)[-3]
        identity = os.path.basename(path).split("_")[0]
        with Image.open(path) as image:
            people.setdefault((seed, identity), []).append(np.asarray(image.convert("RGB")))
    return list(people.values())


def picture(pixels, height, width):
    """One augmented picture: flipped, jittered, a part erased."""
    image = Image.fromarray(pixels)
    if random.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    w, h = image.size
    dx, dy = random.uniform(-0.05, 0.05) * w, random.uniform(-0.05, 0.05) * h
    scale = random.uniform(0.92, 1.05)
    box = (dx + w * (1 - scale) / 2, dy + h * (1 - scale) / 2, dx + w * (1 + scale) / 2, dy + h * (1 + scale) / 2)
    image = image.transform((width, height), Image.EXTENT, box, Image.BICUBIC)
    x = np.asarray(image, np.float32) / 255
    x = np.clip((x * random.uniform(0.8, 1.2) + random.uniform(-0.08, 0.08)), 0, 1)
    x = x * np.random.uniform(0.92, 1.08, 3).astype(np.float32)
    x = (x - MEAN) / STD
    if random.random() < 0.4:
        eh, ew = int(height * random.uniform(0.1, 0.35)), int(width * random.uniform(0.2, 0.6))
        y0, x0 = random.randrange(height - eh), random.randrange(width - ew)
        x[y0:y0 + eh, x0:x0 + ew] = 0
    return x.transpose(2, 0, 1)


def batch(people, height, width, identities, shots):
    chosen = random.sample(range(len(people)), identities)
    images, labels = [], []
    for identity in chosen:
        pool = people[identity]
        picks = random.sample(pool, shots) if len(pool) >= shots else random.choices(pool, k=shots)
        images += [picture(p, height, width) for p in picks]
        labels += [identity] * shots
    return torch.from_numpy(np.stack(images).astype(np.float32)), torch.tensor(labels)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    bound = parser.add_mutually_exclusive_group()
    bound.add_argument("--minutes", type=float, default=60)
    bound.add_argument("--steps", type=int, help="stop after so many steps, however long they take")
    parser.add_argument("--fine", type=float, default=0.25, help="share of the time, or of the steps, at full resolution")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--feats", type=int, default=64)
    parser.add_argument("--start", help="weights to begin with")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    random.seed(options.seed)
    np.random.seed(options.seed)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    *folders, held_out = sorted(glob.glob(os.path.join(options.data, "*")))
    people = load(folders)
    print(json.dumps({"options": vars(options), "people": len(people), "pictures": sum(map(len, people)),
                      "torch": torch.__version__}), flush=True)
    model = MGN(options.width, options.feats, len(people))
    optimizer = torch.optim.Adam(model.parameters(), lr=options.rate, weight_decay=5e-4)
    begin, step = time.time(), 0
    if options.start:
        # The classifiers are not in the file: they begin anew.
        model.load_state_dict({k: v.float() for k, v in load_file(options.start).items()}, strict=False)
    model.train()
    while True:
        done = step / options.steps if options.steps else (time.time() - begin) / 60 / options.minutes
        if done >= 1:
            break
        fine = done > 1 - options.fine
        height, width = (384, 128) if fine else (192, 64)
        # A warm-up, then a cosine down to nothing.
        rate = options.rate * min(1, (step + 1) / 100) * 0.5 * (1 + np.cos(np.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = float(rate)
        images, labels = batch(people, height, width, 16, 4)
        vectors = model(images)
        scores = [c(v) for c, v in zip(model.classifiers, vectors)]
        classify = sum(F.cross_entropy(s, labels, label_smoothing=0.05) for s in scores) / 8
        # Of length 1, as the evaluation compares them.
        apart = contrast(torch.cat(vectors, 1), labels)
        loss = classify + apart
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % 20 == 0:
            right = (scores[0].argmax(1) == labels).float().mean().item()
            print(json.dumps({"step": step, "minutes": round((time.time() - begin) / 60, 2), "fine": fine,
                              "classify": round(classify.item(), 4), "contrast": round(apart.item(), 4),
                              "right": round(right, 3)}), flush=True)
        if step % 400 == 0:
            save(model, options.out)
            found = mean_average_precision(model, held_out, height, width)
            print(json.dumps({"step": step, "height": height, "held_out_map": round(found, 4)}), flush=True)
    save(model, options.out)
    print(json.dumps({"steps": step, "file": os.path.basename(options.out), "bytes": os.path.getsize(options.out)}))


def save(model, path):
    kept = {name: value.detach().half().contiguous() for name, value in model.state_dict().items()
            if not name.startswith("classifiers") and not name.endswith("num_batches_tracked")}
    save_file(kept, path + ".part")
    os.replace(path + ".part", path)


if __name__ == "__main__":
    main()
