/* A host that uses AscendCL itself, beside the library: it initialises first or later, and finalizes
 * first or last; its context stays current throughout. */
#include "acl/acl.h"
#include "check.h"

#define ACL(call) HOLDS((call) == ACL_SUCCESS)

static areid_runtime *beside(const char *library) {
    areid_runtime_options options;
    areid_runtime *runtime = NULL;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.backend = AREID_BACKEND_LIBRARY;
    options.library = library;
    OK(areid_runtime_new(&options, &runtime));
    return runtime;
}

static void run(const areid_model *model, areid_status wanted) {
    float x[4] = {-1, 2, -3, 4}, y[4] = {9, 9, 9, 9};
    areid_input input = {x, sizeof x};
    areid_output output = {y, sizeof y};
    areid_run *later = NULL;
    WANT(areid_model_run(model, &input, 1, &output, 1), wanted, "acl");
    HOLDS(wanted == AREID_OK ? y[0] == 0 && y[3] == 4 : y[0] == 9 && y[3] == 9);
    OK(areid_model_submit(model, &input, 1, &output, 1, NULL, NULL, &later));
    WANT(areid_run_wait(later, -1), wanted, "acl");
    OK(areid_run_free(later));
}

int main(int argc, char **argv) {
    areid_runtime *runtime;
    areid_device *device = NULL;
    areid_model *model = NULL;
    areid_embedder *embedder = NULL;
    areid_picture picture;
    aclrtContext mine = NULL, now = NULL;
    void *memory = NULL;
    float features[3];
    const char *when = argc > 3 ? argv[3] : "";
    if (argc < 4) return 2;
    memset(&picture, 0, sizeof picture);
    picture.data = in(argv[1], "red.ppm");

    if (strcmp(when, "first") == 0 || strcmp(when, "ends") == 0) ACL(aclInit(NULL));
    runtime = beside(argv[2]);
    if (strcmp(when, "later") == 0) HOLDS(aclInit(NULL) == ACL_ERROR_REPEAT_INITIALIZE);
    ACL(aclrtSetDevice(0));
    ACL(aclrtCreateContext(&mine, 0));
    ACL(aclrtSetCurrentContext(mine));
    OK(areid_device_open(runtime, 0, &device));
    ACL(aclrtGetCurrentContext(&now));
    HOLDS(now == mine);
    OK(areid_model_load_file(device, in(argv[1], "relu.om"), &model));
    run(model, AREID_OK);
    OK(areid_embedder_open(device, in(argv[1], "mgn.om"), NULL, &embedder));
    OK(areid_embedder_run(embedder, &picture, 1, features, 3));
    WANT(areid_model_load_file(device, "/nonexistent.om", &model), AREID_ACL, "nonexistent");
    ACL(aclrtGetCurrentContext(&now));
    HOLDS(now == mine);
    ACL(aclrtMalloc(&memory, 4096, ACL_MEM_MALLOC_HUGE_FIRST));
    if (strcmp(when, "ends") == 0) {
        /* The host ends AscendCL under the library's feet. */
        ACL(aclrtFree(memory));
        ACL(aclrtDestroyContext(mine));
        ACL(aclrtResetDevice(0));
        ACL(aclFinalize());
        run(model, AREID_ACL);
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_ACL, "acl");
    }
    OK(areid_embedder_free(embedder));
    OK(areid_model_free(model));
    OK(areid_device_free(device));
    OK(areid_runtime_free(runtime));
    if (strcmp(when, "first") == 0) {
        /* The library has not ended what the host began. */
        ACL(aclrtGetCurrentContext(&now));
        HOLDS(now == mine);
        ACL(aclrtFree(memory));
        ACL(aclrtDestroyContext(mine));
        ACL(aclrtResetDevice(0));
        ACL(aclFinalize());
    }
    return report();
}
