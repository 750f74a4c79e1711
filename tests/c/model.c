/* Any model: description, gears, several outputs, and every order of freeing. */
#include "check.h"

static void gears(const areid_device *device, const char *folder) {
    areid_model *model = NULL;
    areid_tensor_info info;
    float x[20], y[20];
    areid_input input = {x, 0};
    areid_output output = {y, 0};
    int64_t dims[2] = {2, 5}, others[2] = {5, 5};
    int64_t values[8] = {0, 0, 0, 0, 0, 0, 0, 99};
    int32_t kind = 9;
    size_t count = 9, width = 9;
    int i;
    for (i = 0; i < 20; i++) x[i] = (float)(i - 3);

    OK(areid_model_load_file(device, in(folder, "relu.om"), &model));
    OK(areid_model_gears(model, &kind, &count, &width, values, 8));
    HOLDS(kind == AREID_GEAR_KIND_STATIC && count == 0 && width == 0 && values[0] == 0);
    OK(areid_model_free(model));
    OK(areid_model_load_file(device, in(folder, "batch.om"), &model));
    OK(areid_model_gears(model, &kind, &count, &width, NULL, 0));
    HOLDS(kind == AREID_GEAR_KIND_BATCH && count == 3 && width == 1);
    OK(areid_model_gears(model, &kind, &count, &width, values, 3));
    HOLDS(values[0] == 1 && values[1] == 2 && values[2] == 4 && values[3] == 0);
    count = 77;
    WANT(areid_model_gears(model, &kind, &count, &width, values, 2), AREID_SIZE_MISMATCH, "least 3");
    WANT(areid_model_gears(model, &kind, &count, &width, NULL, 2), AREID_NULL_POINTER, "values");
    WANT(areid_model_gears(model, NULL, &count, &width, values, 2), AREID_NULL_POINTER, "kind");
    WANT(areid_model_gears(NULL, &kind, &count, &width, values, 2), AREID_NULL_POINTER, "model");
    HOLDS(count == 77);
    OK(areid_model_describe(model, AREID_INPUTS, 0, &info));
    HOLDS(info.dims[0] == 4 && info.bytes == 64 && info.max_bytes == 64);
    OK(areid_model_set_batch(model, 2));
    OK(areid_model_describe(model, AREID_OUTPUTS, 0, &info));
    HOLDS(info.rank == 2 && info.dims[0] == 2 && info.dims[1] == 4);
    HOLDS(info.bytes == 32 && info.max_bytes == 64 && info.dtype == 0);
    input.bytes = output.bytes = 64;
    WANT(areid_model_run(model, &input, 1, &output, 1), AREID_SIZE_MISMATCH, "want 32");
    input.bytes = output.bytes = 32;
    memset(y, 0x55, sizeof y);
    OK(areid_model_run(model, &input, 1, &output, 1));
    HOLDS(y[2] == 0 && y[3] == 0 && y[7] == 4);
    HOLDS(memcmp(y + 8, "\x55\x55\x55\x55", 4) == 0);
    WANT(areid_model_set_batch(model, 3), AREID_UNKNOWN_GEAR, "1, 2, 4");
    OK(areid_model_free(model));

    OK(areid_model_load_file(device, in(folder, "size.om"), &model));
    OK(areid_model_gears(model, &kind, &count, &width, values, 8));
    HOLDS(kind == AREID_GEAR_KIND_IMAGE_SIZE && count == 2 && width == 2);
    HOLDS(values[0] == 2 && values[1] == 3 && values[2] == 4 && values[3] == 5 && values[7] == 99);
    OK(areid_model_set_image_size(model, 2, 3));
    OK(areid_model_describe(model, AREID_INPUTS, 0, &info));
    HOLDS(info.rank == 4 && info.dims[2] == 2 && info.dims[3] == 3 && info.bytes == 24);
    input.bytes = output.bytes = 24;
    OK(areid_model_run(model, &input, 1, &output, 1));
    HOLDS(y[5] == 2);
    WANT(areid_model_set_image_size(model, 3, 2), AREID_UNKNOWN_GEAR, "3 x 2");
    OK(areid_model_free(model));

    OK(areid_model_load_file(device, in(folder, "dims.om"), &model));
    OK(areid_model_gears(model, &kind, &count, &width, values, 4));
    HOLDS(kind == AREID_GEAR_KIND_DIMS && count == 2 && width == 2);
    HOLDS(values[0] == 3 && values[1] == 2 && values[2] == 2 && values[3] == 5);
    OK(areid_model_set_dims(model, dims, 2));
    OK(areid_model_describe(model, AREID_OUTPUTS, 0, &info));
    HOLDS(info.dims[0] == 2 && info.dims[1] == 5 && info.bytes == 40);
    input.bytes = output.bytes = 40;
    OK(areid_model_run(model, &input, 1, &output, 1));
    HOLDS(y[9] == 6);
    WANT(areid_model_set_dims(model, others, 2), AREID_UNKNOWN_GEAR, "[5, 5]");
    WANT(areid_model_set_dims(model, dims, 1), AREID_UNKNOWN_GEAR, "[2]");
    OK(areid_model_free(model));
}

static void two_outputs(const areid_device *device, const char *folder) {
    areid_model *model = NULL;
    size_t inputs = 0, outputs = 0;
    float x[4] = {-1, 2, -3, 4}, w[8] = {1, 3, 5, 7, 2, 2, 2, 2};
    float y[4] = {9, 9, 9, 9}, z[2] = {9, 9};
    areid_input in2[2];
    areid_output out2[2];
    areid_tensor_info info;
    in2[0].data = x, in2[0].bytes = sizeof x;
    in2[1].data = w, in2[1].bytes = sizeof w;
    out2[0].data = y, out2[0].bytes = sizeof y;
    out2[1].data = z, out2[1].bytes = sizeof z;
    OK(areid_model_load_file(device, in(folder, "two.om"), &model));
    OK(areid_model_counts(model, &inputs, &outputs));
    HOLDS(inputs == 2 && outputs == 2);
    OK(areid_model_describe(model, AREID_INPUTS, 1, &info));
    HOLDS(strcmp(info.name, "w") == 0 && info.rank == 4 && info.bytes == sizeof w);
    /* What is wrong with the second leaves the first alone. */
    out2[1].bytes = 4;
    WANT(areid_model_run(model, in2, 2, out2, 2), AREID_SIZE_MISMATCH, "got 4 bytes, want 8");
    out2[1].bytes = 12;
    WANT(areid_model_run(model, in2, 2, out2, 2), AREID_SIZE_MISMATCH, "got 12 bytes");
    out2[1].bytes = (size_t)-1;
    WANT(areid_model_run(model, in2, 2, out2, 2), AREID_OVERFLOW, "output");
    out2[1].data = NULL, out2[1].bytes = sizeof z;
    WANT(areid_model_run(model, in2, 2, out2, 2), AREID_NULL_POINTER, "output");
    out2[1].data = z;
    in2[1].data = NULL;
    WANT(areid_model_run(model, in2, 2, out2, 2), AREID_NULL_POINTER, "input");
    in2[1].data = w, in2[1].bytes = sizeof w - 1;
    WANT(areid_model_run(model, in2, 2, out2, 2), AREID_SIZE_MISMATCH, "input w");
    in2[1].bytes = sizeof w;
    HOLDS(y[0] == 9 && y[3] == 9 && z[0] == 9 && z[1] == 9);
    OK(areid_model_run(model, in2, 2, out2, 2));
    HOLDS(y[0] == 0 && y[1] == 2 && y[3] == 4 && z[0] == 4 && z[1] == 2);
    OK(areid_model_free(model));
}

/* Parents first: what came from them goes on. */
static void orders(const char *folder) {
    static const int order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    int i, k;
    for (i = 0; i < 6; i++) {
        areid_runtime *runtime = simulator();
        areid_device *device = NULL;
        areid_model *model = NULL;
        float x[4] = {-1, 2, -3, 4}, y[4];
        areid_input input = {x, sizeof x};
        areid_output output = {y, sizeof y};
        OK(areid_device_open(runtime, 0, &device));
        OK(areid_model_load_file(device, in(folder, "relu.om"), &model));
        for (k = 0; k < 3; k++) {
            int which = order[i][k];
            if (which == 0) OK(areid_runtime_free(runtime));
            if (which == 1) OK(areid_device_free(device));
            if (which == 2) {
                memset(y, 0, sizeof y);
                OK(areid_model_run(model, &input, 1, &output, 1));
                HOLDS(y[1] == 2 && y[3] == 4);
                OK(areid_model_free(model));
            }
        }
    }
}

static void *read_all(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    void *data = malloc(1 << 20);
    *bytes = file && data ? fread(data, 1, 1 << 20, file) : 0;
    if (file) fclose(file);
    return data;
}

/* Memory that begins at an odd address is fine where bytes are meant. */
static void memory(const areid_device *device, const char *folder) {
    areid_model *model = NULL;
    size_t bytes = 0;
    char room[40], *odd = room + 1;
    void *om = read_all(in(folder, "relu.om"), &bytes);
    float x[4] = {-1, 2, -3, 4}, y[4];
    areid_input input;
    areid_output output;
    HOLDS(bytes > 0);
    OK(areid_model_load_memory(device, om, bytes, &model));
    memset(om, 0, bytes);
    free(om);
    memcpy(odd, x, sizeof x);
    input.data = odd, input.bytes = sizeof x;
    output.data = odd + 16, output.bytes = sizeof y;
    OK(areid_model_run(model, &input, 1, &output, 1));
    memcpy(y, odd + 16, sizeof y);
    HOLDS(y[0] == 0 && y[1] == 2 && y[3] == 4);
    OK(areid_model_free(model));
    WANT(areid_model_load_memory(device, NULL, 0, &model), AREID_ACL, "aclmdlLoadFromMem");
}

/* What a caller of the first release hands over. */
static void old_options(void) {
    struct {
        size_t struct_size;
        int32_t backend, reserved;
        const char *library;
    } old = {24, AREID_BACKEND_SIMULATOR, 0, NULL};
    areid_runtime *runtime = NULL;
    int32_t simulated = 0;
    uint32_t devices = 0;
    OK(areid_runtime_new((const areid_runtime_options *)(const void *)&old, &runtime));
    OK(areid_runtime_is_simulated(runtime, &simulated));
    OK(areid_runtime_device_count(runtime, &devices));
    HOLDS(simulated == 1 && devices >= 1);
    OK(areid_runtime_free(runtime));
}

int main(int argc, char **argv) {
    areid_runtime *runtime;
    areid_device *device = NULL;
    char chip[32] = "", none[1];
    size_t needed = 0;
    if (argc < 2) return 2;
    old_options();
    runtime = simulator();
    OK(areid_device_open(runtime, 0, &device));
    OK(areid_device_soc_name(device, none, 0, &needed));
    HOLDS(needed > 1 && needed <= sizeof chip);
    OK(areid_device_soc_name(device, chip, needed, NULL));
    HOLDS(strncmp(chip, "Ascend", 6) == 0 && strlen(chip) + 1 == needed);
    gears(device, argv[1]);
    two_outputs(device, argv[1]);
    memory(device, argv[1]);
    orders(argv[1]);
    OK(areid_device_free(device));
    OK(areid_runtime_free(runtime));
    return report();
}
