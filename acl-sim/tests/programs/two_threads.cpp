// Two threads, each with its own context, two streams and model, run at once.
#include <cstdio>
#include <thread>

#include "program.h"

static void work(const char *path, float sign) {
    CALL(aclrtSetDevice(0));
    aclrtContext context = nullptr;
    CALL(aclrtCreateContext(&context, 0));
    aclrtStream streams[2];
    uint32_t models[2];
    float *host[2];
    void *in[2], *out[2];
    aclmdlDataset *input[2], *output[2];
    const size_t size = 3 * sizeof(float);
    for (int i = 0; i < 2; ++i) {
        CALL(aclrtCreateStream(&streams[i]));
        CALL(aclmdlLoadFromFile(path, &models[i]));
        CALL(aclrtMallocHost(reinterpret_cast<void **>(&host[i]), size));
        CALL(aclrtMalloc(&in[i], size, ACL_MEM_MALLOC_HUGE_FIRST));
        CALL(aclrtMalloc(&out[i], size, ACL_MEM_MALLOC_HUGE_FIRST));
        input[i] = dataset_of(in[i], size);
        output[i] = dataset_of(out[i], size);
    }
    for (int round = 1; round <= 20; ++round) {
        for (int i = 0; i < 2; ++i) {
            for (int k = 0; k < 3; ++k) host[i][k] = sign * float(round * 10 + i);
            CALL(aclrtMemcpyAsync(in[i], size, host[i], size, ACL_MEMCPY_HOST_TO_DEVICE, streams[i]));
            CALL(aclmdlExecuteAsync(models[i], input[i], output[i], streams[i]));
            CALL(aclrtMemcpyAsync(host[i], size, out[i], size, ACL_MEMCPY_DEVICE_TO_HOST, streams[i]));
        }
        for (int i = 0; i < 2; ++i) {
            CALL(aclrtSynchronizeStream(streams[i]));
            for (int k = 0; k < 3; ++k) CHECK(host[i][k] == (sign > 0 ? float(round * 10 + i) : 0.0f));
        }
    }
    for (int i = 0; i < 2; ++i) {
        destroy_dataset(input[i], 1);
        destroy_dataset(output[i], 1);
        CALL(aclrtFreeHost(host[i]));
        CALL(aclmdlUnload(models[i]));
        CALL(aclrtDestroyStream(streams[i]));
    }
    CALL(aclrtDestroyContext(context));
    CALL(aclrtResetDevice(0));
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    CALL(aclInit(nullptr));
    std::thread first(work, argv[1], 1.0f), second(work, argv[1], -1.0f);
    first.join();
    second.join();
    CALL(aclFinalize());
    std::puts("2 threads x 2 streams");
    return 0;
}
