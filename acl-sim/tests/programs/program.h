/* What the programs share: a check that says where it failed, and the exit status for "not here". */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdio.h>
#include <stdlib.h>

#include "acl/acl.h"

/* The status that means: this library or machine does not have what the program is about. */
#define NOT_HERE 77

#define CHECK(condition)                                                     \
    do {                                                                     \
        if (!(condition)) {                                                  \
            const char *text = aclGetRecentErrMsg();                         \
            fprintf(stderr, "%s:%d: %s\n%s\n", __FILE__, __LINE__, #condition, text ? text : ""); \
            exit(1);                                                         \
        }                                                                    \
    } while (0)

/* A call that must succeed; 200001 and 207000 mean that the library does not offer it. */
#define CALL(call)                                                           \
    do {                                                                     \
        aclError code_ = (call);                                             \
        if (code_ == 200001 || code_ == 207000) {                            \
            printf("SKIPPED: %s answers %d\n", #call, code_);                \
            exit(NOT_HERE);                                                  \
        }                                                                    \
        if (code_ != 0) {                                                    \
            const char *text = aclGetRecentErrMsg();                         \
            fprintf(stderr, "%s:%d: %s gave %d\n%s\n", __FILE__, __LINE__, #call, code_, text ? text : ""); \
            exit(1);                                                         \
        }                                                                    \
    } while (0)

/* A dataset of one buffer. */
static inline aclmdlDataset *dataset_of(void *data, size_t size) {
    aclmdlDataset *set = aclmdlCreateDataset();
    aclDataBuffer *buffer = aclCreateDataBuffer(data, size);
    CHECK(set && buffer);
    CALL(aclmdlAddDatasetBuffer(set, buffer));
    return set;
}

/* Destroys a dataset, its buffers, and with `memory` what they wrap. */
static inline void destroy_dataset(aclmdlDataset *set, int memory) {
    size_t i;
    for (i = 0; i < aclmdlGetDatasetNumBuffers(set); i++) {
        aclDataBuffer *buffer = aclmdlGetDatasetBuffer(set, i);
        if (memory) CALL(aclrtFree(aclGetDataBufferAddr(buffer)));
        CALL(aclDestroyDataBuffer(buffer));
    }
    CALL(aclmdlDestroyDataset(set));
}

#endif
