/* Wrong calls: each must answer its status and a text, and leave results as they were. */
#include "check.h"

int main(int argc, char **argv) {
    areid_runtime_options options = {sizeof options, AREID_BACKEND_SIMULATOR, 0, NULL, NULL};
    areid_runtime *runtime = NULL, *same = (areid_runtime *)&cases;
    areid_device *device = NULL;
    areid_model *model = NULL, *none = NULL;
    areid_tensor_info info;
    size_t count = 77, other = 77, i;
    uint32_t devices = 77;
    char small[2] = "x", odd[64] = {0};
    float x[4] = {-1, 2, -3, 4}, y[4] = {9, 9, 9, 9};
    areid_input input, inputs[2];
    areid_output output;
    void *wild[] = {&cases, odd + 1, (void *)(size_t)-1, (void *)8};
    int *misaligned = (int *)(void *)(odd + 1);
    int major = -1;
    const char *relu;
    if (argc < 2) return 2;
    relu = in(argv[1], "relu.om");
    input.data = x, input.bytes = sizeof x;
    output.data = y, output.bytes = sizeof y;
    inputs[0] = inputs[1] = input;

    WANT(areid_version(NULL, &major, &major), AREID_NULL_POINTER, "major");
    WANT(areid_version(&major, NULL, &major), AREID_NULL_POINTER, "minor");
    WANT(areid_version(&major, &major, NULL), AREID_NULL_POINTER, "patch");
    WANT(areid_version(misaligned, &major, &major), AREID_MISALIGNED, "multiple of 4");
    WANT(major == -1 ? AREID_OK : 99, AREID_OK, "");
    WANT(areid_status_name(-1) || areid_status_name(99) ? 99 : AREID_OK, AREID_OK, "");
    WANT(areid_acl_explain(107002, 2, small, 2, NULL), AREID_INVALID_ARGUMENT, "language is 2");
    WANT(areid_acl_explain(-5, 0, small, 2, NULL), AREID_INVALID_ARGUMENT, "no code -5");
    WANT(areid_acl_explain(107002, 0, small, 2, &count), AREID_SIZE_MISMATCH, "2 bytes");
    WANT(areid_acl_explain(107002, 0, NULL, 9, NULL), AREID_NULL_POINTER, "buffer");
    WANT(areid_acl_explain(107002, 1, NULL, 0, &count), AREID_OK, "");

    WANT(areid_runtime_new(&options, NULL), AREID_NULL_POINTER, "runtime");
    options.backend = 7;
    WANT(areid_runtime_new(&options, &same), AREID_INVALID_ARGUMENT, "backend is 7");
    options.backend = AREID_BACKEND_LIBRARY;
    WANT(areid_runtime_new(&options, &same), AREID_NULL_POINTER, "options.library");
    options.library = "\xff";
    WANT(areid_runtime_new(&options, &same), AREID_NOT_UTF8, "byte 0");
    options.library = "/nonexistent/x.so";
    WANT(areid_runtime_new(&options, &same), AREID_LIBRARY, "/nonexistent/x.so");
    options.backend = AREID_BACKEND_SIMULATOR;
    for (i = 0; i < 24; i++) {
        options.struct_size = i;
        WANT(areid_runtime_new(&options, &same), AREID_INVALID_ARGUMENT, "struct_size");
    }
    WANT(same == (areid_runtime *)&cases ? AREID_OK : 99, AREID_OK, "");
    options.struct_size = sizeof options;
    WANT(areid_runtime_new(&options, &runtime), AREID_OK, "");
    WANT(areid_runtime_device_count(runtime, NULL), AREID_NULL_POINTER, "count");
    WANT(areid_device_open(runtime, 0, NULL), AREID_NULL_POINTER, "device");
    WANT(areid_device_open(runtime, -1, &device), AREID_ACL, "107001");
    WANT(areid_device_open(runtime, 99, &device), AREID_ACL, "107001");
    WANT(areid_device_open(runtime, 0, &device), AREID_OK, "");
    WANT(areid_model_load_file(device, NULL, &none), AREID_NULL_POINTER, "path");
    WANT(areid_model_load_file(device, "\xc3(", &none), AREID_NOT_UTF8, "path");
    WANT(areid_model_load_file(device, "/nonexistent.om", &none), AREID_ACL, "nonexistent");
    WANT(areid_model_load_file(device, relu, NULL), AREID_NULL_POINTER, "model");
    WANT(areid_model_load_memory(device, NULL, 4, &none), AREID_NULL_POINTER, "om");
    WANT(areid_model_load_memory(device, x, (size_t)-1, &none), AREID_OVERFLOW, "more than");
    WANT(areid_model_load_memory(device, x, sizeof x, &none), AREID_ACL, "aclmdlLoadFromMem");
    WANT(areid_model_load_file(device, relu, &model), AREID_OK, "");
    WANT(areid_model_describe(model, 2, 0, &info), AREID_INVALID_ARGUMENT, "side is 2");
    WANT(areid_model_describe(model, -1, 0, &info), AREID_INVALID_ARGUMENT, "side is -1");
    WANT(areid_model_describe(model, 0, 1, &info), AREID_INVALID_ARGUMENT, "index is 1");
    WANT(areid_model_describe(model, 1, (size_t)-1, &info), AREID_INVALID_ARGUMENT, "below 1");
    WANT(areid_model_describe(model, 0, 0, NULL), AREID_NULL_POINTER, "info");
    WANT(areid_model_set_batch(model, 3), AREID_UNKNOWN_GEAR, "batch size 3");
    WANT(areid_model_set_image_size(model, 3, 4), AREID_UNKNOWN_GEAR, "3 x 4");
    WANT(areid_model_set_dims(model, NULL, 0), AREID_UNKNOWN_GEAR, "dims");
    WANT(areid_model_set_dims(model, NULL, 1), AREID_NULL_POINTER, "dims");
    WANT(areid_model_set_dims(model, (int64_t *)(void *)x, (size_t)1 << 61), AREID_OVERFLOW, "dims");
    WANT(areid_model_run(model, NULL, 0, &output, 1), AREID_INVALID_ARGUMENT, "inputs: got 0");
    WANT(areid_model_run(model, inputs, 2, &output, 1), AREID_INVALID_ARGUMENT, "inputs: got 2");
    WANT(areid_model_run(model, &input, 1, NULL, 0), AREID_INVALID_ARGUMENT, "outputs: got 0");
    WANT(areid_model_run(model, NULL, 1, &output, 1), AREID_NULL_POINTER, "inputs");
    for (i = 0; i < 32; i++) {
        if (i == sizeof x) continue;
        input.bytes = i;
        WANT(areid_model_run(model, &input, 1, &output, 1), AREID_SIZE_MISMATCH, "want 16");
        input.bytes = sizeof x;
        output.bytes = i;
        WANT(areid_model_run(model, &input, 1, &output, 1), AREID_SIZE_MISMATCH, "want 16");
        output.bytes = sizeof y;
    }
    WANT(y[0] == 9 && y[3] == 9 ? AREID_OK : 99, AREID_OK, "");
    WANT(areid_model_run(model, &input, 1, &output, 1), AREID_OK, "");
    WANT(y[0] == 0 && y[3] == 4 ? AREID_OK : 99, AREID_OK, "");
    /* Handles: wild, of another type, freed; freeing nothing is fine. */
    WANT(areid_model_free(NULL), AREID_OK, "");
    WANT(areid_device_free(NULL), AREID_OK, "");
    WANT(areid_runtime_free(NULL), AREID_OK, "");
    for (i = 0; i < 9; i++) {
        void *bad = i < 4 ? wild[i] : i == 4 ? NULL : i == 5 ? (void *)runtime : i == 6 ? (void *)device : (void *)model;
        areid_status status = bad ? AREID_INVALID_HANDLE : AREID_NULL_POINTER;
        if (i == 8) {
            WANT(areid_model_free(model), AREID_OK, "");
            WANT(areid_model_free(model), AREID_INVALID_HANDLE, "freed");
        }
        if (i != 5) {
            WANT(areid_runtime_device_count(bad, &devices), status, "areid_runtime");
            WANT(areid_device_open(bad, 0, &device), status, "areid_runtime");
            if (bad) WANT(areid_runtime_free(bad), status, "areid_runtime");
        }
        if (i != 6) {
            WANT(areid_device_soc_name(bad, odd, sizeof odd, NULL), status, "areid_device");
            WANT(areid_model_load_file(bad, relu, &none), status, "areid_device");
            if (bad) WANT(areid_device_free(bad), status, "areid_device");
        }
        if (i != 7) {
            WANT(areid_model_counts(bad, &count, &other), status, "areid_model");
            WANT(areid_model_describe(bad, 0, 0, &info), status, "areid_model");
            WANT(areid_model_set_batch(bad, 1), status, "areid_model");
            WANT(areid_model_run(bad, &input, 1, &output, 1), status, "areid_model");
            if (bad) WANT(areid_model_free(bad), status, "areid_model");
        }
    }
    WANT(none ? 99 : AREID_OK, AREID_OK, "");
    WANT(devices == 77 && other == 77 ? AREID_OK : 99, AREID_OK, "");
    WANT(areid_runtime_free(runtime), AREID_OK, "");
    WANT(areid_runtime_free(runtime), AREID_INVALID_HANDLE, "freed");
    WANT(areid_device_free(device), AREID_OK, "");
    return report();
}
