#!/usr/bin/env python3
"""Compares preprocessing with Pillow and numpy: the bits, and the speed on one core.

Draws JPEG files of 64 x 128 pixels, turns all of them into tensors with Pillow and numpy and with
the example `preprocess_speed`, in turns, and prints the best round of each and their ratio. Processor time counts, so that other jobs
disturb less. Ends
with 1 when a bit differs, or when the ratio is below --want.

    cargo build --release -p reid-apps --example preprocess_speed
    pip install pillow numpy
    python3 tools/reference/preprocess.py

Pillow must carry libjpeg-turbo: 9.0 and newer wheels do, 8.2 carries another decoder.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
try:
    import numpy as np
    import PIL
    from PIL import Image, features
except ImportError as missing:
    sys.exit(f"{missing}; run: pip install pillow numpy")

MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)
HEIGHTS = {"mgn": 384, "dgnet": 256}


def draw(folder, count, seed):
    """Writes pictures of blocks and gradients with some noise, about 1.9 kB each."""
    random = np.random.default_rng(seed)
    ramp_y, ramp_x = np.mgrid[0:128, 0:64].astype(np.float32)
    size = 0
    for index in range(count):
        picture = np.empty((128, 64, 3), np.float32)
        picture[:] = random.uniform(40, 200, 3)
        picture += (ramp_y * random.uniform(-0.6, 0.6) + ramp_x * random.uniform(-1, 1))[..., None]
        for _ in range(9):
            top, left = random.integers(0, 120), random.integers(0, 56)
            bottom, right = top + random.integers(6, 60), left + random.integers(4, 30)
            picture[top:bottom, left:right] = random.uniform(0, 255, 3)
        picture += random.normal(0, 5, picture.shape)
        path = folder / f"{index:05}.jpg"
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path, quality=75)
        size += path.stat().st_size
    return size / count


def reference(path, height):
    """One image by the published pipeline's steps: each float operation rounded to float32."""
    with Image.open(path) as opened:
        resized = opened.convert("RGB").resize((128, height), Image.BICUBIC)
    tensor = np.ascontiguousarray(np.asarray(resized).transpose(2, 0, 1)).astype(np.float32)
    tensor /= np.float32(255)
    tensor -= MEAN
    tensor /= STD
    return tensor


def ours(program, folder, network):
    done = subprocess.run([program, network, str(folder)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{program}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=root / "target/release/examples/preprocess_speed")
    parser.add_argument("--images", type=int, default=500, help="files to draw")
    parser.add_argument("--rounds", type=int, default=5, help="turns; the best of each side counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--want", type=float, default=6.0, help="the least ratio")
    wanted = parser.parse_args()
    if wanted.images < 1 or wanted.rounds < 1:
        parser.error("--images and --rounds must be at least 1")
    if not pathlib.Path(wanted.program).is_file():
        sys.exit(
            f"{wanted.program} is not there; run: "
            "cargo build --release -p reid-apps --example preprocess_speed"
        )
    if not features.check("libjpeg_turbo"):
        sys.exit(f"Pillow {PIL.__version__} has no libjpeg-turbo; run: pip install 'pillow>=9.5'")

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        mean_size = draw(folder, wanted.images, wanted.seed)
        paths = sorted(folder.iterdir())
        print(
            f"{wanted.images} JPEG 64x128, {mean_size:.0f} bytes each; one thread a side, processor time; "
            f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}, "
            f"numpy {np.__version__}; best of {wanted.rounds}"
        )
        print("| tensor | reference, images/s | ours, images/s | ratio | bits |\n|---|---|---|---|---|")
        good = True
        for network, height in HEIGHTS.items():
            digest = hashlib.sha256()
            for path in paths:
                digest.update(reference(path, height).tobytes())
            best, fast = 0.0, 0.0
            for _ in range(wanted.rounds):
                start = time.thread_time()
                for path in paths:
                    reference(path, height)
                best = max(best, len(paths) / (time.thread_time() - start))
                result = ours(wanted.program, folder, network)
                fast = max(fast, result["images_per_second"])
            same = result["images"] == len(paths) and result["sha256"] == digest.hexdigest()
            good = good and same and fast / best >= wanted.want
            print(
                f"| {network} 3x{height}x128 | {best:.0f} | {fast:.0f} | {fast / best:.1f} "
                f"| {'equal' if same else 'DIFFERENT'} |"
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
