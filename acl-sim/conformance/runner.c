/* Conformance cases against any libascendcl.so.
 *
 *   ACL_LIBRARY=/path/libascendcl.so [ACL_MODEL=static.om] ./runner expectations.tsv
 *
 * Each row of the file names a function, a state, the code that is expected, and where that is
 * written. A state is words: the phase of the process (before-init, no-device, new-thread,
 * finalized, reset; else a device is set), `N=object` or `N=number` for the N-th argument, which
 * otherwise is a good one, and `twice`, which compares the second of two calls. Objects are null,
 * gone (one that was destroyed), made-up (an address of the program), or a name of `object`.
 *
 * Every case runs in a child of its own, so that a crash or a hang is a failed case and not the end.
 * Nothing is linked: a function that the library lacks is a skipped case. Output is TAP. The exit
 * status is 1 if a case failed, 2 if the runner could not begin. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef uintptr_t word;
/* Every argument is an integer or a pointer, at most eight of them: both 64-bit ABIs pass those
 * alike, whatever their type. */
typedef word (*any)(word, word, word, word, word, word, word, word);

enum { MOST = 8, SCRATCH = 65536, SECONDS = 60 };

/* Function, what it returns (i status, z size, p pointer, t text, v nothing), good arguments. */
static const char *const FUNCTIONS[][3] = {
#include "functions.inc"
};

/* What a child tells. */
struct told {
    enum { GOT, MISSING, UNABLE } what;
    char text[160];
};

static void *library;
static int report;
static unsigned char scratch[MOST + 2][SCRATCH] __attribute__((aligned(64)));

static void finish(int what, const char *text) {
    struct told told;
    memset(&told, 0, sizeof told);
    told.what = what;
    snprintf(told.text, sizeof told.text, "%s", text);
    if (write(report, &told, sizeof told) != (ssize_t)sizeof told) _exit(9);
    _exit(0);
}

static any find(const char *name) {
    any function;
    void *symbol = dlsym(library, name);
    if (!symbol) finish(MISSING, name);
    memcpy(&function, &symbol, sizeof function);
    return function;
}

#define A(x) ((word)(x))
static word call(const char *name, word a, word b, word c, word d, word e) {
    return find(name)(a, b, c, d, e, 0, 0, 0);
}

static void must(const char *name, word a, word b, word c, word d, word e) {
    int code = (int)call(name, a, b, c, d, e);
    char text[120];
    if (code == 0) return;
    snprintf(text, sizeof text, "the setup failed: %s gave %d", name, code);
    finish(UNABLE, text);
}

static void nothing(void *data) { (void)data; }

/* A handle that some constructor writes through its first argument. */
static word made(const char *constructor, word second, word third) {
    void *value = NULL;
    must(constructor, A(&value), second, third, 0, 0);
    return A(value);
}

static word tensor(void) {
    static const int64_t dims[2] = {2, 3};
    return call("aclCreateTensorDesc", 0, 2, A(dims), 2, 0);
}

static const char *model_path(void) {
    const char *path = getenv("ACL_MODEL");
    if (!path || !*path) finish(MISSING, "ACL_MODEL names no model");
    return path;
}

static word load_model(void) {
    uint32_t id = 0;
    must("aclmdlLoadFromFile", A(model_path()), A(&id), 0, 0, 0);
    return id;
}

static word the_model(void) {
    static word id;
    static int loaded;
    if (!loaded) id = load_model();
    loaded = 1;
    return id;
}

static word described(void) {
    word desc = call("aclmdlCreateDesc", 0, 0, 0, 0, 0);
    must("aclmdlGetDesc", desc, the_model(), 0, 0, 0);
    return desc;
}

/* A dataset with buffers as the model's inputs or outputs want them. */
static word dataset(const char *count, const char *size) {
    word desc = described(), set = call("aclmdlCreateDataset", 0, 0, 0, 0, 0);
    word i, all = call(count, desc, 0, 0, 0, 0);
    for (i = 0; i < all; i++) {
        word bytes = call(size, desc, i, 0, 0, 0);
        word block = made("aclrtMalloc", bytes, 0);
        must("aclmdlAddDatasetBuffer", set, call("aclCreateDataBuffer", block, bytes, 0, 0, 0), 0, 0, 0);
    }
    return set;
}

static word file_bytes(size_t *size) {
    FILE *file = fopen(model_path(), "rb");
    long length;
    void *bytes;
    if (!file) finish(UNABLE, "ACL_MODEL cannot be read");
    fseek(file, 0, SEEK_END);
    length = ftell(file);
    rewind(file);
    bytes = malloc((size_t)length);
    *size = fread(bytes, 1, (size_t)length, file);
    fclose(file);
    return A(bytes);
}

static int with_device;

/* The path of a file with a text, which is gone when the process is. */
static word file_with(const char *text) {
    static char path[40];
    int file = memfd_create("case", 0);
    if (file < 0 || write(file, text, strlen(text)) < 0) finish(UNABLE, "no file can be made");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return A(path);
}

/* A good object of a name. Without a device, what needs one is an address of the program. */
static word object(const char *name, int at) {
    size_t size;
    char *end;
    long long number = strtoll(name, &end, 0);
    if (*end == 0) return (word)number;
    if (!strcmp(name, "null")) return 0;
    if (!strcmp(name, "out") || !strcmp(name, "made-up")) return A(scratch[at]);
    if (!strcmp(name, "host")) return A(scratch[MOST]);
    if (!strcmp(name, "fn")) return A(nothing);
    if (!strcmp(name, "most")) return SIZE_MAX;
    if (!strcmp(name, "no-file")) return A("/no/such/folder/file.om");
    if (!strcmp(name, "empty-text")) return A("");
    if (!strcmp(name, "no-name")) return A("no tensor has this name");
    if (!strcmp(name, "no-json")) return file_with("{\"dump\": ");
    if (!strcmp(name, "empty-json")) return file_with("{}");
    if (!strcmp(name, "array-json")) return file_with("[1, 2]");
    if (!strcmp(name, "deep-json")) return file_with("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}}}");
    if (!strcmp(name, "junk")) return A("this is no model at all, and longer than no header would be");
    if (!strcmp(name, "buffer")) return call("aclCreateDataBuffer", A(scratch[MOST]), 64, 0, 0, 0);
    if (!strcmp(name, "no-buffer")) return call("aclCreateDataBuffer", 0, 0, 0, 0, 0);
    if (!strcmp(name, "tensor")) return tensor();
    if (!strcmp(name, "desc")) return call("aclmdlCreateDesc", 0, 0, 0, 0, 0);
    if (!strcmp(name, "set")) return call("aclmdlCreateDataset", 0, 0, 0, 0, 0);
    if (!strcmp(name, "config")) return call("aclmdlCreateConfigHandle", 0, 0, 0, 0, 0);
    if (!strcmp(name, "path")) return A(model_path());
    if (!strcmp(name, "om")) return file_bytes(&size);
    if (!strcmp(name, "om-size")) return (void)file_bytes(&size), size;
    if (!strcmp(name, "thread")) return A(pthread_self());
    if (!strcmp(name, "stream")) return with_device ? made("aclrtCreateStream", 0, 0) : 0;
    if (!strcmp(name, "event")) return with_device ? made("aclrtCreateEvent", 0, 0) : A(scratch[at]);
    if (!strcmp(name, "block")) return with_device ? made("aclrtMalloc", 256, 0) : A(scratch[at]);
    if (!strcmp(name, "pinned")) return with_device ? made("aclrtMallocHost", 256, 0) : A(scratch[at]);
    if (!strcmp(name, "inside")) return made("aclrtMalloc", 256, 0) + 64;
    if (!strcmp(name, "default-context")) return made("aclrtGetCurrentContext", 0, 0);
    if (!strcmp(name, "context")) {
        word before = made("aclrtGetCurrentContext", 0, 0), own = made("aclrtCreateContext", 0, 0);
        must("aclrtSetCurrentContext", before, 0, 0, 0, 0);
        return own;
    }
    if (!strcmp(name, "subscribed")) {
        word stream = made("aclrtCreateStream", 0, 0);
        must("aclrtSubscribeReport", A(pthread_self()), stream, 0, 0, 0);
        return stream;
    }
    if (!strcmp(name, "model")) return with_device ? the_model() : 1;
    if (!strcmp(name, "described")) return described();
    if (!strcmp(name, "inputs"))
        return with_device ? dataset("aclmdlGetNumInputs", "aclmdlGetInputSizeByIndex") : object("set", at);
    if (!strcmp(name, "outputs"))
        return with_device ? dataset("aclmdlGetNumOutputs", "aclmdlGetOutputSizeByIndex") : object("set", at);
    finish(UNABLE, name);
    return 0;
}

/* What was an object of a name, and is destroyed. */
static word gone(const char *name, int at) {
    static const char *const END[][2] = {
        {"stream", "aclrtDestroyStream"},     {"subscribed", "aclrtDestroyStream"},
        {"event", "aclrtDestroyEvent"},       {"context", "aclrtDestroyContext"},
        {"block", "aclrtFree"},               {"pinned", "aclrtFreeHost"},
        {"buffer", "aclDestroyDataBuffer"},   {"desc", "aclmdlDestroyDesc"},
        {"described", "aclmdlDestroyDesc"},   {"set", "aclmdlDestroyDataset"},
        {"inputs", "aclmdlDestroyDataset"},   {"outputs", "aclmdlDestroyDataset"},
        {"config", "aclmdlDestroyConfigHandle"},
    };
    size_t i;
    word value;
    if (!strcmp(name, "model")) {
        value = load_model();
        must("aclmdlUnload", value, 0, 0, 0, 0);
        return value;
    }
    value = object(name, at);
    if (!strcmp(name, "tensor")) {
        call("aclDestroyTensorDesc", value, 0, 0, 0, 0);
        return value;
    }
    for (i = 0; i < sizeof END / sizeof *END; i++)
        if (!strcmp(name, END[i][0])) {
            must(END[i][1], value, 0, 0, 0, 0);
            return value;
        }
    finish(UNABLE, "this object cannot be destroyed");
    return 0;
}

struct job {
    const char *name;
    word arguments[MOST];
    int times;
    word result;
};

static void *perform(void *data) {
    struct job *job = data;
    word *a = job->arguments;
    any function = find(job->name);
    while (job->times--) job->result = function(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
    return NULL;
}

static void show(char kind, word result) {
    char text[100];
    if (kind == 'i') snprintf(text, sizeof text, "%d", (int)result);
    else if (kind == 'z') snprintf(text, sizeof text, "%llu", (unsigned long long)result);
    else if (kind == 'v') snprintf(text, sizeof text, "done");
    else if (!result) snprintf(text, sizeof text, "null");
    else if (kind == 't') snprintf(text, sizeof text, "\"%.60s\"", (const char *)result);
    else snprintf(text, sizeof text, "pointer");
    finish(GOT, text);
}

/* Runs one case; only in a child. */
static void run(const char *function, const char *kind, const char *good, const char *state) {
    char spec[256], words[256], *names[MOST] = {0}, *changes[MOST] = {0}, *word_, *rest;
    const char *phase = "ready";
    struct job job;
    int count = 0, i;
    library = dlopen(getenv("ACL_LIBRARY"), RTLD_NOW | RTLD_GLOBAL);
    if (!library) finish(UNABLE, dlerror());
    memset(&job, 0, sizeof job);
    job.name = function;
    job.times = 1;
    find(function);
    snprintf(spec, sizeof spec, "%s", good);
    for (word_ = strtok_r(spec, " ", &rest); word_ && count < MOST; word_ = strtok_r(NULL, " ", &rest))
        names[count++] = word_;
    snprintf(words, sizeof words, "%s", state);
    for (word_ = strtok_r(words, " ", &rest); word_; word_ = strtok_r(NULL, " ", &rest)) {
        if (word_[0] >= '1' && word_[0] <= '8' && word_[1] == '=') changes[word_[0] - '1'] = word_ + 2;
        else if (!strcmp(word_, "twice")) job.times = 2;
        else if (strcmp(word_, "good")) phase = word_;
    }
    if (strcmp(phase, "before-init")) must("aclInit", 0, 0, 0, 0, 0);
    with_device = !strcmp(phase, "ready") || !strcmp(phase, "new-thread");
    if (with_device || !strcmp(phase, "reset")) must("aclrtSetDevice", 0, 0, 0, 0, 0);
    if (!strcmp(phase, "reset")) must("aclrtResetDevice", 0, 0, 0, 0, 0);
    if (!strcmp(phase, "finalized")) must("aclFinalize", 0, 0, 0, 0, 0);
    for (i = 0; i < count; i++) {
        const char *name = changes[i] ? changes[i] : names[i];
        job.arguments[i] = strcmp(name, "gone") ? object(name, i) : gone(names[i], i);
    }
    if (!strcmp(phase, "new-thread")) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, perform, &job)) finish(UNABLE, "no thread");
        pthread_join(thread, NULL);
    } else perform(&job);
    show(*kind, job.result);
}

/* Runs a case in a child and says what became of it; returns whether it failed. */
static int one(int number, const char *function, const char *state, const char *expected, const char *source) {
    size_t i = 0, all = sizeof FUNCTIONS / sizeof *FUNCTIONS;
    int pipes[2], status = 0;
    struct told told;
    ssize_t got;
    pid_t child;
    while (i < all && strcmp(FUNCTIONS[i][0], function)) i++;
    if (i == all) {
        printf("not ok %d - %s: %s # the runner does not know the function\n", number, function, state);
        return 1;
    }
    fflush(stdout);
    if (pipe(pipes) || (child = fork()) < 0) {
        perror("runner");
        exit(2);
    }
    if (child == 0) {
        close(pipes[0]);
        report = pipes[1];
        if (!getenv("ACL_VERBOSE") && !freopen("/dev/null", "w", stderr)) _exit(9);
        alarm(SECONDS);
        run(function, FUNCTIONS[i][1], FUNCTIONS[i][2], state);
        _exit(9);
    }
    close(pipes[1]);
    got = read(pipes[0], &told, sizeof told);
    close(pipes[0]);
    waitpid(child, &status, 0);
    if (got != (ssize_t)sizeof told) {
        const char *how = WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "ended early";
        printf("not ok %d - %s: %s # expected %s, got: %s (%s)\n", number, function, state, expected, how, source);
        return 1;
    }
    if (told.what == MISSING) {
        printf("ok %d - %s: %s # SKIP not there: %s\n", number, function, state, told.text);
        return 0;
    }
    if (told.what == GOT && !strcmp(told.text, expected)) {
        printf("ok %d - %s: %s # %s\n", number, function, state, expected);
        return 0;
    }
    printf("not ok %d - %s: %s # expected %s, got %s (%s)\n", number, function, state, expected, told.text, source);
    return 1;
}

int main(int argc, char **argv) {
    char line[1024];
    int number = 0, failed = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file || !getenv("ACL_LIBRARY")) {
        fprintf(stderr, "usage: ACL_LIBRARY=libascendcl.so [ACL_MODEL=static.om] %s expectations.tsv\n", argv[0]);
        return 2;
    }
    printf("TAP version 13\n");
    while (fgets(line, sizeof line, file)) {
        char *rest = line, *function = strsep(&rest, "\t"), *state = strsep(&rest, "\t");
        char *expected = strsep(&rest, "\t"), *source = strsep(&rest, "\n");
        if (!source || !strcmp(function, "function")) continue;
        failed += one(++number, function, state, expected, source);
    }
    fclose(file);
    printf("1..%d\n", number);
    if (failed) fprintf(stderr, "%d of %d cases differ\n", failed, number);
    return failed || !number ? 1 : 0;
}
