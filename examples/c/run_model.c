/* Loads a model, fills its inputs with -1, 0, 1, ... as floats, runs it, prints the outputs.
 * usage: run_model MODEL.om [LIBRARY]   (without a library: on the simulator) */
#include <stdio.h>
#include <stdlib.h>

#include "ascend_reid.h"
#include "ascend_reid.h" /* twice is fine */

static int check(areid_status status) {
    if (status == AREID_OK) return 0;
    fprintf(stderr, "%s: %s\n", areid_status_name(status), areid_last_error());
    return 1;
}

static size_t elements(const areid_tensor_info *info) {
    size_t count = 1;
    uint32_t i;
    for (i = 0; i < info->rank; i++) count *= (size_t)info->dims[i];
    return count;
}

int main(int argc, char **argv) {
    areid_runtime_options options = {sizeof options, AREID_BACKEND_SIMULATOR, 0, NULL, NULL};
    areid_runtime *runtime = NULL;
    areid_device *device = NULL;
    areid_model *model = NULL;
    areid_tensor_info in, out;
    areid_input input;
    areid_output output;
    float *x = NULL, *y = NULL;
    size_t i, inputs, outputs;
    int failed = 1;
    if (argc < 2) {
        fprintf(stderr, "usage: run_model MODEL.om [LIBRARY]\n");
        return 2;
    }
    if (argc > 2) {
        options.backend = AREID_BACKEND_LIBRARY;
        options.library = argv[2];
    }
    if (check(areid_runtime_new(&options, &runtime))) return 3;
    if (check(areid_device_open(runtime, 0, &device))) goto end;
    if (check(areid_model_load_file(device, argv[1], &model))) goto end;
    if (check(areid_model_counts(model, &inputs, &outputs))) goto end;
    if (inputs != 1 || outputs != 1) {
        fprintf(stderr, "%s has not one input and one output\n", argv[1]);
        goto end;
    }
    if (check(areid_model_describe(model, AREID_INPUTS, 0, &in))) goto end;
    if (check(areid_model_describe(model, AREID_OUTPUTS, 0, &out))) goto end;
    if (in.dtype != 0 || out.dtype != 0) {
        fprintf(stderr, "%s has other tensors than floats\n", argv[1]);
        goto end;
    }
    x = calloc(elements(&in), sizeof *x);
    y = calloc(elements(&out), sizeof *y);
    if (!x || !y) goto end;
    for (i = 0; i < elements(&in); i++) x[i] = (float)i - 1;
    input.data = x;
    input.bytes = elements(&in) * sizeof *x;
    output.data = y;
    output.bytes = elements(&out) * sizeof *y;
    if (check(areid_model_run(model, &input, 1, &output, 1))) goto end;
    printf("%s:", out.name);
    for (i = 0; i < elements(&out); i++) printf(" %g", y[i]);
    printf("\n");
    failed = 0;
end:
    free(x);
    free(y);
    areid_model_free(model);
    areid_device_free(device);
    areid_runtime_free(runtime);
    return failed;
}
