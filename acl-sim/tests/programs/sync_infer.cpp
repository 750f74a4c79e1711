// Synchronous inference with work and weight memory of the program's own, descriptions and names.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "program.h"

namespace {

class Model {
public:
    explicit Model(const char *path) {
        CALL(aclmdlQuerySize(path, &workSize_, &weightSize_));
        if (workSize_) CALL(aclrtMalloc(&work_, workSize_, ACL_MEM_MALLOC_HUGE_FIRST));
        if (weightSize_) CALL(aclrtMalloc(&weight_, weightSize_, ACL_MEM_MALLOC_HUGE_FIRST));
        CALL(aclmdlLoadFromFileWithMem(path, &id_, work_, workSize_, weight_, weightSize_));
        desc_ = aclmdlCreateDesc();
        CALL(aclmdlGetDesc(desc_, id_));
    }

    ~Model() {
        destroy_dataset(input_, 1);
        destroy_dataset(output_, 1);
        CALL(aclmdlUnload(id_));
        CALL(aclmdlDestroyDesc(desc_));
        if (work_) CALL(aclrtFree(work_));
        if (weight_) CALL(aclrtFree(weight_));
    }

    void Input(const std::vector<float> &values) {
        CHECK(aclmdlGetNumInputs(desc_) == 1);
        CHECK(aclmdlGetInputDataType(desc_, 0) == ACL_FLOAT);
        size_t size = aclmdlGetInputSizeByIndex(desc_, 0);
        CHECK(size == values.size() * sizeof(float));
        void *device = nullptr;
        CALL(aclrtMalloc(&device, size, ACL_MEM_MALLOC_NORMAL_ONLY));
        CALL(aclrtMemcpy(device, size, values.data(), size, ACL_MEMCPY_HOST_TO_DEVICE));
        input_ = dataset_of(device, size);
    }

    void Output() {
        output_ = aclmdlCreateDataset();
        for (size_t i = 0; i < aclmdlGetNumOutputs(desc_); ++i) {
            size_t size = aclmdlGetOutputSizeByIndex(desc_, i);
            void *device = nullptr;
            CALL(aclrtMalloc(&device, size, ACL_MEM_MALLOC_NORMAL_ONLY));
            CALL(aclmdlAddDatasetBuffer(output_, aclCreateDataBuffer(device, size)));
        }
    }

    void Execute() { CALL(aclmdlExecute(id_, input_, output_)); }

    template <typename T> std::vector<T> Result(size_t index) const {
        aclDataBuffer *buffer = aclmdlGetDatasetBuffer(output_, index);
        size_t size = aclGetDataBufferSizeV2(buffer);
        void *host = nullptr;
        CALL(aclrtMallocHost(&host, size));
        CALL(aclrtMemcpy(host, size, aclGetDataBufferAddr(buffer), size, ACL_MEMCPY_DEVICE_TO_HOST));
        std::vector<T> values(size / sizeof(T));
        std::memcpy(values.data(), host, size);
        CALL(aclrtFreeHost(host));
        return values;
    }

    aclmdlDesc *Desc() const { return desc_; }

private:
    uint32_t id_ = 0;
    size_t workSize_ = 0, weightSize_ = 0;
    void *work_ = nullptr, *weight_ = nullptr;
    aclmdlDesc *desc_ = nullptr;
    aclmdlDataset *input_ = nullptr, *output_ = nullptr;
};

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 2);
    CALL(aclInit(nullptr));
    CALL(aclrtSetDevice(0));
    aclrtContext context = nullptr;
    aclrtStream stream = nullptr;
    CALL(aclrtCreateContext(&context, 0));
    CALL(aclrtCreateStream(&stream));
    aclrtRunMode mode;
    CALL(aclrtGetRunMode(&mode));
    CHECK(mode == ACL_HOST);
    {
        Model model(argv[1]);
        aclmdlIODims dims;
        CALL(aclmdlGetInputDims(model.Desc(), 0, &dims));
        CHECK(dims.dimCount == 2 && dims.dims[0] == 1 && dims.dims[1] == 3);
        CHECK(std::string(aclmdlGetInputNameByIndex(model.Desc(), 0)).find('x') != std::string::npos);
        model.Input({0.5f, 1.0f, -9.0f});
        model.Output();
        model.Execute();
        // sum = relu(x + [1, -2, 3]), index = its argmax
        CHECK((model.Result<float>(0) == std::vector<float>{1.5f, 0.0f, 0.0f}));
        std::vector<int64_t> index = model.Result<int64_t>(1);
        CHECK(index.size() == 1 && index[0] == 0);
        std::printf("sum %.1f, index %lld\n", model.Result<float>(0)[0], static_cast<long long>(index[0]));
    }
    CALL(aclrtDestroyStream(stream));
    CALL(aclrtDestroyContext(context));
    CALL(aclrtResetDevice(0));
    CALL(aclFinalize());
    return 0;
}
