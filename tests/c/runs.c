/* Runs that were submitted: order, waiting, callbacks, failures. */
#include <pthread.h>

#include "check.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int held, open_gate, called, freed;
static char order[16];

static void set(int *place, int value) {
    pthread_mutex_lock(&lock);
    *place = value;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void until(const int *place, int value) {
    pthread_mutex_lock(&lock);
    while (*place < value) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

/* Stays in the callback until the gate is open: what was submitted after it is certainly not done. */
static void hold(void *user, areid_status status, const char *error) {
    areid_run **runs = user;
    HOLDS(status == AREID_OK && error == NULL);
    set(&held, 1);
    until(&open_gate, 1);
    if (runs) {
        WANT(areid_run_wait(runs[0], -1), AREID_BUSY, "callback");
        WANT(areid_run_wait(runs[1], 5), AREID_BUSY, "callback");
        OK(areid_run_free(runs[0])); /* its own: does not wait */
    }
}

static void note(void *user, areid_status status, const char *error) {
    HOLDS(status == AREID_OK && error == NULL);
    pthread_mutex_lock(&lock);
    order[called] = *(char *)user;
    called++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void *free_it(void *run) {
    OK(areid_run_free(run));
    set(&freed, 1);
    return NULL;
}

int main(int argc, char **argv) {
    areid_runtime *runtime = simulator();
    areid_device *device = NULL;
    areid_model *model = NULL;
    areid_embedder *embedder = NULL;
    areid_run *runs[4] = {NULL, NULL, NULL, NULL};
    float x[4] = {-1, 2, -3, 4}, y[4][4] = {{9, 9, 9, 9}, {9, 9, 9, 9}, {9, 9, 9, 9}, {9, 9, 9, 9}};
    areid_input input = {x, sizeof x};
    areid_output outputs[4];
    areid_run *same;
    pthread_t thread;
    int32_t done = 7;
    int i;
    if (argc < 2) return 2;
    for (i = 0; i < 4; i++) outputs[i].data = y[i], outputs[i].bytes = sizeof y[i];
    OK(areid_device_open(runtime, 0, &device));
    OK(areid_model_load_file(device, in(argv[1], "relu.om"), &model));

    /* Alone. */
    OK(areid_model_submit(model, &input, 1, &outputs[0], 1, NULL, NULL, &runs[0]));
    OK(areid_run_wait(runs[0], -1));
    OK(areid_run_wait(runs[0], 0));
    OK(areid_run_poll(runs[0], &done));
    HOLDS(done == 1 && y[0][1] == 2 && y[0][0] == 0);
    OK(areid_run_free(runs[0]));
    WANT(areid_run_wait(runs[0], 0), AREID_INVALID_HANDLE, "freed");
    OK(areid_run_free(NULL));

    /* Refused at once: nothing is called, nothing is written. */
    same = (areid_run *)(void *)&done;
    runs[0] = same;
    WANT(areid_model_submit(model, &input, 1, &outputs[0], 1, NULL, NULL, NULL),
         AREID_INVALID_ARGUMENT, "both null");
    outputs[1].bytes = 15;
    WANT(areid_model_submit(model, &input, 1, &outputs[1], 1, note, order, &runs[0]),
         AREID_SIZE_MISMATCH, "want 16");
    outputs[1].bytes = 16;
    WANT(areid_model_submit(model, &input, 1, &outputs[1], 0, note, order, &runs[0]),
         AREID_INVALID_ARGUMENT, "outputs: got 0");
    HOLDS(runs[0] == same && called == 0 && y[1][0] == 9);

    /* One is held in its callback, three wait behind it, one of them without a handle. */
    OK(areid_model_submit(model, &input, 1, &outputs[0], 1, hold, runs, &runs[0]));
    until(&held, 1);
    OK(areid_model_submit(model, &input, 1, &outputs[1], 1, note, (void *)"b", &runs[1]));
    OK(areid_model_submit(model, &input, 1, &outputs[2], 1, note, (void *)"c", NULL));
    OK(areid_model_submit(model, &input, 1, &outputs[3], 1, note, (void *)"d", &runs[3]));
    OK(areid_run_poll(runs[1], &done));
    HOLDS(done == 0);
    WANT(areid_run_wait(runs[1], 0), AREID_TIMEOUT, "within 0 ms");
    WANT(areid_run_wait(runs[3], 20), AREID_TIMEOUT, "within 20 ms");
    WANT(areid_model_set_batch(model, 1), AREID_BUSY, "not done: 3");
    WANT(areid_embedder_from_model(model, NULL, &embedder), AREID_BUSY, "not done: 3");
    HOLDS(embedder == NULL);
    HOLDS(pthread_create(&thread, NULL, free_it, runs[3]) == 0);
    /* A run that is not submitted takes its turn beside them; the model's handle may go. */
    OK(areid_model_run(model, &input, 1, &outputs[0], 1));
    OK(areid_model_free(model));
    WANT(areid_model_submit(model, &input, 1, &outputs[1], 1, note, order, NULL),
         AREID_INVALID_HANDLE, "freed");
    pthread_mutex_lock(&lock);
    HOLDS(freed == 0);
    pthread_mutex_unlock(&lock);
    set(&open_gate, 1);
    OK(areid_run_wait(runs[1], -1));
    HOLDS(pthread_join(thread, NULL) == 0);
    HOLDS(freed == 1 && called == 3 && strcmp(order, "bcd") == 0);
    for (i = 0; i < 4; i++) HOLDS(y[i][0] == 0 && y[i][3] == 4);
    OK(areid_run_free(runs[1]));
    OK(areid_device_free(device));
    OK(areid_runtime_free(runtime));
    return report();
}
