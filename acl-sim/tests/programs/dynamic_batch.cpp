// A model with gears 1, 2, 4 of the batch size: the largest sizes the buffers, each run names its own.
#include <cstdio>
#include <vector>

#include "program.h"

int main(int argc, char **argv) {
    CHECK(argc == 2);
    CALL(aclInit(""));
    CALL(aclrtSetDevice(0));
    uint32_t model = 0;
    CALL(aclmdlLoadFromFile(argv[1], &model));
    aclmdlDesc *desc = aclmdlCreateDesc();
    CALL(aclmdlGetDesc(desc, model));
    aclmdlBatch batches;
    CALL(aclmdlGetDynamicBatch(desc, &batches));
    CHECK(batches.batchCount == 3 && batches.batch[2] == 4);
    size_t gear = 0;
    CALL(aclmdlGetInputIndexByName(desc, ACL_DYNAMIC_TENSOR_NAME, &gear));
    CHECK(gear == 1 && aclmdlGetNumInputs(desc) == 2);
    aclmdlDataset *input = aclmdlCreateDataset(), *output = aclmdlCreateDataset();
    for (size_t i = 0; i < 2; ++i) {
        void *data = nullptr;
        size_t size = aclmdlGetInputSizeByIndex(desc, i);
        CALL(aclrtMalloc(&data, size, ACL_MEM_MALLOC_HUGE_FIRST));
        CALL(aclmdlAddDatasetBuffer(input, aclCreateDataBuffer(data, size)));
    }
    size_t size = aclmdlGetOutputSizeByIndex(desc, 0);
    CHECK(size == 4 * 3 * sizeof(float));
    void *result = nullptr;
    CALL(aclrtMalloc(&result, size, ACL_MEM_MALLOC_HUGE_FIRST));
    CALL(aclmdlAddDatasetBuffer(output, aclCreateDataBuffer(result, size)));
    void *x = aclGetDataBufferAddr(aclmdlGetDatasetBuffer(input, 0));
    for (size_t batch : {4, 1, 2}) {
        std::vector<float> values(batch * 3), back(batch * 3);
        for (size_t i = 0; i < values.size(); ++i) values[i] = float(i) - 1.0f;
        size_t bytes = values.size() * sizeof(float);
        CALL(aclrtMemcpy(x, bytes, values.data(), bytes, ACL_MEMCPY_HOST_TO_DEVICE));
        CALL(aclmdlSetDynamicBatchSize(model, input, gear, batch));
        aclmdlIODims dims;
        CALL(aclmdlGetCurOutputDims(desc, 0, &dims));
        CHECK(dims.dims[0] == int64_t(batch) && dims.dims[1] == 3);
        CALL(aclmdlExecute(model, input, output));
        CALL(aclrtMemcpy(back.data(), bytes, result, bytes, ACL_MEMCPY_DEVICE_TO_HOST));
        for (size_t i = 0; i < back.size(); ++i) CHECK(back[i] == (values[i] > 0 ? values[i] : 0));
    }
    CHECK(aclmdlSetDynamicBatchSize(model, input, gear, 3) == 145013);
    destroy_dataset(input, 1);
    destroy_dataset(output, 1);
    CALL(aclmdlDestroyDesc(desc));
    CALL(aclmdlUnload(model));
    CALL(aclrtResetDevice(0));
    CALL(aclFinalize());
    std::puts("batches of 4, 1 and 2");
    return 0;
}
