/* What the C programs of the tests share: checks that count, and a model on the simulator. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ascend_reid.h"

static int cases, wrong;

/* A status, and a word that the last error must have if it is not AREID_OK. */
static inline void want(int line, areid_status got, int wanted, const char *word) {
    cases++;
    if ((int)got != wanted || (wanted && !strstr(areid_last_error(), word))) {
        wrong++;
        printf("line %d: got %d %s, want %d with \"%s\": %s\n", line, (int)got,
               areid_status_name(got), wanted, word, areid_last_error());
    }
}
#define WANT(call, status, word) want(__LINE__, call, status, word)
#define OK(call) want(__LINE__, call, AREID_OK, "")

static inline void holds(int line, int condition, const char *text) {
    cases++;
    if (!condition) {
        wrong++;
        printf("line %d: %s does not hold\n", line, text);
    }
}
#define HOLDS(condition) holds(__LINE__, (condition) ? 1 : 0, #condition)

static inline int report(void) {
    printf("%d cases, %d wrong\n", cases, wrong);
    return wrong != 0;
}

/* The path of a file beside the others; of a few, as the memory is used again. */
static inline const char *in(const char *folder, const char *name) {
    static char paths[64][1024];
    static int next;
    char *path = paths[next++ % 64];
    snprintf(path, 1024, "%s/%s", folder, name);
    return path;
}

static inline areid_runtime *simulator(void) {
    areid_runtime_options options;
    areid_runtime *runtime = NULL;
    alarm(600); /* a wait without end is a failure, also under Valgrind */
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.backend = AREID_BACKEND_SIMULATOR;
    OK(areid_runtime_new(&options, &runtime));
    return runtime;
}

#endif
