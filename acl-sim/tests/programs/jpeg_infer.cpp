// A JPEG is made, decoded to NV12, resized, and given to a model with static AIPP that turns it into
// RGB; the model gives the mean of each plane.
#include <cmath>
#include <cstdio>
#include <vector>

#define ENABLE_DVPP_INTERFACE
#include "acl/ops/acl_dvpp.h"
#include "program.h"

static acldvppPicDesc *picture(uint32_t side, void *data, uint32_t size) {
    acldvppPicDesc *desc = acldvppCreatePicDesc();
    CHECK(desc);
    CALL(acldvppSetPicDescData(desc, data));
    CALL(acldvppSetPicDescSize(desc, size));
    CALL(acldvppSetPicDescFormat(desc, PIXEL_FORMAT_YUV_SEMIPLANAR_420));
    CALL(acldvppSetPicDescWidth(desc, side));
    CALL(acldvppSetPicDescHeight(desc, side));
    CALL(acldvppSetPicDescWidthStride(desc, side));
    CALL(acldvppSetPicDescHeightStride(desc, side));
    return desc;
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    CALL(aclInit(nullptr));
    CALL(aclrtSetDevice(0));
    aclrtStream stream = nullptr;
    CALL(aclrtCreateStream(&stream));
    acldvppChannelDesc *channel = acldvppCreateChannelDesc();
    if (!channel) {
        std::puts("SKIPPED: acldvppCreateChannelDesc gives null");
        return NOT_HERE;
    }
    CALL(acldvppCreateChannel(channel));

    // A grey picture of 128 x 128.
    const uint32_t large = 128, small = 64, bytes = large * large * 3 / 2;
    std::vector<unsigned char> grey(bytes, 128);
    for (uint32_t i = 0; i < large * large; ++i) grey[i] = 100;
    void *raw = nullptr;
    CALL(acldvppMalloc(&raw, bytes));
    CALL(aclrtMemcpy(raw, bytes, grey.data(), bytes, ACL_MEMCPY_HOST_TO_DEVICE));
    acldvppPicDesc *source = picture(large, raw, bytes);
    acldvppJpegeConfig *level = acldvppCreateJpegeConfig();
    CALL(acldvppSetJpegeConfigLevel(level, 95));
    uint32_t jpegSize = 0;
    CALL(acldvppJpegPredictEncSize(source, level, &jpegSize));
    void *jpeg = nullptr;
    CALL(acldvppMalloc(&jpeg, jpegSize));
    CALL(acldvppJpegEncodeAsync(channel, source, jpeg, &jpegSize, level, stream));
    CALL(aclrtSynchronizeStream(stream));
    std::vector<unsigned char> file(jpegSize);
    CALL(aclrtMemcpy(file.data(), jpegSize, jpeg, jpegSize, ACL_MEMCPY_DEVICE_TO_HOST));
    CHECK(file[0] == 0xFF && file[1] == 0xD8);

    // Decode, resize.
    uint32_t width = 0, height = 0, decodedSize = 0;
    int32_t components = 0;
    CALL(acldvppJpegGetImageInfo(file.data(), jpegSize, &width, &height, &components));
    CHECK(width == large && height == large && components == 3);
    CALL(acldvppJpegPredictDecSize(file.data(), jpegSize, PIXEL_FORMAT_YUV_SEMIPLANAR_420, &decodedSize));
    void *decoded = nullptr, *resized = nullptr;
    const uint32_t smallBytes = small * small * 3 / 2;
    CALL(acldvppMalloc(&decoded, decodedSize));
    CALL(acldvppMalloc(&resized, smallBytes));
    acldvppPicDesc *whole = picture(large, decoded, decodedSize), *part = picture(small, resized, smallBytes);
    CALL(acldvppJpegDecodeAsync(channel, jpeg, jpegSize, whole, stream));
    acldvppResizeConfig *config = acldvppCreateResizeConfig();
    CALL(acldvppVpcResizeAsync(channel, whole, part, config, stream));
    CALL(aclrtSynchronizeStream(stream));

    // Infer.
    uint32_t model = 0;
    CALL(aclmdlLoadFromFile(argv[1], &model));
    aclmdlDesc *desc = aclmdlCreateDesc();
    CALL(aclmdlGetDesc(desc, model));
    CHECK(aclmdlGetInputSizeByIndex(desc, 0) == smallBytes);
    aclmdlDataset *input = dataset_of(resized, smallBytes);
    float mean[3];
    void *result = nullptr;
    CALL(aclrtMalloc(&result, sizeof mean, ACL_MEM_MALLOC_HUGE_FIRST));
    aclmdlDataset *output = dataset_of(result, sizeof mean);
    CALL(aclmdlExecute(model, input, output));
    CALL(aclrtMemcpy(mean, sizeof mean, result, sizeof mean, ACL_MEMCPY_DEVICE_TO_HOST));
    std::printf("%.2f %.2f %.2f\n", mean[0], mean[1], mean[2]);
    // A grey of 100 in each plane; JPEG and the 8 bit arithmetic of the colours may miss by a little.
    for (float value : mean) CHECK(std::fabs(value - 100.0f) <= 2.0f);

    destroy_dataset(input, 0);
    destroy_dataset(output, 1);
    CALL(aclmdlDestroyDesc(desc));
    CALL(aclmdlUnload(model));
    CALL(acldvppDestroyResizeConfig(config));
    CALL(acldvppDestroyJpegeConfig(level));
    for (acldvppPicDesc *each : {source, whole, part}) CALL(acldvppDestroyPicDesc(each));
    for (void *each : {raw, jpeg, decoded, resized}) CALL(acldvppFree(each));
    CALL(acldvppDestroyChannel(channel));
    CALL(acldvppDestroyChannelDesc(channel));
    CALL(aclrtDestroyStream(stream));
    CALL(aclrtResetDevice(0));
    CALL(aclFinalize());
    return 0;
}
