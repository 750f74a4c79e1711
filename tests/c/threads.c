/* Many threads: on one model, on several, on one gallery, and each with its own last error. */
#include <pthread.h>

#include "check.h"

enum { THREADS = 8, ROUNDS = 50 };

static areid_model *models[THREADS];
static areid_gallery *gallery;
static int faults[THREADS];

typedef struct {
    int index;
    areid_model *model;
} work;

static void *runs(void *of) {
    const work *mine = of;
    int round, i;
    for (round = 0; round < ROUNDS; round++) {
        float x[4], y[4] = {0, 0, 0, 0};
        areid_input input = {x, sizeof x};
        areid_output output = {y, sizeof y};
        areid_run *run = NULL;
        char word[32];
        for (i = 0; i < 4; i++) x[i] = (float)(mine->index * 1000 + round * 4 + i);
        if (round % 2) {
            if (areid_model_run(mine->model, &input, 1, &output, 1)) faults[mine->index]++;
        } else {
            if (areid_model_submit(mine->model, &input, 1, &output, 1, NULL, NULL, &run)
                || areid_run_wait(run, -1) || areid_run_free(run))
                faults[mine->index]++;
        }
        if (memcmp(x, y, sizeof x) != 0) faults[mine->index]++;
        /* The last error is the thread's own. */
        areid_status_name(0);
        if (areid_acl_explain(-1000 - mine->index, 0, NULL, 0, NULL) != AREID_INVALID_ARGUMENT)
            faults[mine->index]++;
        snprintf(word, sizeof word, "no code %d", -1000 - mine->index);
        if (!strstr(areid_last_error(), word)) faults[mine->index]++;
    }
    return NULL;
}

static void *searches(void *of) {
    const work *mine = of;
    int round;
    for (round = 0; round < ROUNDS; round++) {
        int64_t id = mine->index * 1000 + round, ids[1];
        float row[2];
        double distance[1];
        size_t found = 0, removed = 0;
        row[0] = (float)(mine->index + 1), row[1] = (float)(round + 1);
        if (areid_gallery_add(gallery, &id, row, 1)
            || areid_gallery_search(gallery, row, 1, 1, ids, distance, &found) || found != 1
            || ids[0] != id || distance[0] != 0)
            faults[mine->index]++;
        if (round % 2 && (areid_gallery_remove(gallery, id, &removed) || removed != 1))
            faults[mine->index]++;
    }
    return NULL;
}

static void all(void *(*body)(void *), int shared) {
    pthread_t threads[THREADS];
    work works[THREADS];
    int i;
    memset(faults, 0, sizeof faults);
    for (i = 0; i < THREADS; i++) {
        works[i].index = i;
        works[i].model = models[shared ? 0 : i];
        HOLDS(pthread_create(&threads[i], NULL, body, &works[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        HOLDS(pthread_join(threads[i], NULL) == 0);
        HOLDS(faults[i] == 0);
    }
}

/* Handles come and go on all threads at once. */
static void *lives(void *of) {
    const work *mine = of;
    int round;
    for (round = 0; round < ROUNDS; round++) {
        areid_gallery *one = NULL;
        size_t count = 9, dim = 0;
        if (areid_gallery_new((size_t)mine->index + 1, NULL, &one)
            || areid_gallery_shape(one, &count, &dim) || dim != (size_t)mine->index + 1
            || areid_gallery_free(one)
            || areid_gallery_shape(one, &count, &dim) != AREID_INVALID_HANDLE)
            faults[mine->index]++;
    }
    return NULL;
}

int main(int argc, char **argv) {
    areid_runtime *runtime = simulator();
    areid_device *device = NULL;
    size_t count = 0, dim = 0;
    int i;
    if (argc < 2) return 2;
    OK(areid_device_open(runtime, 0, &device));
    for (i = 0; i < THREADS; i++)
        OK(areid_model_load_file(device, in(argv[1], "relu.om"), &models[i]));
    OK(areid_gallery_new(2, NULL, &gallery));
    all(runs, 1);
    all(runs, 0);
    all(searches, 0);
    all(lives, 0);
    OK(areid_gallery_shape(gallery, &count, &dim));
    HOLDS(count == THREADS * ROUNDS / 2);
    OK(areid_gallery_free(gallery));
    for (i = 0; i < THREADS; i++) OK(areid_model_free(models[i]));
    OK(areid_device_free(device));
    OK(areid_runtime_free(runtime));
    return report();
}
