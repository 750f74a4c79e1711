/* The C half of the bench c_cost: a model with one input and one output, and runs of it timed here.
 * The program that measures loads this and hands over what both halves use. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ascend_reid.h"

typedef struct cost {
    areid_runtime *runtime;
    areid_device *device;
    areid_model *model;
} cost;

void cost_close(cost *all) {
    if (!all) return;
    areid_model_free(all->model);
    areid_device_free(all->device);
    areid_runtime_free(all->runtime);
    free(all);
}

/* NULL, and a line on stderr, for a model that cannot be loaded. */
cost *cost_open(const char *path) {
    areid_runtime_options options = {0};
    cost *all = calloc(1, sizeof *all);
    if (!all) return NULL;
    options.struct_size = sizeof options;
    options.backend = AREID_BACKEND_SIMULATOR;
    if (areid_runtime_new(&options, &all->runtime) ||
        areid_device_open(all->runtime, 0, &all->device) ||
        areid_model_load_file(all->device, path, &all->model)) {
        fprintf(stderr, "%s\n", areid_last_error());
        cost_close(all);
        return NULL;
    }
    return all;
}

/* The nanoseconds of `count` runs; negative if one fails. */
double cost_run(const cost *all, const void *x, void *y, size_t bytes, unsigned count) {
    areid_input in;
    areid_output out;
    struct timespec from, to;
    in.data = x;
    in.bytes = bytes;
    out.data = y;
    out.bytes = bytes;
    clock_gettime(CLOCK_MONOTONIC, &from);
    while (count--) {
        if (areid_model_run(all->model, &in, 1, &out, 1)) return -1;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
}

/* The nanoseconds of `count` calls of the cheapest function that looks a handle up. */
double cost_call(const cost *all, unsigned count) {
    struct timespec from, to;
    int32_t simulated = 0;
    clock_gettime(CLOCK_MONOTONIC, &from);
    while (count--) {
        if (areid_runtime_is_simulated(all->runtime, &simulated)) return -1;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
}
