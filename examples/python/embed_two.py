#!/usr/bin/env python3
"""Embeds two photos of people and prints how alike they are, with nothing but ctypes.

usage: embed_two.py MGN.om FIRST SECOND [LIBRARY]   (without a library: on the simulator)

The variable ASCEND_REID names libascend_reid.so where the loader does not find it.
"""

import ctypes
import os
import sys
from ctypes import POINTER, byref, c_char_p, c_float, c_int32, c_size_t, c_uint32, c_void_p


class RuntimeOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("backend", c_int32),
        ("reserved", c_int32),
        ("library", c_char_p),
        ("profile", c_char_p),
    ]


class Picture(ctypes.Structure):
    _fields_ = [
        ("kind", c_int32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("reserved", c_uint32),
        ("stride", c_size_t),
        ("data", c_void_p),
        ("bytes", c_size_t),
    ]


class Error(Exception):
    """A call that failed."""


LIBRARY = ctypes.CDLL(os.environ.get("ASCEND_REID", "libascend_reid.so.0"))
LIBRARY.areid_status_name.restype = c_char_p
LIBRARY.areid_last_error.restype = c_char_p
for name, arguments in {
    "areid_runtime_new": [POINTER(RuntimeOptions), POINTER(c_void_p)],
    "areid_runtime_free": [c_void_p],
    "areid_device_open": [c_void_p, c_int32, POINTER(c_void_p)],
    "areid_device_free": [c_void_p],
    "areid_embedder_open": [c_void_p, c_char_p, c_void_p, POINTER(c_void_p)],
    "areid_embedder_dim": [c_void_p, POINTER(c_size_t)],
    "areid_embedder_run": [c_void_p, POINTER(Picture), c_size_t, POINTER(c_float), c_size_t],
    "areid_embedder_free": [c_void_p],
}.items():
    getattr(LIBRARY, name).argtypes = arguments


def call(name, *arguments):
    """Calls a function; a status that is not 0 becomes an exception."""
    status = getattr(LIBRARY, name)(*arguments)
    if status != 0:
        said = LIBRARY.areid_status_name(status), LIBRARY.areid_last_error()
        raise Error(": ".join(text.decode() for text in said))


def main():
    if len(sys.argv) < 4:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    model, photos, card = sys.argv[1], sys.argv[2:4], sys.argv[4:5]
    options = RuntimeOptions(ctypes.sizeof(RuntimeOptions), 1 if card else 2)
    options.library = os.fsencode(card[0]) if card else None
    runtime, device, embedder = c_void_p(), c_void_p(), c_void_p()
    try:
        call("areid_runtime_new", byref(options), byref(runtime))
        call("areid_device_open", runtime, 0, byref(device))
        call("areid_embedder_open", device, os.fsencode(model), None, byref(embedder))
        dim = c_size_t()
        call("areid_embedder_dim", embedder, byref(dim))
        pictures = (Picture * 2)()
        paths = [ctypes.create_string_buffer(os.fsencode(photo)) for photo in photos]
        for picture, path in zip(pictures, paths):
            picture.data = ctypes.addressof(path)
        features = (c_float * (2 * dim.value))()
        call("areid_embedder_run", embedder, pictures, 2, features, len(features))
        first, second = features[: dim.value], features[dim.value :]
        # The features have length one: their scalar product is the cosine.
        print(f"similarity {sum(a * b for a, b in zip(first, second)):.4f}")
        return 0
    except Error as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        call("areid_embedder_free", embedder)
        call("areid_device_free", device)
        call("areid_runtime_free", runtime)


if __name__ == "__main__":
    sys.exit(main())
