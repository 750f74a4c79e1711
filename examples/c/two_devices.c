/* Runs a model on two devices at once, two threads on each, and says how many runs each device did.
 * The runs are handed out by one counter, so that a faster device does more of them.
 * usage: two_devices MODEL.om RUNS [LIBRARY]   (without a library: on a simulated card with two) */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascend_reid.h"

enum { DEVICES = 2, THREADS = 2 };

/* What all threads share. */
static struct {
    pthread_mutex_t lock;
    unsigned long left;
} work = {PTHREAD_MUTEX_INITIALIZER, 0};

/* A thread, and what it did. */
typedef struct worker {
    pthread_t thread;
    const areid_device *device;
    const char *path;
    unsigned long runs;
    int failed;
    char why[256];
} worker;

static int next(void) {
    int got;
    pthread_mutex_lock(&work.lock);
    got = work.left > 0;
    work.left -= (unsigned long)got;
    pthread_mutex_unlock(&work.lock);
    return got;
}

/* Keeps the thread's last error: another thread cannot ask for it. */
static int check(worker *me, areid_status status) {
    if (status == AREID_OK) return 0;
    snprintf(me->why, sizeof me->why, "%s: %s", areid_status_name(status), areid_last_error());
    me->failed = 1;
    return 1;
}

static void *run(void *user) {
    worker *me = user;
    areid_model *model = NULL;
    areid_tensor_info info;
    areid_input *in = NULL;
    areid_output *out = NULL;
    size_t inputs = 0, outputs = 0, i;
    /* Each thread has a model of its own: runs of one model take turns. */
    if (check(me, areid_model_load_file(me->device, me->path, &model))) return NULL;
    if (check(me, areid_model_counts(model, &inputs, &outputs))) goto end;
    in = calloc(inputs, sizeof *in);
    out = calloc(outputs, sizeof *out);
    if (!in || !out) goto memory;
    for (i = 0; i < inputs; i++) {
        void *zeros;
        if (check(me, areid_model_describe(model, AREID_INPUTS, i, &info))) goto end;
        if (!(zeros = calloc(1, info.bytes))) goto memory;
        in[i].data = zeros;
        in[i].bytes = info.bytes;
    }
    for (i = 0; i < outputs; i++) {
        if (check(me, areid_model_describe(model, AREID_OUTPUTS, i, &info))) goto end;
        if (!(out[i].data = calloc(1, info.bytes))) goto memory;
        out[i].bytes = info.bytes;
    }
    while (next()) {
        if (check(me, areid_model_run(model, in, inputs, out, outputs))) goto end;
        me->runs++;
    }
    goto end;
memory:
    strcpy(me->why, "no memory");
    me->failed = 1;
end:
    for (i = 0; in && i < inputs; i++) free((void *)(uintptr_t)in[i].data);
    for (i = 0; out && i < outputs; i++) free(out[i].data);
    free(in);
    free(out);
    areid_model_free(model);
    return NULL;
}

int main(int argc, char **argv) {
    areid_runtime_options options = {0};
    areid_runtime *runtime = NULL;
    areid_device *devices[DEVICES] = {NULL, NULL};
    static worker workers[DEVICES * THREADS];
    uint32_t count = 0;
    size_t i, started = 0;
    int failed = 1;
    if (argc < 3) {
        fprintf(stderr, "usage: two_devices MODEL.om RUNS [LIBRARY]\n");
        return 2;
    }
    work.left = strtoul(argv[2], NULL, 10);
    options.struct_size = sizeof options;
    options.backend = argc > 3 ? AREID_BACKEND_LIBRARY : AREID_BACKEND_SIMULATOR;
    options.library = argc > 3 ? argv[3] : NULL;
    options.profile = argc > 3 ? NULL : "300i-duo";
    if (areid_runtime_new(&options, &runtime) || areid_runtime_device_count(runtime, &count)) {
        fprintf(stderr, "%s\n", areid_last_error());
        goto end;
    }
    if (count < DEVICES) {
        fprintf(stderr, "there are %lu devices, want %d\n", (unsigned long)count, DEVICES);
        goto end;
    }
    for (i = 0; i < DEVICES; i++) {
        if (!areid_device_open(runtime, (int32_t)i, &devices[i])) continue;
        fprintf(stderr, "%s\n", areid_last_error());
        goto end;
    }
    for (; started < DEVICES * THREADS; started++) {
        workers[started].device = devices[started % DEVICES];
        workers[started].path = argv[1];
        if (pthread_create(&workers[started].thread, NULL, run, &workers[started])) break;
    }
    failed = started < DEVICES * THREADS;
    for (i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
    for (i = 0; i < started; i++) {
        if (!workers[i].failed) continue;
        fprintf(stderr, "%s\n", workers[i].why);
        failed = 1;
    }
    for (i = 0; !failed && i < DEVICES; i++) {
        printf("device %lu: %lu runs\n", (unsigned long)i, workers[i].runs + workers[i + DEVICES].runs);
    }
end:
    for (i = 0; i < DEVICES; i++) areid_device_free(devices[i]);
    areid_runtime_free(runtime);
    return failed;
}
