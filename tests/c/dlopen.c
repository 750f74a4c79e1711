/* A host that opens the library by its name, closes it, and opens it again. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "ascend_reid.h"

typedef areid_status (*new_function)(const areid_runtime_options *, areid_runtime **);
typedef areid_status (*open_function)(const areid_runtime *, int32_t, areid_device **);
typedef areid_status (*load_function)(const areid_device *, const char *, areid_model **);
typedef areid_status (*submit_function)(const areid_model *, const areid_input *, size_t,
                                        const areid_output *, size_t, areid_run_callback, void *,
                                        areid_run **);
typedef areid_status (*wait_function)(const areid_run *, int64_t);
typedef areid_status (*free_function)(void *);

/* Of a function pointer, by way of its bytes: ISO C knows no cast. */
#define FIND(type, name)                                       \
    type name = NULL;                                          \
    {                                                          \
        void *found = dlsym(library, "areid_" #name);          \
        memcpy(&name, &found, sizeof found);                   \
        if (!name) return puts("areid_" #name " is not there"); \
    }

static int round_trip(const char *path, const char *om) {
    areid_runtime_options options = {sizeof options, AREID_BACKEND_SIMULATOR, 0, NULL, NULL};
    areid_runtime *runtime = NULL;
    areid_device *device = NULL;
    areid_model *model = NULL;
    areid_run *run = NULL;
    float x[4] = {-1, 2, -3, 4}, y[4] = {9, 9, 9, 9};
    areid_input input = {x, sizeof x};
    areid_output output = {y, sizeof y};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return puts(dlerror());
    {
        FIND(new_function, runtime_new)
        FIND(open_function, device_open)
        FIND(load_function, model_load_file)
        FIND(submit_function, model_submit)
        FIND(wait_function, run_wait)
        FIND(free_function, run_free)
        FIND(free_function, model_free)
        FIND(free_function, device_free)
        FIND(free_function, runtime_free)
        if (runtime_new(&options, &runtime) || device_open(runtime, 0, &device)
            || model_load_file(device, om, &model)
            || model_submit(model, &input, 1, &output, 1, NULL, NULL, &run) || run_wait(run, -1)
            || run_free(run) || model_free(model) || device_free(device) || runtime_free(runtime))
            return puts("a call failed");
        if (y[0] != 0 || y[3] != 4) return puts("wrong numbers");
        if (model_free(model) != AREID_INVALID_HANDLE) return puts("freed twice");
    }
    return dlclose(library) ? puts("dlclose failed") : 0;
}

int main(int argc, char **argv) {
    char om[1024];
    int i;
    if (argc < 2) return 2;
    snprintf(om, sizeof om, "%s/relu.om", argv[1]);
    for (i = 0; i < 3; i++)
        if (round_trip("libascend_reid.so.0", om)) return 1;
    puts("3 cases, 0 wrong");
    return 0;
}
