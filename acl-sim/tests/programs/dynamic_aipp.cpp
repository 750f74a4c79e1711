// Preprocessing named at run time: crop-free RGB888, mean 10, 20, 30 and a factor of 0.5; then the
// mean of each plane.
#include <cmath>
#include <cstdio>
#include <vector>

#include "program.h"

int main(int argc, char **argv) {
    CHECK(argc == 2);
    CALL(aclInit(nullptr));
    CALL(aclrtSetDevice(0));
    uint32_t model = 0;
    CALL(aclmdlLoadFromFile(argv[1], &model));
    aclmdlDesc *desc = aclmdlCreateDesc();
    CALL(aclmdlGetDesc(desc, model));
    size_t aippIndex = 0;
    CALL(aclmdlGetInputIndexByName(desc, ACL_DYNAMIC_AIPP_NAME, &aippIndex));
    aclmdlDataset *input = aclmdlCreateDataset();
    for (size_t i = 0; i < aclmdlGetNumInputs(desc); ++i) {
        void *data = nullptr;
        size_t size = aclmdlGetInputSizeByIndex(desc, i);
        CALL(aclrtMalloc(&data, size, ACL_MEM_MALLOC_HUGE_FIRST));
        CALL(aclmdlAddDatasetBuffer(input, aclCreateDataBuffer(data, size)));
    }
    const int side = 16;
    std::vector<unsigned char> picture(side * side * 3);
    for (size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<unsigned char>(50 + 10 * (i % 3));
    aclDataBuffer *first = aclmdlGetDatasetBuffer(input, 0);
    CHECK(aclGetDataBufferSizeV2(first) >= picture.size());
    CALL(aclrtMemcpy(aclGetDataBufferAddr(first), aclGetDataBufferSizeV2(first), picture.data(), picture.size(),
                     ACL_MEMCPY_HOST_TO_DEVICE));
    aclmdlAIPP *aipp = aclmdlCreateAIPP(1);
    if (!aipp) {
        std::puts("SKIPPED: aclmdlCreateAIPP gives null");
        return NOT_HERE;
    }
    CALL(aclmdlSetAIPPInputFormat(aipp, ACL_RGB888_U8));
    CALL(aclmdlSetAIPPSrcImageSize(aipp, side, side));
    CALL(aclmdlSetAIPPDtcPixelMean(aipp, 10, 20, 30, 0, 0));
    CALL(aclmdlSetAIPPDtcPixelMin(aipp, 0, 0, 0, 0, 0));
    CALL(aclmdlSetAIPPPixelVarReci(aipp, 0.5f, 0.5f, 0.5f, 0.5f, 0));
    CALL(aclmdlSetInputAIPP(model, input, aippIndex, aipp));
    CALL(aclmdlDestroyAIPP(aipp));
    size_t size = aclmdlGetOutputSizeByIndex(desc, 0);
    CHECK(size == 3 * sizeof(float));
    void *result = nullptr;
    CALL(aclrtMalloc(&result, size, ACL_MEM_MALLOC_HUGE_FIRST));
    aclmdlDataset *output = dataset_of(result, size);
    CALL(aclmdlExecute(model, input, output));
    float mean[3];
    CALL(aclrtMemcpy(mean, size, result, size, ACL_MEMCPY_DEVICE_TO_HOST));
    std::printf("%.2f %.2f %.2f\n", mean[0], mean[1], mean[2]);
    // (50 - 10) / 2, (60 - 20) / 2, (70 - 30) / 2; half precision is exact here.
    for (float value : mean) CHECK(std::fabs(value - 20.0f) < 0.05f);
    destroy_dataset(input, 1);
    destroy_dataset(output, 1);
    CALL(aclmdlDestroyDesc(desc));
    CALL(aclmdlUnload(model));
    CALL(aclrtResetDevice(0));
    CALL(aclFinalize());
    return 0;
}
