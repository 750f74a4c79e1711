/* Queued inference; a thread of the program's own takes the results in callbacks. */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "program.h"

enum { RUNS = 16, VALUES = 3 };

struct run {
    aclmdlDataset *input, *output;
    void *in, *out;
    float *host_in, *host_out;
    int index;
};

static struct run runs[RUNS];
static int order[RUNS], seen;
static volatile int leave;
static aclrtContext context;

static void *take(void *unused) {
    (void)unused;
    CALL(aclrtSetCurrentContext(context));
    while (!__atomic_load_n(&leave, __ATOMIC_ACQUIRE)) {
        aclError code = aclrtProcessReport(100);
        /* Not subscribed yet, or nothing came: ask again. */
        CHECK(code == 0 || code == 107012 || code == 507012);
    }
    return NULL;
}

static void done(void *data) {
    struct run *run = (struct run *)data;
    order[seen++] = run->index;
}

int main(int argc, char **argv) {
    pthread_t thread;
    uint32_t model;
    aclrtStream stream;
    size_t size = VALUES * sizeof(float);
    int i, k;
    CHECK(argc == 2);
    CALL(aclInit(NULL));
    CALL(aclrtSetDevice(0));
    CALL(aclrtGetCurrentContext(&context));
    CALL(aclrtCreateStream(&stream));
    CALL(aclmdlLoadFromFile(argv[1], &model));
    CHECK(pthread_create(&thread, NULL, take, NULL) == 0);
    CALL(aclrtSubscribeReport((uint64_t)thread, stream));
    for (i = 0; i < RUNS; i++) {
        struct run *run = &runs[i];
        run->index = i;
        CALL(aclrtMalloc(&run->in, size, ACL_MEM_MALLOC_HUGE_FIRST));
        CALL(aclrtMalloc(&run->out, size, ACL_MEM_MALLOC_HUGE_FIRST));
        CALL(aclrtMallocHost((void **)&run->host_in, size));
        CALL(aclrtMallocHost((void **)&run->host_out, size));
        for (k = 0; k < VALUES; k++) run->host_in[k] = (float)(k % 2 ? -i : i);
        run->input = dataset_of(run->in, size);
        run->output = dataset_of(run->out, size);
        CALL(aclrtMemcpyAsync(run->in, size, run->host_in, size, ACL_MEMCPY_HOST_TO_DEVICE, stream));
        CALL(aclmdlExecuteAsync(model, run->input, run->output, stream));
        CALL(aclrtMemcpyAsync(run->host_out, size, run->out, size, ACL_MEMCPY_DEVICE_TO_HOST, stream));
        CALL(aclrtLaunchCallback(done, run, ACL_CALLBACK_BLOCK, stream));
    }
    CALL(aclrtSynchronizeStream(stream));
    CALL(aclrtUnSubscribeReport((uint64_t)thread, stream));
    __atomic_store_n(&leave, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(seen == RUNS);
    for (i = 0; i < RUNS; i++) {
        CHECK(order[i] == i);
        for (k = 0; k < VALUES; k++) CHECK(runs[i].host_out[k] == (float)(k % 2 ? 0 : i));
        destroy_dataset(runs[i].input, 1);
        destroy_dataset(runs[i].output, 1);
        CALL(aclrtFreeHost(runs[i].host_in));
        CALL(aclrtFreeHost(runs[i].host_out));
    }
    CALL(aclmdlUnload(model));
    CALL(aclrtDestroyStream(stream));
    CALL(aclrtResetDevice(0));
    CALL(aclFinalize());
    printf("%d callbacks in order\n", seen);
    return 0;
}
