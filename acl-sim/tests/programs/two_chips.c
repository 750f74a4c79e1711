/* The same model on two chips, and a copy from one to the other. */
#include "program.h"

int main(int argc, char **argv) {
    uint32_t count = 0, model[2];
    int32_t peer = 0;
    void *in[2], *out[2];
    aclmdlDataset *input[2], *output[2];
    float x[3] = {-1, 2, -3}, y[3];
    size_t size = sizeof x;
    int i;
    CHECK(argc == 2);
    CALL(aclInit(NULL));
    CALL(aclrtGetDeviceCount(&count));
    if (count < 2) {
        printf("SKIPPED: there is %u chip\n", count);
        return NOT_HERE;
    }
    for (i = 0; i < 2; i++) {
        CALL(aclrtSetDevice(i));
        CALL(aclmdlLoadFromFile(argv[1], &model[i]));
        CALL(aclrtMalloc(&in[i], size, ACL_MEM_MALLOC_HUGE_FIRST));
        CALL(aclrtMalloc(&out[i], size, ACL_MEM_MALLOC_HUGE_FIRST));
        input[i] = dataset_of(in[i], size);
        output[i] = dataset_of(out[i], size);
    }
    CALL(aclrtDeviceCanAccessPeer(&peer, 0, 1));
    CHECK(peer == 1);
    CALL(aclrtSetDevice(0));
    CALL(aclrtDeviceEnablePeerAccess(1, 0));
    CALL(aclrtMemcpy(in[0], size, x, size, ACL_MEMCPY_HOST_TO_DEVICE));
    CALL(aclrtMemcpy(in[1], size, in[0], size, ACL_MEMCPY_DEVICE_TO_DEVICE));
    for (i = 1; i >= 0; i--) {
        CALL(aclrtSetDevice(i));
        CALL(aclmdlExecute(model[i], input[i], output[i]));
        CALL(aclrtMemcpy(y, size, out[i], size, ACL_MEMCPY_DEVICE_TO_HOST));
        CHECK(y[0] == 0 && y[1] == 2 && y[2] == 0);
        destroy_dataset(input[i], 1);
        destroy_dataset(output[i], 1);
        CALL(aclmdlUnload(model[i]));
    }
    /* One reset for each time that a device was set. */
    for (i = 0; i < 3; i++) CALL(aclrtResetDevice(0));
    for (i = 0; i < 2; i++) CALL(aclrtResetDevice(1));
    CALL(aclFinalize());
    puts("two chips");
    return 0;
}
