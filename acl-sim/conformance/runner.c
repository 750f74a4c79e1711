/* Conformance cases against any libascendcl.so.
 *
 *   ACL_LIBRARY=/path/libascendcl.so [ACL_MODEL=static.om] [ACL_MODEL_BATCH=batches.om] \
 *   [ACL_MODEL_HW=sizes.om] [ACL_MODEL_DIMS=dims.om] [ACL_MODEL_AIPP=dynamic_aipp.om] \
 *   [ACL_MODEL_...=another.om] ./runner expectations.tsv
 *
 * Each row of the file names a function, a state, the code that is expected, and where that is
 * written. A state is words: the phase (before-init, no-device, new-thread, finalized, reset; ended,
 * where the library is finalized after the arguments were made; in-callback, where the call is made
 * inside a callback of a stream; else a device is set), `N=object` or `N=number` for the N-th
 * argument, which otherwise is a good one, `+function` for a call with good arguments that comes
 * before, and `twice`, which compares the second of two calls. Objects are null, gone (one that was
 * destroyed), made-up (an address of the program), `f:number` (a float), `d:number` (a double),
 * `text:word`, `[a,b]` (an array of objects), a name of `object`, or one of objects.inc. `name!` is
 * the same object wherever it stands, and `name@kind` is of the model that ACL_MODEL_KIND names; a
 * row is skipped whose model is not there. README.md says what the models are.
 *
 * Every case runs in a child of its own, so that a crash or a hang is a failed case and not the end.
 * Nothing is linked: a function that the library lacks is a skipped case. Output is TAP. The exit
 * status is 1 if a case failed, 2 if the runner could not begin. */
#define _GNU_SOURCE
#include <ctype.h>
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
/* Both 64-bit ABIs pass integers and pointers alike, whatever their type, and floats in registers of
 * their own, so that it does not matter where among the others they stand. A float is the lower half
 * of such a register. */
#define FOUR word, word, word, word
#define WORDS FOUR, FOUR, double, double, double, double, FOUR, FOUR, FOUR
typedef word (*any)(WORDS);
typedef float (*any_float)(FOUR);
typedef double (*any_double)(FOUR);
typedef word (*any_variadic)(FOUR, word, ...);

enum { MOST = 20, FLOATS = 4, SCRATCH = 65536, SECONDS = 60 };

/* Function, what it returns (i 32 bits, also of a status; b, h: 8, 16 bits; l: 64 with a sign; z:
 * 64 without; f, d float of 32, 64 bits; p pointer; t text; v nothing; a nothing, and it is variadic), good
 * arguments. */
static const char *const FUNCTIONS[][3] = {
#include "functions.inc"
};

/* Object, the function that makes it, its arguments (`new` where it is written to, else it is
 * returned), the function that destroys it. Those that `object` makes have none of the first. */
static const char *const OBJECTS[][4] = {
#include "objects.inc"
};

struct arguments {
    word words[MOST];
    double floats[FLOATS];
};

/* What a child tells. */
struct told {
    enum { GOT, MISSING, UNABLE } what;
    char text[160];
};

static void *library;
static int report;
static const char *variant;
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
    return find(name)(a, b, c, d, e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static word apply(any function, const struct arguments *of) {
    const word *w = of->words;
    const double *f = of->floats;
    return function(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], f[0], f[1], f[2], f[3], w[8], w[9], w[10], w[11],
                    w[12], w[13], w[14], w[15], w[16], w[17], w[18], w[19]);
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
    static char name[40], text[80];
    char *letter;
    const char *path;
    snprintf(name, sizeof name, "ACL_MODEL%s%s", variant ? "_" : "", variant ? variant : "");
    for (letter = name; *letter; letter++) *letter = (char)toupper((unsigned char)*letter);
    path = getenv(name);
    snprintf(text, sizeof text, "%s names no model", name);
    if (!path || !*path) finish(MISSING, text);
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

/* A dataset with buffers as the model's inputs or outputs want them, the last one with `last` bytes
 * if that is less, and without memory for 0. */
static word dataset(const char *count, const char *size, word last) {
    word desc = described(), set = call("aclmdlCreateDataset", 0, 0, 0, 0, 0);
    word i, all = call(count, desc, 0, 0, 0, 0);
    for (i = 0; i < all; i++) {
        word bytes = call(size, desc, i, 0, 0, 0), block;
        if (i + 1 == all && last < bytes) bytes = last;
        block = bytes ? made("aclrtMalloc", bytes, 0) : 0;
        must("aclmdlAddDatasetBuffer", set, call("aclCreateDataBuffer", block, bytes, 0, 0, 0), 0, 0, 0);
    }
    return set;
}

static word file_bytes(size_t *size) {
    FILE *file = fopen(model_path(), "rb");
    long length;
    void *bytes;
    if (!file) finish(UNABLE, "the model cannot be read");
    fseek(file, 0, SEEK_END);
    length = ftell(file);
    rewind(file);
    bytes = malloc((size_t)length);
    *size = fread(bytes, 1, (size_t)length, file);
    fclose(file);
    return A(bytes);
}

static int with_device;

static word object(const char *name, int at);

/* Makes the arguments that a text names, one a word; `changes` may name others, and `slot` is where
 * a new object is written to. */
static void arguments(const char *spec, const char *const *changes, word (*gone)(const char *, int), word slot,
                      struct arguments *into) {
    char words[256], *name, *rest;
    int at, count = 0, floats = 0;
    memset(into, 0, sizeof *into);
    snprintf(words, sizeof words, "%s", spec);
    name = strtok_r(words, " ", &rest);
    for (at = 0; name && at < MOST; at++, name = strtok_r(NULL, " ", &rest)) {
        const char *wanted = changes && changes[at] ? changes[at] : name;
        if (!strncmp(wanted, "f:", 2) && floats < FLOATS) {
            float number = strtof(wanted + 2, NULL);
            memcpy(&into->floats[floats++], &number, sizeof number);
        } else if (!strncmp(wanted, "d:", 2) && floats < FLOATS) into->floats[floats++] = strtod(wanted + 2, NULL);
        else if (!strcmp(wanted, "new")) into->words[count++] = slot;
        else into->words[count++] = strcmp(wanted, "gone") ? object(wanted, at) : gone(name, at);
    }
}

/* An object of objects.inc. */
static int listed(const char *name, word *value) {
    size_t i;
    for (i = 0; i < sizeof OBJECTS / sizeof *OBJECTS; i++)
        if (!strcmp(name, OBJECTS[i][0]) && *OBJECTS[i][1]) {
            struct arguments of;
            word slot = 0;
            arguments(OBJECTS[i][2], NULL, NULL, A(&slot), &of);
            *value = apply(find(OBJECTS[i][1]), &of);
            if (strstr(OBJECTS[i][2], "new")) {
                if ((int)*value) finish(UNABLE, OBJECTS[i][1]);
                *value = slot;
            }
            if (!*value) finish(UNABLE, OBJECTS[i][1]);
            return 1;
        }
    return 0;
}

/* An array of objects, whose names stand between brackets. */
static word array(const char *names, int at) {
    static word all[8][MOST];
    static int arrays;
    word *values = all[arrays++ & 7];
    char text[200], *name, *rest;
    int count = 0;
    snprintf(text, sizeof text, "%s", names + 1);
    text[strcspn(text, "]")] = 0;
    for (name = strtok_r(text, ",", &rest); name && count < MOST; name = strtok_r(NULL, ",", &rest))
        values[count++] = object(name, at);
    return A(values);
}

/* The same object for the same name. */
static word shared(const char *name, int at) {
    static struct { char name[40]; word value; } all[16];
    int i = 0;
    while (i < 16 && *all[i].name && strcmp(all[i].name, name)) i++;
    if (i == 16) finish(UNABLE, "too many shared objects");
    if (!*all[i].name) {
        char own[40];
        snprintf(own, sizeof own, "%s", name);
        own[strlen(own) - 1] = 0;
        all[i].value = object(own, at);
        snprintf(all[i].name, sizeof all[i].name, "%s", name);
    }
    return all[i].value;
}

/* The path of a file with a text, which is gone when the process is. */
static word file_with(const char *text) {
    static char path[40];
    int file = memfd_create("case", 0);
    if (file < 0 || write(file, text, strlen(text)) < 0) finish(UNABLE, "no file can be made");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return A(path);
}

#include "files.inc"

/* The size of a `dvpp-block`, and how many rectangles each picture of a `batch` has. */
static uint32_t ROOM = 16384, COUNTS[2] = {1, 1};

/* An aclmdlIODims: a name of 128 bytes, the number of dims, and dims. */
static word dims(const char *name) {
    static int64_t all[16 + 1 + 128];
    int few = !strcmp(name, "dims-few"), other = !strcmp(name, "dims-other");
    all[16] = 3 - few;
    all[17] = other ? 2 : 4;
    all[18] = strcmp(name, "dims-fixed") ? 3 : 5;
    all[19] = 1;
    return A(all);
}

/* Makes a description that of a picture of side x side on the device. */
static word picture(word desc, word side) {
    word bytes = side * side * 3 / 2;
    must("acldvppSetPicDescFormat", desc, 1, 0, 0, 0);
    must("acldvppSetPicDescWidth", desc, side, 0, 0, 0);
    must("acldvppSetPicDescHeight", desc, side, 0, 0, 0);
    must("acldvppSetPicDescWidthStride", desc, side, 0, 0, 0);
    must("acldvppSetPicDescHeightStride", desc, side, 0, 0, 0);
    must("acldvppSetPicDescSize", desc, bytes, 0, 0, 0);
    if (with_device) must("acldvppSetPicDescData", desc, made("acldvppMalloc", bytes, 0), 0, 0, 0);
    return desc;
}

/* A good object of a name. Without a device, what needs one is an address of the program. */
static word object(const char *name, int at) {
    size_t size;
    char *end;
    word value;
    const char *kind = strchr(name, '@');
    long long number = strtoll(name, &end, 0);
    if (*end == 0) return (word)number;
    if (*name == '[') return array(name, at);
    if (!strncmp(name, "text:", 5)) return A(strdup(name + 5));
    if (name[strlen(name) - 1] == '!') return shared(name, at);
    if (kind) {
        variant = strdup(kind + 1);
        return object(strndup(name, (size_t)(kind - name)), at);
    }
    if (!strcmp(name, "null")) return 0;
    if (!strcmp(name, "out") || !strcmp(name, "made-up")) return A(scratch[at]);
    if (!strcmp(name, "host")) return A(scratch[MOST]);
    if (!strcmp(name, "fn")) return A(nothing);
    if (!strcmp(name, "most")) return SIZE_MAX;
    if (!strcmp(name, "no-file")) return A("/no/such/folder/file.om");
    if (!strcmp(name, "no-name")) return A("no tensor has this name");
    if (!strcmp(name, "no-json")) return file_with("{\"dump\": ");
    if (!strcmp(name, "empty-json")) return file_with("{}");
    if (!strcmp(name, "array-json")) return file_with("[1, 2]");
    if (!strcmp(name, "deep-json")) return file_with("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}}}");
    if (!strcmp(name, "junk")) return A("this is no model at all, and longer than no header would be");
    if (!strcmp(name, "tensor")) return tensor();
    if (!strcmp(name, "path")) return A(model_path());
    if (!strcmp(name, "om")) return file_bytes(&size);
    if (!strcmp(name, "om-size")) return (void)file_bytes(&size), size;
    if (!strcmp(name, "om-cut")) return (void)file_bytes(&size), size - 1;
    if (!strncmp(name, "om-no-", 6)) {
        /* The magic, the number of partitions, or the size of the first in tables of either width. */
        unsigned char *bytes = (unsigned char *)file_bytes(&size);
        int wide = bytes[184] || bytes[185] || bytes[186];
        if (!strcmp(name, "om-no-magic")) bytes[0] ^= 1;
        if (!strcmp(name, "om-no-table")) bytes[256] = 0;
        if (!strcmp(name, "om-no-room")) bytes[wide ? 283 : 271] = 0x7f;
        return A(bytes);
    }
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
    if (!strncmp(name, "inputs", 6)) {
        word last = !strcmp(name, "inputs") ? SIZE_MAX : !strcmp(name, "inputs-short");
        return with_device ? dataset("aclmdlGetNumInputs", "aclmdlGetInputSizeByIndex", last) : object("set", at);
    }
    if (!strncmp(name, "outputs", 7)) {
        word last = !strcmp(name, "outputs") ? SIZE_MAX : !strcmp(name, "outputs-short");
        return with_device ? dataset("aclmdlGetNumOutputs", "aclmdlGetOutputSizeByIndex", last) : object("set", at);
    }
    if (!strcmp(name, "device-buffer"))
        return call("aclCreateDataBuffer", object("block", at), 256, 0, 0, 0);
    if (!strncmp(name, "dims", 4)) return dims(name);
    if (!strcmp(name, "picture")) return picture(object("pic", at), 64);
    if (!strcmp(name, "picture-half")) return picture(object("pic", at), 32);
    if (!strcmp(name, "batch")) {
        value = object("batch-desc", at);
        picture(call("acldvppGetPicDesc", value, 0, 0, 0, 0), 64);
        return value;
    }
    if (!strcmp(name, "counts")) return A(COUNTS);
    if (!strcmp(name, "png")) return A(PNG);
    if (!strcmp(name, "png-size")) return sizeof PNG;
    if (!strcmp(name, "jpeg")) return A(JPEG);
    if (!strcmp(name, "jpeg-size")) return sizeof JPEG;
    if (!strcmp(name, "room")) return A(&ROOM);
    if (!strcmp(name, "dvpp-block") && !with_device) return A(scratch[at]);
    if (!strcmp(name, "channel") && listed(name, &value)) {
        if (with_device) must("acldvppCreateChannel", value, 0, 0, 0, 0);
        return value;
    }
    if (listed(name, &value)) return value;
    finish(UNABLE, name);
    return 0;
}

static char kind_of(const char *function) {
    size_t i;
    for (i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (!strcmp(FUNCTIONS[i][0], function)) return *FUNCTIONS[i][1];
    return 'i';
}

/* What was an object of a name, and is destroyed. */
static word gone(const char *name, int at) {
    const char *end = NULL;
    char own[40];
    size_t i;
    word value;
    snprintf(own, sizeof own, "%.*s", (int)strcspn(name, "!@"), name);
    if (strchr(name, '@')) variant = strdup(strchr(name, '@') + 1);
    if (!strcmp(own, "model")) {
        value = load_model();
        must("aclmdlUnload", value, 0, 0, 0, 0);
        return value;
    }
    value = object(own, at);
    for (i = 0; i < sizeof OBJECTS / sizeof *OBJECTS; i++)
        if (!strcmp(own, OBJECTS[i][0])) end = OBJECTS[i][3];
    if (!end || !*end) finish(UNABLE, "this object cannot be destroyed");
    if (!strcmp(own, "channel") && with_device) must("acldvppDestroyChannel", value, 0, 0, 0, 0);
    if (kind_of(end) == 'v') call(end, value, 0, 0, 0, 0);
    else must(end, value, 0, 0, 0, 0);
    return value;
}

struct job {
    const char *name;
    char kind;
    struct arguments arguments;
    int times;
    word result;
    double number;
};

static void *perform(void *data) {
    struct job *job = data;
    const word *w = job->arguments.words;
    any function = find(job->name);
    while (job->times--) {
        if (job->kind == 'f') {
            any_float number;
            memcpy(&number, &function, sizeof number);
            job->number = (double)number(w[0], w[1], w[2], w[3]);
        } else if (job->kind == 'd') {
            any_double number;
            memcpy(&number, &function, sizeof number);
            job->number = number(w[0], w[1], w[2], w[3]);
        } else if (job->kind == 'a') {
            any_variadic more;
            memcpy(&more, &function, sizeof more);
            more(w[0], w[1], w[2], w[3], w[4], w[5], w[6]);
        } else job->result = apply(function, &job->arguments);
    }
    return NULL;
}

static void perform_inside(void *data) { perform(data); }

/* Makes the call inside a callback of a stream, which waits for its end. */
static void call_back(struct job *job) {
    word stream = object("subscribed!", 0);
    job->result = SIZE_MAX;
    must("aclrtLaunchCallback", A(perform_inside), A(job), 1, stream, 0);
    must("aclrtProcessReport", 10000, 0, 0, 0, 0);
}

static void show(const struct job *job) {
    char text[100], kind = job->kind;
    word result = job->result;
    if (kind == 'i') snprintf(text, sizeof text, "%d", (int)result);
    else if (kind == 'b') snprintf(text, sizeof text, "%d", (int)(uint8_t)result);
    else if (kind == 'h') snprintf(text, sizeof text, "%d", (int)(uint16_t)result);
    else if (kind == 'l') snprintf(text, sizeof text, "%lld", (long long)result);
    else if (kind == 'f' || kind == 'd') snprintf(text, sizeof text, "%g", job->number);
    else if (kind == 'z') snprintf(text, sizeof text, "%llu", (unsigned long long)result);
    else if (kind == 'v' || kind == 'a') snprintf(text, sizeof text, "done");
    else if (!result) snprintf(text, sizeof text, "null");
    else if (kind == 't') snprintf(text, sizeof text, "\"%.60s\"", (const char *)result);
    else snprintf(text, sizeof text, "pointer");
    finish(GOT, text);
}

/* Makes a call with good arguments, which must succeed, before the case. */
static void before(const char *function) {
    size_t i, all = sizeof FUNCTIONS / sizeof *FUNCTIONS;
    for (i = 0; i < all; i++)
        if (!strcmp(FUNCTIONS[i][0], function)) {
            struct arguments of;
            arguments(FUNCTIONS[i][2], NULL, gone, 0, &of);
            if ((int)apply(find(function), &of) == 0 || *FUNCTIONS[i][1] != 'i') return;
        }
    finish(UNABLE, function);
}

/* Runs one case; only in a child. */
static void run(const char *function, const char *kind, const char *good, const char *state) {
    char words[256], *changes[MOST] = {0}, *earlier[MOST], *word_, *rest;
    const char *phase = "ready";
    struct job job;
    int calls = 0, i;
    library = dlopen(getenv("ACL_LIBRARY"), RTLD_NOW | RTLD_GLOBAL);
    if (!library) finish(UNABLE, dlerror());
    memset(&job, 0, sizeof job);
    job.name = function;
    job.kind = *kind;
    job.times = 1;
    find(function);
    snprintf(words, sizeof words, "%s", state);
    for (word_ = strtok_r(words, " ", &rest); word_; word_ = strtok_r(NULL, " ", &rest)) {
        char *value;
        long number = strtol(word_, &value, 10);
        if (number >= 1 && number <= MOST && *value == '=') changes[number - 1] = value + 1;
        else if (*word_ == '+' && calls < MOST) earlier[calls++] = word_ + 1;
        else if (!strcmp(word_, "twice")) job.times = 2;
        else if (strcmp(word_, "good")) phase = word_;
    }
    if (strcmp(phase, "before-init")) must("aclInit", 0, 0, 0, 0, 0);
    with_device = strcmp(phase, "before-init") && strcmp(phase, "no-device") && strcmp(phase, "finalized") &&
                  strcmp(phase, "reset");
    if (with_device || !strcmp(phase, "reset")) must("aclrtSetDevice", 0, 0, 0, 0, 0);
    if (!strcmp(phase, "reset")) must("aclrtResetDevice", 0, 0, 0, 0, 0);
    if (!strcmp(phase, "finalized")) must("aclFinalize", 0, 0, 0, 0, 0);
    for (i = 0; i < calls; i++) before(earlier[i]);
    arguments(good, (const char *const *)changes, gone, 0, &job.arguments);
    if (!strcmp(phase, "ended")) must("aclFinalize", 0, 0, 0, 0, 0);
    if (!strcmp(phase, "in-callback")) call_back(&job);
    else if (!strcmp(phase, "new-thread")) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, perform, &job)) finish(UNABLE, "no thread");
        pthread_join(thread, NULL);
    } else perform(&job);
    show(&job);
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

/* Reads a whole file. The table is read before anything is forked: a child that ends flushes the
 * streams that it shares with its parent, which would then read lines again. */
static char *whole(const char *path) {
    size_t length = 0, room = 1 << 16, got = 0;
    char *text = malloc(room + 1);
    FILE *file = fopen(path, "r");
    while (file && text && (got = fread(text + length, 1, room - length, file)) > 0) {
        length += got;
        if (length == room) text = realloc(text, (room *= 2) + 1);
    }
    if (file) fclose(file);
    if (!file || !text) return NULL;
    text[length] = 0;
    return text;
}

int main(int argc, char **argv) {
    int number = 0, failed = 0;
    char *text = argc == 2 ? whole(argv[1]) : NULL, *rest = text, *line;
    if (!text || !getenv("ACL_LIBRARY")) {
        fprintf(stderr, "usage: ACL_LIBRARY=libascendcl.so [ACL_MODEL=static.om] %s expectations.tsv\n", argv[0]);
        return 2;
    }
    printf("TAP version 13\n");
    while ((line = strsep(&rest, "\n"))) {
        char *function = strsep(&line, "\t"), *state = strsep(&line, "\t");
        char *expected = strsep(&line, "\t"), *source = line;
        if (!source || !strcmp(function, "function")) continue;
        failed += one(++number, function, state, expected, source);
    }
    free(text);
    printf("1..%d\n", number);
    if (failed) fprintf(stderr, "%d of %d cases differ\n", failed, number);
    return failed || !number ? 1 : 0;
}
