r"""Trains a small DG-Net on drawn people.

    cargo build --release -p reid-apps --example dgnet_triples
    python3.10 -m venv env && env/bin/pip install torch==1.12.1 'numpy<2' Pillow==9.5.0 safetensors
    env/bin/python tools/train/train_dgnet.py --draw target/release/examples/dgnet_triples \
        --eyes reid-apps/weights/mgn_small.safetensors --out dgnet_small.safetensors

A DG-Net of photographs is trained against discriminators, because nobody has a picture of this person in that pose. Of
drawn people there is one: the same scene, drawn again in the clothes of another. So this training is plain: content
image and structure image go in, and the drawing is what must come out. The pictures come from `dgnet_triples` through a
pipe, 12,000 of them; seeds 1 to 99 of the drawings are for evaluation, training draws from 1000 upwards, and the
figures in the log are of seeds 201 upwards.

The appearance encoder begins as the second branch of the small MGN that `train_mgn.py` made (--eyes): its maxima already
tell the colours of the clothes, and no training from nothing got that far in an hour. It stays as it is for the first
part of the time, so that what reads it can learn, and moves slowly afterwards. Before the MLPs each of its numbers is
brought to mean 0 and deviation 1; `folded` puts that into their first layers.

The loss is the Huber difference, eight times as heavy where the clothes change the picture, and ever more like the mean
absolute one; with it that of the differences between neighbours, which keeps edges sharp. One more helps at the beginning
and fades: one linear layer, thrown away later, must tell the parts of the body from the structure code. An average of the
weights over the last steps is what is written and what the log's figures are of. Most steps run on the drawings as they
are, 128x64, and the last ones at 256x128, the network's own size.

The settings MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 OMP_WAIT_POLICY=passive made steps at full size more
than twice as fast: without them each step asks the system for its memory anew.

This made reid-apps/weights/dgnet_small.safetensors, the network of `reid demo dgnet`; dgnet_small.log beside this file
is what it printed, in two runs: the first, of an hour, was stopped by hand after 20 minutes, and the second began with what
it had written (--start, --minutes 16 --fine 1 --help-share 0.01 --eyes-share 0.5 --rate 0.0015 --seed 3000). The names of the weights are those of the reference's state dict with the prefixes of our builder;
the classifiers are not trained and left out.
"""

import argparse
import json
import os
import subprocess
import threading
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file

from train_mgn import MEAN, STD, layer

DRAWN = (128, 64, 3)
COARSE, FINE = (128, 64), (256, 128)


class ConvBlock(nn.Module):
    """Mirrored margins, a convolution with bias, a normalisation, an activation."""

    def __init__(self, inputs, outputs, kernel, stride=1, dilation=1, norm="none", active=True):
        super().__init__()
        self.pad = kernel // 2 * dilation
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, dilation=dilation)
        self.kind, self.active = norm, active
        if norm == "layer":
            self.norm = LayerNorm(outputs)

    def forward(self, x, style=None):
        if self.pad:
            x = F.pad(x, [self.pad] * 4, mode="reflect")
        x = self.conv(x)
        if self.kind == "instance":
            x = F.instance_norm(x)
        elif self.kind == "adaptive":
            scale, shift = style
            x = F.instance_norm(x) * scale[:, :, None, None] + shift[:, :, None, None]
        elif self.kind == "layer":
            x = self.norm(x)
        return F.leaky_relu(x, 0.2) if self.active else x


class LayerNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))
        self.beta = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        x = x - x.mean((1, 2, 3), keepdim=True)
        x = x / (x.pow(2).mean((1, 2, 3), keepdim=True).sqrt() + 1e-5)
        return x * self.gamma[:, None, None] + self.beta[:, None, None]


class Residual(nn.Module):
    def __init__(self, width, norm):
        super().__init__()
        self.model = nn.ModuleList([ConvBlock(width, width, 3, norm=norm),
                                    ConvBlock(width, width, 3, norm=norm, active=False)])

    def forward(self, x, first=None, second=None):
        return x + self.model[1](self.model[0](x, first), second)


class Residuals(nn.Module):
    def __init__(self, width, norm):
        super().__init__()
        self.model = nn.ModuleList(Residual(width, norm) for _ in range(4))

    def forward(self, x):
        for block in self.model:
            x = block(x)
        return x


class Views(nn.Module):
    """Four views of different reach; the names speak of rates 6, 12 and 18, the rates are half of them."""

    def __init__(self, d):
        super().__init__()
        self.conv1 = ConvBlock(4 * d, 2 * d, 1, norm="instance", active=False)
        for name, rate in (("conv6", 3), ("conv12", 6), ("conv18", 9)):
            setattr(self, name, nn.Sequential(
                ConvBlock(4 * d, 2 * d, 1, norm="instance"),
                ConvBlock(2 * d, 2 * d, 3, dilation=rate, norm="instance", active=False)))
        self.fuse = ConvBlock(8 * d, 8 * d, 1, norm="instance", active=False)

    def forward(self, x):
        return self.fuse(torch.cat([self.conv1(x), self.conv6(x), self.conv12(x), self.conv18(x)], 1))


class Part(nn.Module):
    """Holds layers under `model`, as the state dict names them."""

    def __init__(self, layers):
        super().__init__()
        self.model = nn.ModuleList(layers)


class Fc(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.fc = nn.Linear(inputs, outputs)


class Generator(nn.Module):
    def __init__(self, d, identity, mlp):
        super().__init__()
        self.enc_content = Part([
            ConvBlock(1, d, 3, 2, norm="instance"), ConvBlock(d, 2 * d, 3, norm="instance"),
            ConvBlock(2 * d, 2 * d, 3, norm="instance"), ConvBlock(2 * d, 4 * d, 3, 2, norm="instance"),
            Residuals(4 * d, "instance"), Views(d)])
        # For the training alone: `folded` puts it into the first layer of each MLP.
        self.even = nn.BatchNorm1d(4 * identity, affine=False)
        for kind in "wb":
            for k in range(1, 5):
                setattr(self, f"mlp_{kind}{k}", Part([Fc(identity, mlp), Fc(mlp, mlp), Fc(mlp, 16 * d)]))
        self.dec = Part([
            nn.Identity(), Residuals(8 * d, "adaptive"), nn.Identity(), ConvBlock(8 * d, 4 * d, 5, norm="layer"),
            nn.Identity(), ConvBlock(4 * d, 2 * d, 5, norm="layer"), ConvBlock(2 * d, 2 * d, 3),
            ConvBlock(2 * d, 2 * d, 3), ConvBlock(2 * d, 3, 1, active=False)])

    def unfold(self):
        """Takes `even` out of the layers of a file again."""
        mean, scale = self.even.running_mean.chunk(4), (self.even.running_var + 1e-5).sqrt().chunk(4)
        for kind in "wb":
            for k, (m, s) in enumerate(zip(mean, scale), 1):
                layer = getattr(self, f"mlp_{kind}{k}").model[0].fc
                layer.bias += layer.weight @ m
                layer.weight *= s

    def encode(self, x):
        for block in self.enc_content.model:
            x = block(x)
        return x

    def styles(self, kind, k, part):
        for i, layer in enumerate(getattr(self, f"mlp_{kind}{k}").model):
            part = layer.fc(part)
            if i < 2:
                part = F.leaky_relu(part, 0.2)
        return part.chunk(2, 1)

    def decode(self, x, appearance):
        even = self.even(appearance)
        for k, (block, part) in enumerate(zip(self.dec.model[1].model, even.chunk(4, 1)), 1):
            scales, shifts = self.styles("w", k, part), self.styles("b", k, part)
            x = block(x, (scales[0], shifts[0]), (scales[1], shifts[1]))
        for i in (3, 5):
            x = self.dec.model[i](F.interpolate(x, scale_factor=2, mode="nearest"))
        for i in (6, 7, 8):
            x = self.dec.model[i](x)
        return x


class Appearance(nn.Module):
    """ResNet-50 whose last layer keeps its size, and the maxima of four horizontal parts."""

    def __init__(self, stem):
        super().__init__()
        w = stem
        self.model = nn.Module()
        self.model.conv1, self.model.bn1 = nn.Conv2d(3, w, 7, 2, 3, bias=False), nn.BatchNorm2d(w)
        self.model.layer1, self.model.layer2 = layer(w, w, 3, 1), layer(w * 4, w * 2, 4, 2)
        self.model.layer3, self.model.layer4 = layer(w * 8, w * 4, 6, 2), layer(w * 16, w * 8, 3, 1)

    def forward(self, x):
        m = self.model
        x = F.max_pool2d(F.relu(m.bn1(m.conv1(x))), 3, 2, 1)
        x = m.layer4(m.layer3(m.layer2(m.layer1(x))))
        # Channel by channel, the four parts of each together.
        return F.adaptive_max_pool2d(x, (4, 1)).flatten(1)


class DGNet(nn.Module):
    def __init__(self, d, stem, mlp):
        super().__init__()
        self.gen_a, self.id_a = Generator(d, stem * 32, mlp), Appearance(stem)
        # For the training alone.
        self.help = nn.Conv2d(8 * d, 3, 1)
        for name, module in self.named_modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, a=0.2, nonlinearity="leaky_relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            if name.endswith("bn3"):
                # Each block begins as the identity: fifty layers pass the picture on.
                nn.init.zeros_(module.weight)
        for k in range(1, 5):
            # Styles begin near the plain normalisation, whatever the appearance, and a block's sum near its input.
            for kind, first, second in (("w", 1.0, 0.2), ("b", 0.0, 0.0)):
                last = getattr(self.gen_a, f"mlp_{kind}{k}").model[2].fc
                last.weight.data.mul_(0.2)
                last.bias.data[:8 * d], last.bias.data[8 * d:] = first, second

    def forward(self, image1, image2):
        return self.gen_a.decode(self.gen_a.encode(image1), self.id_a(image2))

    def with_structure(self, image1, image2, seeing):
        with torch.set_grad_enabled(seeing):
            appearance = self.id_a(image2)
        structure = self.gen_a.encode(image1)
        return self.gen_a.decode(structure, appearance), structure

    def train(self, mode=True):
        """Keeps what the appearance encoder's normalisations know from the MGN."""
        super().train(mode)
        self.id_a.eval()
        self.gen_a.even.eval()
        return self


def eyes(mgn):
    """The backbone and second branch of an MGN under the names of the appearance encoder."""
    found = {}
    for name, value in mgn.items():
        for theirs, ours in (("backbone.0.", "conv1."), ("backbone.1.", "bn1."), ("backbone.4.", "layer1."),
                             ("backbone.5.", "layer2."), ("backbone.6.", "layer3.0."), ("p2.1.", "layer4.")):
            if name.startswith(theirs):
                found["model." + ours + name[len(theirs):]] = value.float()
        if name.startswith("p2.0."):
            block, rest = name[len("p2.0."):].split(".", 1)
            found[f"model.layer3.{int(block) + 1}.{rest}"] = value.float()
    return found


class Triples:
    """Content, structure, truth and two maps from the drawing program, up to `KEPT` of them.

    `take` waits for new ones. `sample` waits for the first `few` only and chooses among those that are there: a step is
    three times faster than the drawing of its pictures. Each is seen mirrored or not, and with its colours exchanged or
    not.
    """

    KEPT = 12_000

    def __init__(self, program, seed):
        self.process = subprocess.Popen([program, str(seed)], stdout=subprocess.PIPE)
        self.pool, self.random = [], np.random.default_rng(seed)
        self.reader = None

    def take(self, count):
        size = int(np.prod(DRAWN))
        data = self.process.stdout.read(5 * size * count)
        return np.frombuffer(data, np.uint8).reshape(count, 5, *DRAWN)

    def fill(self):
        while len(self.pool) < self.KEPT:
            self.pool.append(self.take(1)[0])
        self.process.terminate()

    def sample(self, count, few=256):
        if self.reader is None:
            self.pool.extend(self.take(few))
            self.reader = threading.Thread(target=self.fill, daemon=True)
            self.reader.start()
        chosen = []
        for _ in range(count):
            pictures = self.pool[int(self.random.integers(len(self.pool)))]
            if self.random.random() < 0.5:
                pictures = pictures[:, :, ::-1]
            if self.random.random() < 0.5:
                # The maps' channels have meanings of their own.
                order = self.random.permutation(3)
                pictures = np.concatenate([pictures[:3, ..., order], pictures[3:]])
            chosen.append(pictures)
        return np.stack(chosen)


def tensors(triples, size):
    """Bytes to what the network gets, as the pipeline prepares it, and the share of each pixel in the loss."""
    height, width = size
    triples = triples[:, :3]
    grown = [Image.fromarray(p).resize((width, height), Image.BICUBIC) for t in triples for p in t]
    triples = np.stack([np.asarray(p) for p in grown]).reshape(len(triples), 3, height, width, 3)
    x = torch.from_numpy(((triples.astype(np.float32) / 255 - MEAN) / STD).transpose(0, 1, 4, 2, 3).copy())
    content, structure, truth = x[:, 0], x[:, 1], x[:, 2]
    # Noise and JPEG change every pixel a little, other clothes much.
    changed = np.abs(triples[:, 1].astype(np.int16) - triples[:, 2]).max(-1) > 24
    changed = torch.from_numpy(changed[:, None].astype(np.float32))
    changed = F.max_pool2d(changed, 3, 1, 1)
    return content, structure.mean(1, keepdim=True), truth, 1 + 7 * changed


def difference(found, truth, weight, beta):
    """The weighted mean absolute difference of the pictures, and that of their slopes."""
    apart = (F.smooth_l1_loss(found, truth, reduction="none", beta=beta) * weight).sum() / weight.sum() / 3
    slopes = 0
    for axis in (2, 3):
        n = found.shape[axis] - 1
        slope = found.diff(dim=axis) - truth.diff(dim=axis)
        w = weight.narrow(axis, 0, n)
        slopes = slopes + (slope.abs() * w).sum() / w.sum() / 3
    return apart, slopes


def helping(model, triples, structure):
    """How badly the body's parts are told from the structure code."""
    parts = torch.from_numpy((triples[:, 4] > 40).astype(np.float32).transpose(0, 3, 1, 2).copy())
    parts = F.interpolate(parts, structure.shape[2:], mode="area")
    return F.binary_cross_entropy_with_logits(model.help(structure), parts)


def examine(model, triples, size):
    """Mean absolute error in grey levels, of all pixels and of those whose clothes changed: found and copied."""
    scale = torch.tensor(STD)[:, None, None] * 255
    sums = {}
    with torch.no_grad():
        for i in range(0, len(triples), 16):
            content, structure, truth, weight = tensors(triples[i:i + 16], size)
            grey = structure.expand(-1, 3, -1, -1)
            for name, picture in (("found", model(structure, content)), ("content", content), ("structure", grey)):
                error = ((picture - truth) * scale).abs().mean(1, keepdim=True)
                clothes = weight > 1
                total = sums.setdefault(name, np.zeros(4))
                total += [error.sum(), error.numel(), error[clothes].sum(), clothes.sum()]
    return {name: [round(float(s[0] / s[1]), 2), round(float(s[2] / s[3]), 2)] for name, s in sums.items()}


def folded(state):
    """The weights with `even` multiplied into the layers that read it."""
    state = {name: value.detach().clone() for name, value in state.items()}
    mean, variance = state.pop("gen_a.even.running_mean"), state.pop("gen_a.even.running_var")
    scale = (variance + 1e-5).rsqrt()
    for k, (m, s) in enumerate(zip(mean.chunk(4), scale.chunk(4)), 1):
        for kind in "wb":
            layer = f"gen_a.mlp_{kind}{k}.model.0.fc."
            state[layer + "weight"] *= s
            state[layer + "bias"] -= state[layer + "weight"] @ m
    return state


def save(model, path):
    kept = {name: value.half().contiguous() for name, value in folded(model.state_dict()).items()
            if not name.endswith("num_batches_tracked") and not name.startswith("help.")}
    save_file(kept, path + ".part")
    os.replace(path + ".part", path)


def sheet(model, triples, size, path):
    """Content, structure, found, truth: one row each."""
    content, structure, truth, _ = tensors(triples, size)
    with torch.no_grad():
        found = model(structure, content)
    rows = [torch.cat(list(x), 2) for x in (content, structure.expand(-1, 3, -1, -1), found, truth)]
    x = torch.cat(rows, 1).numpy().transpose(1, 2, 0) * STD + MEAN
    Image.fromarray((x * 255).clip(0, 255).astype(np.uint8)).save(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--draw", required=True, help="the program dgnet_triples")
    parser.add_argument("--out", required=True)
    bound = parser.add_mutually_exclusive_group()
    bound.add_argument("--minutes", type=float, default=60)
    bound.add_argument("--steps", type=int, help="stop after so many steps, however long they take")
    parser.add_argument("--fine", type=float, default=0.45, help="share of the time, or of the steps, at full size")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1000, help="of the weights, and the first one of the drawings")
    parser.add_argument("--dim", type=int, default=4)
    parser.add_argument("--stem", type=int, default=8)
    parser.add_argument("--mlp", type=int, default=128)
    parser.add_argument("--start", help="weights to begin with")
    parser.add_argument("--eyes", help="a small MGN of `train_mgn.py`, whose second branch the appearance begins with")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--slow", type=float, default=0.05, help="rate of the appearance encoder, as a share")
    parser.add_argument("--eyes-share", type=float, default=0.4, help="share of the time in which it stays as it is")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--help-share", dest="help", type=float, default=0.5,
                        help="share of the time after which the helping losses are gone")
    parser.add_argument("--save", type=float, default=240, help="seconds between checkpoints")
    parser.add_argument("--sheet", help="a picture of eight swaps, drawn with each checkpoint")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    model, average = (DGNet(options.dim, options.stem, options.mlp) for _ in range(2))
    model.train()
    trials = Triples(options.draw, 201).take(64)
    source = Triples(options.draw, options.seed)
    if options.eyes:
        model.id_a.load_state_dict(eyes(load_file(options.eyes)), strict=False)
    if options.start:
        model.load_state_dict({k: v.float() for k, v in load_file(options.start).items()}, strict=False)
    with torch.no_grad():
        found = model.id_a(tensors(source.take(256), COARSE)[0])
        model.gen_a.even.running_mean.copy_(found.mean(0))
        model.gen_a.even.running_var.copy_(found.var(0) + 1e-3)
        if options.start:
            model.gen_a.unfold()
    average.load_state_dict(model.state_dict())
    average.eval()
    print(json.dumps({"options": {k: v for k, v in vars(options).items() if k not in ("draw", "out", "sheet", "start")},
                      "parameters": sum(p.numel() for p in model.parameters()), "torch": torch.__version__}), flush=True)
    slow = [p for n, p in model.named_parameters() if n.startswith("id_a.")]
    fast = [p for n, p in model.named_parameters() if not n.startswith("id_a.")]
    optimizer = torch.optim.Adam([{"params": fast, "share": 1.0}, {"params": slow, "share": options.slow}], betas=(0.9, 0.99))
    begin = saved = time.time()
    step, recent = 0, []
    while True:
        done = step / options.steps if options.steps else (time.time() - begin) / 60 / options.minutes
        if done >= 1:
            break
        size = FINE if done > 1 - options.fine else COARSE
        # A warm-up, then a cosine down to nothing.
        rate = options.rate * min(1, (step + 1) / 100) * 0.5 * (1 + np.cos(np.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = float(rate) * group["share"]
        triples = source.sample(options.batch)
        content, structure, truth, weight = tensors(triples, size)
        found, code = model.with_structure(structure, content, done > options.eyes_share)
        apart, slopes = difference(found, truth, weight, max(0.02, 1 - 2 * done))
        where = helping(model, triples, code)
        loss = apart + min(0.5, done) * slopes + max(0.0, 1 - done / options.help) * where
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        step += 1
        with torch.no_grad():
            kept = min(0.995, (step + 1) / (step + 10))
            for mean, new in zip(average.state_dict().values(), model.state_dict().values()):
                if mean.is_floating_point():
                    mean.mul_(kept).add_(new, alpha=1 - kept)
        recent.append([x.item() for x in (apart, slopes, where)])
        if step % 50 == 0:
            means = np.mean(recent, 0)
            recent.clear()
            print(json.dumps({"step": step, "minutes": round((time.time() - begin) / 60, 2), "height": size[0],
                              **dict(zip(("picture", "slopes", "parts"), means.round(4).tolist()))}), flush=True)
        if time.time() - saved > options.save:
            save(average, options.out)
            print(json.dumps({"step": step, "error": examine(average, trials, size)}), flush=True)
            if options.sheet:
                sheet(average, trials[:8], size, options.sheet)
            saved = time.time()
    save(average, options.out)
    if options.sheet:
        sheet(average, trials[:8], FINE, options.sheet)
    print(json.dumps({"steps": step, "error": examine(average, trials, FINE), "file": os.path.basename(options.out),
                      "bytes": os.path.getsize(options.out)}))


if __name__ == "__main__":
    main()
