/* Cleans up in the wrong order, and uses what is gone: codes, and never a crash or a hang. */
#include "program.h"

int main(int argc, char **argv) {
    aclrtContext context, current;
    aclrtStream stream, other;
    aclrtEvent event;
    void *block, *host;
    uint32_t model;
    aclmdlDesc *desc;
    aclmdlDataset *set;
    CHECK(argc == 2);
    CHECK(aclFinalize() != 0);
    CALL(aclInit(NULL));
    CALL(aclrtSetDevice(0));
    CALL(aclrtCreateContext(&context, 0));
    CALL(aclrtCreateStream(&stream));
    CALL(aclrtCreateEvent(&event));
    CALL(aclrtMalloc(&block, 64, ACL_MEM_MALLOC_HUGE_FIRST));
    CALL(aclrtMallocHost(&host, 64));
    CALL(aclmdlLoadFromFile(argv[1], &model));
    desc = aclmdlCreateDesc();
    CALL(aclmdlGetDesc(desc, model));
    CALL(aclmdlUnload(model));
    CHECK(aclmdlUnload(model) == 145003);
    set = dataset_of(block, 64);
    CALL(aclmdlDestroyDataset(set));
    CHECK(aclmdlExecute(model, set, set) != 0);
    /* The context before its stream, the device before its memory. */
    CALL(aclrtDestroyContext(context));
    CHECK(aclrtDestroyStream(stream) != 0);
    CHECK(aclrtSetCurrentContext(context) != 0);
    CHECK(aclrtGetCurrentContext(&current) == 107002);
    CHECK(aclrtCreateStream(&other) == 107002);
    CALL(aclrtResetDevice(0));
    CHECK(aclrtResetDevice(0) != 0);
    CALL(aclFinalize());
    CHECK(aclrtFree(block) != 0);
    CHECK(aclrtDestroyEvent(event) != 0);
    CHECK(aclrtSynchronizeStream(stream) != 0);
    CHECK(aclmdlLoadFromFile(argv[1], &model) != 0);
    CHECK(aclrtMemcpy(block, 64, host, 64, ACL_MEMCPY_HOST_TO_DEVICE) != 0);
    CHECK(aclFinalize() == 100037);
    puts("codes for everything");
    return 0;
}
