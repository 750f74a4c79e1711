"""Calls the library with ctypes alone: init, pinned memory, a copy to the device and back."""

import ctypes
import sys

acl = ctypes.CDLL("libascendcl.so")
acl.aclGetRecentErrMsg.restype = ctypes.c_char_p


def call(name, *arguments):
    code = getattr(acl, name)(*arguments)
    if code:
        sys.exit(f"{name}: {code}: {(acl.aclGetRecentErrMsg() or b'').decode()}")


SIZE = 4096
call("aclInit", None)
call("aclrtSetDevice", 0)
source, back, block = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
for host in (source, back):
    call("aclrtMallocHost", ctypes.byref(host), ctypes.c_size_t(SIZE))
call("aclrtMalloc", ctypes.byref(block), ctypes.c_size_t(SIZE), 0)
data = bytes(i % 251 for i in range(SIZE))
ctypes.memmove(source, data, SIZE)
ctypes.memset(back, 0, SIZE)
size = ctypes.c_size_t(SIZE)
call("aclrtMemcpy", block, size, source, size, 1)
call("aclrtMemcpy", back, size, block, size, 2)
assert ctypes.string_at(back, SIZE) == data
free, total = ctypes.c_size_t(), ctypes.c_size_t()
call("aclrtGetMemInfo", 1, ctypes.byref(free), ctypes.byref(total))
assert 0 < free.value < total.value
assert acl.aclrtMalloc(ctypes.byref(block), ctypes.c_size_t(0), 0) == 100000
assert b"aclrtMalloc" in acl.aclGetRecentErrMsg()
call("aclrtFree", block)
for host in (source, back):
    call("aclrtFreeHost", host)
call("aclrtResetDevice", 0)
call("aclFinalize")
print(f"{SIZE} bytes there and back")
