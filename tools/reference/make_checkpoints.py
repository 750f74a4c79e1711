#!/usr/bin/env python3
"""Writes the small checkpoints of reid-apps/tests/checkpoints. Needs Python 3 alone.

The pickles come from Python's own pickle module, with stand-ins for the few names of PyTorch that a state_dict
refers to, so that the instructions are those of a real checkpoint: protocol 2, BINPERSID for storages, OrderedDict
with _metadata as its state. The layouts around them are the two of torch.save: the zip archive, and pickles followed
by storages.

    python3 tools/reference/make_checkpoints.py reid-apps/tests/checkpoints

Numbers: storage k holds k*100 + 0, 1, 2, ... in its own type.
"""

import io
import os
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict

torch = types.ModuleType("torch")
utils = types.ModuleType("torch._utils")
torch._utils = utils
sys.modules["torch"] = torch
sys.modules["torch._utils"] = utils


def _rebuild_tensor_v2(*_):
    raise AssertionError("only written, never called")


def _rebuild_parameter(*_):
    raise AssertionError("only written, never called")


for function in (_rebuild_tensor_v2, _rebuild_parameter):
    function.__module__ = "torch._utils"
    setattr(utils, function.__name__, function)

TYPES = {
    "FloatStorage": ("<f", 4),
    "DoubleStorage": ("<d", 8),
    "HalfStorage": ("<e", 2),
    "BFloat16Storage": (None, 2),
    "LongStorage": ("<q", 8),
    "ByteStorage": ("<B", 1),
}
for name in TYPES:
    setattr(torch, name, type(name, (), {"__module__": "torch"}))


class Storage:
    """Numbers of one type under a key."""

    def __init__(self, kind, key, count):
        self.kind, self.key, self.count = kind, str(key), count
        self.values = [int(key) * 100 + i for i in range(count)]

    def data(self):
        form, _ = TYPES[self.kind]
        if form is None:  # the upper half of a float
            return b"".join(struct.pack("<f", v)[2:] for v in self.values)
        return b"".join(struct.pack(form, v % 256 if self.kind == "ByteStorage" else v) for v in self.values)


class Tensor:
    def __init__(self, storage, shape, strides=None, offset=0):
        if strides is None:
            strides, step = [], 1
            for dim in reversed(shape):
                strides.insert(0, step)
                step *= dim
        self.arguments = (storage, offset, tuple(shape), tuple(strides), False, OrderedDict())

    def __reduce__(self):
        return (_rebuild_tensor_v2, self.arguments)


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        return (_rebuild_parameter, (self.tensor, True, OrderedDict()))


class StateDict(OrderedDict):
    """An OrderedDict whose pickle is that of a state_dict: with _metadata as state."""

    def __reduce__(self):
        return (OrderedDict, (), {"_metadata": OrderedDict([("", {"version": 1})])}, None, iter(self.items()))


class Writer(pickle.Pickler):
    def __init__(self, file, legacy, seen):
        super().__init__(file, protocol=2)
        self.legacy, self.seen = legacy, seen

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        self.seen[value.key] = value
        head = ("storage", getattr(torch, value.kind), value.key, "cpu", value.count)
        return head + (None,) if self.legacy else head


def dump(value, legacy):
    out, seen = io.BytesIO(), {}
    Writer(out, legacy, seen).dump(value)
    return out.getvalue(), seen


def write_zip(path, value, deflate=False):
    program, seen = dump(value, False)
    root = os.path.splitext(os.path.basename(path))[0]
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        def put(name, data):
            entry = zipfile.ZipInfo(f"{root}/{name}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = method
            archive.writestr(entry, data)
        put("data.pkl", program)
        put("byteorder", b"little")
        for key in sorted(seen):
            put(f"data/{key}", seen[key].data())
        put("version", b"3\n")


def write_legacy(path, value):
    facts = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    program, seen = dump(value, True)
    with open(path, "wb") as file:
        for head in (0x1950A86A20F9469CFC6C, 1001, facts):
            file.write(pickle.dumps(head, protocol=2))
        file.write(program)
        file.write(pickle.dumps(sorted(seen), protocol=2))
        for key in sorted(seen):
            file.write(struct.pack("<q", seen[key].count))
            file.write(seen[key].data())


def mixed():
    shared = Storage("FloatStorage", 0, 12)
    return StateDict(
        [
            ("plain", Tensor(shared, [2, 3])),
            ("turned", Tensor(shared, [3, 2], [1, 3], 6)),
            ("parameter", Parameter(Tensor(Storage("FloatStorage", 1, 2), [2]))),
            ("double", Tensor(Storage("DoubleStorage", 2, 3), [3])),
            ("half", Tensor(Storage("HalfStorage", 3, 3), [3, 1])),
            ("bfloat", Tensor(Storage("BFloat16Storage", 1 + 3, 3), [3])),
            ("bytes", Tensor(Storage("ByteStorage", 5, 2), [2])),
            ("counter", Tensor(Storage("LongStorage", 6, 1), [])),
            ("nothing", Tensor(Storage("FloatStorage", 7, 0), [0, 4])),
        ]
    )


class Shell:
    """What a hostile file does: its pickle calls a function of the system."""

    def __reduce__(self):
        return (os.system, ("touch /tmp/a-checkpoint-was-run",))


def main():
    folder = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
    path = lambda name: os.path.join(folder, name)
    write_zip(path("mixed.pt"), mixed())
    write_zip(path("deflated.pt"), mixed(), deflate=True)
    write_legacy(path("legacy.pt"), mixed())
    wrapped = StateDict((f"module.{name}", value) for name, value in mixed().items())
    write_zip(path("nested.pt"), {"epoch": 3, "state_dict": wrapped, "optimizer": {"state": {0: mixed()}}, "best": 0.5})
    write_legacy(path("two.pt"), {"a": mixed(), "b": StateDict([("other", Tensor(Storage("FloatStorage", 8, 1), [1]))])})
    write_zip(path("hostile.pt"), StateDict([("plain", Tensor(Storage("FloatStorage", 0, 1), [1])), ("x", Shell())]))
    outside = StateDict([("plain", Tensor(Storage("FloatStorage", 0, 4), [2, 2], [2, 2], 1))])
    write_zip(path("outside.pt"), outside)
    write_zip(path("repeated.pt"), StateDict([("plain", Tensor(Storage("FloatStorage", 0, 1), [1 << 40], [0]))]))


if __name__ == "__main__":
    main()
