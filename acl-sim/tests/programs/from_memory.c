/* The process starts with acl.json; the model comes from memory, with work and weight of the
 * program's own; then everything once more after aclFinalize. */
#include "program.h"

static void once(const char *config, const void *om, size_t om_size) {
    size_t work_size = 0, weight_size = 0, size = 3 * sizeof(float);
    void *work = NULL, *weight = NULL, *in, *out;
    float x[3] = {-1, 2, -3}, y[3] = {9, 9, 9};
    uint32_t model;
    aclmdlDataset *input, *output;
    CALL(aclInit(config));
    CHECK(aclInit(config) == 100002);
    CALL(aclrtSetDevice(0));
    CALL(aclmdlQuerySizeFromMem(om, om_size, &work_size, &weight_size));
    CALL(aclrtMalloc(&work, work_size + 1, ACL_MEM_MALLOC_HUGE_FIRST));
    CALL(aclrtMalloc(&weight, weight_size + 1, ACL_MEM_MALLOC_HUGE_FIRST));
    CALL(aclmdlLoadFromMemWithMem(om, om_size, &model, work, work_size, weight, weight_size));
    CALL(aclrtMalloc(&in, size, ACL_MEM_MALLOC_HUGE_FIRST));
    CALL(aclrtMalloc(&out, size, ACL_MEM_MALLOC_HUGE_FIRST));
    CALL(aclrtMemcpy(in, size, x, size, ACL_MEMCPY_HOST_TO_DEVICE));
    input = dataset_of(in, size);
    output = dataset_of(out, size);
    CALL(aclmdlExecute(model, input, output));
    CALL(aclrtMemcpy(y, size, out, size, ACL_MEMCPY_DEVICE_TO_HOST));
    CHECK(y[0] == 0 && y[1] == 2 && y[2] == 0);
    destroy_dataset(input, 1);
    destroy_dataset(output, 1);
    CALL(aclmdlUnload(model));
    CALL(aclrtFree(work));
    CALL(aclrtFree(weight));
    CALL(aclrtResetDevice(0));
    CALL(aclFinalize());
}

int main(int argc, char **argv) {
    static char om[1 << 20];
    FILE *file;
    size_t size;
    CHECK(argc == 3);
    file = fopen(argv[1], "rb");
    CHECK(file);
    size = fread(om, 1, sizeof om, file);
    fclose(file);
    once(argv[2], om, size);
    once(argv[2], om, size);
    puts("twice from memory");
    return 0;
}
