/*
 * Starts AscendCL, copies a buffer to the device and back, and says on what it ran.
 *
 *   cc -std=c99 -Ivendor-headers examples/c/hello_acl.c -o hello_acl target/release/libascendcl.so
 *   LD_LIBRARY_PATH=target/release ./hello_acl
 *
 * The same program runs against the vendor's library.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "acl/acl.h"

#define SIZE 4096

/* Ends main with the failed call, its code and the library's own words. */
#define CHECK(call)                                                                    \
    do {                                                                               \
        aclError status = (call);                                                      \
        if (status != ACL_SUCCESS) {                                                   \
            const char *text = aclGetRecentErrMsg();                                   \
            fprintf(stderr, "%s: %d: %s\n", #call, status, text ? text : "no message"); \
            return 1;                                                                  \
        }                                                                              \
    } while (0)

int main(void)
{
    aclrtContext context;
    aclrtStream stream;
    void *host = NULL;
    void *device = NULL;
    size_t free_bytes = 0;
    size_t total_bytes = 0;
    unsigned char back[SIZE];
    const char *soc;
    int i;

    CHECK(aclInit(NULL));
    CHECK(aclrtSetDevice(0));
    CHECK(aclrtCreateContext(&context, 0));
    CHECK(aclrtCreateStream(&stream));
    CHECK(aclrtMallocHost(&host, SIZE));
    CHECK(aclrtMalloc(&device, SIZE, ACL_MEM_MALLOC_HUGE_FIRST));
    for (i = 0; i < SIZE; i++) {
        ((unsigned char *)host)[i] = (unsigned char)(i * 7);
    }
    CHECK(aclrtMemcpyAsync(device, SIZE, host, SIZE, ACL_MEMCPY_HOST_TO_DEVICE, stream));
    CHECK(aclrtSynchronizeStream(stream));
    CHECK(aclrtMemcpy(back, SIZE, device, SIZE, ACL_MEMCPY_DEVICE_TO_HOST));
    if (memcmp(back, host, SIZE) != 0) {
        fprintf(stderr, "the bytes came back changed\n");
        return 1;
    }
    CHECK(aclrtGetMemInfo(ACL_DDR_MEM, &free_bytes, &total_bytes));
    soc = aclrtGetSocName();
    printf("hello from %s: %d bytes there and back, %lu of %lu MiB free\n",
           soc ? soc : "an unnamed chip", SIZE, (unsigned long)(free_bytes >> 20),
           (unsigned long)(total_bytes >> 20));
    CHECK(aclrtFree(device));
    CHECK(aclrtFreeHost(host));
    CHECK(aclrtDestroyStream(stream));
    CHECK(aclrtDestroyContext(context));
    CHECK(aclrtResetDevice(0));
    CHECK(aclFinalize());
    return 0;
}
