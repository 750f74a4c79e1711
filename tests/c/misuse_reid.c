/* Wrong calls of the second level and of submitted runs: each must answer its status and a text, and
 * leave results as they were. */
#include "check.h"

enum { KINDS = 7 };

static void *handles[KINDS]; /* runtime, device, model, run, embedder, gallery, generator */
static const char *const names[KINDS] = {"areid_runtime",  "areid_device",  "areid_model",
                                         "areid_run",      "areid_embedder", "areid_gallery",
                                         "areid_generator"};

static float floats[64];
static double doubles[64];
static int64_t ids[64];
static int32_t ints[64];
static unsigned char bytes[64];
static size_t sizes[4] = {77, 77, 77, 77};
static areid_picture picture;
static areid_input input = {floats, 16};
static areid_output output = {floats + 8, 16};
static void *made;

static void called(void *user, areid_status status, const char *error) {
    (void)user, (void)status, (void)error;
    HOLDS(0);
}

/* Every function that takes a handle of a kind, with arguments that are fine but for it. */
static int with(int kind, int which, void *handle, areid_status *status) {
    switch (kind * 10 + which) {
    case 10: *status = areid_embedder_open(handle, "x", NULL, (areid_embedder **)&made); break;
    case 11: *status = areid_embedder_open_memory(handle, bytes, 64, NULL, (areid_embedder **)&made); break;
    case 12: *status = areid_generator_open(handle, "x", (areid_generator **)&made); break;
    case 13: *status = areid_generator_open_memory(handle, bytes, 64, (areid_generator **)&made); break;
    case 20: *status = areid_embedder_from_model(handle, NULL, (areid_embedder **)&made); break;
    case 21: *status = areid_model_submit(handle, &input, 1, &output, 1, called, NULL, (areid_run **)&made); break;
    case 22: *status = areid_model_set_image_size(handle, 1, 2); break;
    case 23: *status = areid_model_set_dims(handle, ids, 2); break;
    case 30: *status = areid_run_poll(handle, ints); break;
    case 31: *status = areid_run_wait(handle, 0); break;
    case 32: *status = handle ? areid_run_free(handle) : AREID_NULL_POINTER; break;
    case 40: *status = areid_embedder_dim(handle, sizes); break;
    case 41: *status = areid_embedder_batch(handle, sizes); break;
    case 42: *status = areid_embedder_run(handle, &picture, 1, floats, 3); break;
    case 43: *status = handle ? areid_embedder_free(handle) : AREID_NULL_POINTER; break;
    case 50: *status = areid_gallery_save(handle, "/nonexistent/x"); break;
    case 51: *status = areid_gallery_add(handle, ids, floats, 1); break;
    case 52: *status = areid_gallery_remove(handle, 1, sizes); break;
    case 53: *status = areid_gallery_shape(handle, sizes, sizes + 1); break;
    case 54: *status = areid_gallery_search(handle, floats, 1, 1, ids, doubles, sizes); break;
    case 55: *status = handle ? areid_gallery_free(handle) : AREID_NULL_POINTER; break;
    case 60: *status = areid_generator_shape(handle, sizes, sizes + 1, sizes + 2); break;
    case 61: *status = areid_generator_run(handle, &picture, &picture, 1, bytes, 64); break;
    case 62: *status = handle ? areid_generator_free(handle) : AREID_NULL_POINTER; break;
    default: return 0;
    }
    return 1;
}

/* Null, wild, of each other type, and, when all is freed, of the right type but freed. */
static void wrong_handles(int freed) {
    void *wild[] = {NULL, &cases, bytes + 1, (void *)(size_t)-1, (void *)8};
    int kind, which, i;
    for (kind = 1; kind < KINDS; kind++) {
        areid_status status = AREID_OK;
        for (which = 0; with(kind, which, NULL, &status); which++) {
            for (i = 0; i < 5 && !freed; i++) {
                with(kind, which, wild[i], &status);
                if (wild[i]) want(100 + kind, status, AREID_INVALID_HANDLE, names[kind]);
                else if (strstr(areid_last_error(), "_free") == NULL)
                    HOLDS(status == AREID_NULL_POINTER);
            }
            for (i = 0; i < KINDS; i++) {
                if (i == kind && !freed) continue;
                with(kind, which, handles[i], &status);
                want(200 + kind, status, AREID_INVALID_HANDLE, i == kind ? "freed" : names[i]);
            }
        }
    }
    HOLDS(made == NULL && sizes[0] == 77 && sizes[1] == 77 && sizes[2] == 77);
}

static void options_of(const areid_device *device, const char *om) {
    areid_embedder_options embedder = {sizeof embedder, 2, 0};
    areid_gallery_options gallery = {sizeof gallery, 3, 0};
    struct {
        areid_gallery_options known;
        int64_t more;
    } later = {{sizeof later, 0, 0}, 1};
    areid_embedder **e = (areid_embedder **)&made;
    areid_gallery **g = (areid_gallery **)&made;
    size_t i;
    WANT(areid_embedder_open(device, om, &embedder, e), AREID_INVALID_ARGUMENT, "skip_flip is 2");
    embedder.skip_flip = 0, embedder.skip_normalise = -1;
    WANT(areid_embedder_open(device, om, &embedder, e), AREID_INVALID_ARGUMENT, "skip_normalise");
    for (i = 0; i < 16; i++) {
        embedder.struct_size = gallery.struct_size = i;
        WANT(areid_embedder_open(device, om, &embedder, e), AREID_INVALID_ARGUMENT, "struct_size");
        WANT(areid_gallery_new(2, &gallery, g), AREID_INVALID_ARGUMENT, "struct_size");
    }
    gallery.struct_size = (size_t)-1;
    WANT(areid_gallery_new(2, &gallery, g), AREID_INVALID_ARGUMENT, "struct_size");
    gallery.struct_size = sizeof gallery;
    WANT(areid_gallery_new(2, &gallery, g), AREID_INVALID_ARGUMENT, "metric is 3");
    gallery.metric = -1;
    WANT(areid_gallery_new(2, &gallery, g), AREID_INVALID_ARGUMENT, "metric is -1");
    WANT(areid_gallery_new(2, &later.known, g), AREID_UNSUPPORTED, "later release");
    WANT(areid_gallery_new(2, (void *)(bytes + 1), g), AREID_MISALIGNED, "options");
    HOLDS(made == NULL);
}

static void galleries(areid_gallery *gallery) {
    const size_t huge = (size_t)1 << 62;
    float bad[2] = {1, 0};
    uint32_t infinity = 0x7f800000u;
    WANT(areid_gallery_new(0, NULL, (areid_gallery **)&made), AREID_INVALID_ARGUMENT, "width of 0");
    WANT(areid_gallery_new(2, NULL, NULL), AREID_NULL_POINTER, "gallery");
    WANT(areid_gallery_load("x", NULL), AREID_NULL_POINTER, "gallery");
    WANT(areid_gallery_load(NULL, (areid_gallery **)&made), AREID_NULL_POINTER, "path");
    WANT(areid_gallery_load("\xc0", (areid_gallery **)&made), AREID_NOT_UTF8, "byte 0");
    WANT(areid_gallery_save(gallery, NULL), AREID_NULL_POINTER, "path");
    WANT(areid_gallery_save(gallery, "a\xff"), AREID_NOT_UTF8, "byte 1");
    WANT(areid_gallery_add(gallery, NULL, floats, 1), AREID_NULL_POINTER, "ids");
    WANT(areid_gallery_add(gallery, ids, NULL, 1), AREID_NULL_POINTER, "features");
    WANT(areid_gallery_add(gallery, (void *)(bytes + 1), floats, 1), AREID_MISALIGNED, "ids");
    WANT(areid_gallery_add(gallery, ids, (void *)(bytes + 1), 1), AREID_MISALIGNED, "features");
    WANT(areid_gallery_add(gallery, ids, floats, huge), AREID_OVERFLOW, "ids");
    memcpy(bad + 1, &infinity, 4);
    WANT(areid_gallery_add(gallery, ids, bad, 1), AREID_INVALID_ARGUMENT, "row 0 is not finite");
    WANT(areid_gallery_search(gallery, bad, 1, 1, ids, doubles, sizes), AREID_INVALID_ARGUMENT,
         "not finite");
    WANT(areid_gallery_search(gallery, floats, 1, 0, ids, doubles, sizes), AREID_INVALID_ARGUMENT,
         "top is 0");
    WANT(areid_gallery_search(gallery, floats, 1, 1, NULL, doubles, sizes), AREID_NULL_POINTER, "ids");
    WANT(areid_gallery_search(gallery, floats, 1, 1, ids, NULL, sizes), AREID_NULL_POINTER,
         "distances");
    WANT(areid_gallery_search(gallery, floats, 1, 1, ids, doubles, NULL), AREID_NULL_POINTER, "found");
    WANT(areid_gallery_search(gallery, NULL, 1, 1, ids, doubles, sizes), AREID_NULL_POINTER,
         "features");
    WANT(areid_gallery_search(gallery, floats, huge, 1, ids, doubles, sizes), AREID_OVERFLOW,
         "features");
    WANT(areid_gallery_search(gallery, floats, 4, huge, ids, doubles, sizes), AREID_OVERFLOW, "top");
    WANT(areid_gallery_search(gallery, floats, 1, huge, ids, doubles, sizes), AREID_OVERFLOW, "ids");
    WANT(areid_gallery_search(gallery, floats, 1, 1, (void *)(bytes + 1), doubles, sizes),
         AREID_MISALIGNED, "ids");
    WANT(areid_gallery_remove(gallery, 5, (void *)(bytes + 1)), AREID_MISALIGNED, "removed");
    WANT(areid_gallery_remove(gallery, 5, sizes), AREID_NOT_FOUND, "the id 5");
    WANT(areid_gallery_shape(gallery, NULL, sizes), AREID_NULL_POINTER, "count");
    WANT(areid_gallery_shape(gallery, sizes, NULL), AREID_NULL_POINTER, "dim");
}

static void pictures(areid_embedder *embedder, areid_generator *generator) {
    const size_t one = 256 * 128 * 3;
    float features[3] = {9, 9, 9};
    int kind;
    memset(&picture, 0, sizeof picture);
    WANT(areid_embedder_run(embedder, NULL, 1, features, 3), AREID_NULL_POINTER, "pictures");
    WANT(areid_embedder_run(embedder, &picture, (size_t)1 << 60, features, 3), AREID_OVERFLOW,
         "pictures");
    WANT(areid_embedder_run(embedder, (void *)(bytes + 1), 1, features, 3), AREID_MISALIGNED,
         "pictures");
    for (kind = 0; kind < 5; kind++) {
        picture.kind = kind;
        picture.width = picture.height = 4;
        picture.bytes = 100;
        picture.data = NULL;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_NULL_POINTER,
             "pictures[0]: data");
        picture.data = bytes;
        if (kind == 0) continue;
        picture.bytes = (size_t)-1;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_OVERFLOW, "pictures[0]");
        picture.bytes = 23;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_PICTURE, "picture 0");
        picture.bytes = 0;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_PICTURE, "picture 0");
        if (kind == 1) continue;
        picture.bytes = 64;
        picture.stride = 3;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_PICTURE, "stride of 3");
        picture.stride = (size_t)-1;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_OVERFLOW, "stride");
        picture.stride = 0;
        picture.width = 0;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_PICTURE, "0 x 4");
        picture.width = 4, picture.height = 0;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_PICTURE, "4 x 0");
        picture.width = picture.height = 0xffffffffu;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_OVERFLOW, "rows of");
        picture.width = picture.height = 20000;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_PICTURE, "scale it down");
    }
    picture.kind = 0;
    picture.data = "\xfe";
    WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_NOT_UTF8, "pictures[0]");
    picture.data = "";
    WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_FILE, "picture 0");
    for (kind = -1; kind < 7; kind += 6) {
        picture.kind = kind;
        WANT(areid_embedder_run(embedder, &picture, 1, features, 3), AREID_INVALID_ARGUMENT,
             "pictures[0]: kind is");
        WANT(areid_generator_run(generator, &picture, &picture, 1, bytes, 64),
             AREID_INVALID_ARGUMENT, "structures[0]: kind is");
    }
    picture.kind = 0;
    WANT(areid_embedder_run(embedder, &picture, 1, features, 2), AREID_SIZE_MISMATCH, "numbers is 2");
    WANT(areid_embedder_run(embedder, &picture, 1, features, 0), AREID_SIZE_MISMATCH, "numbers is 0");
    WANT(areid_embedder_run(embedder, NULL, 0, features, 3), AREID_SIZE_MISMATCH, "0 pictures");
    WANT(areid_embedder_run(embedder, &picture, 1, NULL, 3), AREID_NULL_POINTER, "features");
    WANT(areid_embedder_run(embedder, &picture, 1, features, (size_t)1 << 62), AREID_OVERFLOW,
         "features");
    WANT(areid_embedder_run(embedder, &picture, 1, (void *)(bytes + 1), 3), AREID_MISALIGNED,
         "features");
    WANT(areid_embedder_dim(embedder, NULL), AREID_NULL_POINTER, "dim");
    WANT(areid_embedder_batch(embedder, (void *)(bytes + 1)), AREID_MISALIGNED, "batch");
    WANT(areid_generator_run(generator, &picture, &picture, 1, bytes, 64), AREID_SIZE_MISMATCH,
         "bytes is 64");
    WANT(areid_generator_run(generator, &picture, NULL, 1, bytes, one), AREID_NULL_POINTER,
         "contents");
    WANT(areid_generator_run(generator, NULL, &picture, 1, bytes, one), AREID_NULL_POINTER,
         "structures");
    WANT(areid_generator_run(generator, &picture, &picture, 1, NULL, one), AREID_NULL_POINTER, "rgb");
    WANT(areid_generator_run(generator, &picture, &picture, 1, bytes, (size_t)-1), AREID_OVERFLOW,
         "rgb");
    WANT(areid_generator_shape(generator, NULL, sizes, sizes), AREID_NULL_POINTER, "height");
    WANT(areid_generator_shape(generator, sizes, NULL, sizes), AREID_NULL_POINTER, "width");
    WANT(areid_generator_shape(generator, sizes, sizes, NULL), AREID_NULL_POINTER, "batch");
    HOLDS(features[0] == 9 && features[2] == 9 && bytes[0] == 0);
}

static void figures(void) {
    static float rows[8] = {1, 0, 0, 1, 1, 1, 2, 1}, zeros[2];
    static int32_t people[4] = {1, 2, 1, 2}, cameras[4], others[4] = {1, 1, 1, 1};
    static int32_t negative[4] = {1, 1, -1, 1}, strangers[4] = {8, 8, 8, 8};
    areid_labelled_set q = {2, rows, people, cameras}, g = {4, rows, people, others}, bad;
    areid_evaluate_options options;
    areid_scores scores = {9, 9, 9, 9};
    double cmc[2] = {9, 9}, fid = 9;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
#define EVALUATE(query, gallery) areid_evaluate(query, gallery, 2, &options, &scores, cmc, 2)
    WANT(EVALUATE(NULL, &g), AREID_NULL_POINTER, "query");
    WANT(EVALUATE(&q, NULL), AREID_NULL_POINTER, "gallery");
    WANT(EVALUATE(&q, (void *)(bytes + 1)), AREID_MISALIGNED, "gallery");
    bad = g, bad.features = NULL;
    WANT(EVALUATE(&q, &bad), AREID_NULL_POINTER, "gallery.features");
    bad = g, bad.ids = NULL;
    WANT(EVALUATE(&q, &bad), AREID_NULL_POINTER, "gallery.ids");
    bad = q, bad.cameras = NULL;
    WANT(EVALUATE(&bad, &g), AREID_NULL_POINTER, "query.cameras");
    bad = g, bad.count = 0;
    WANT(EVALUATE(&q, &bad), AREID_INVALID_ARGUMENT, "no rows");
    bad = g, bad.count = (size_t)1 << 62;
    WANT(EVALUATE(&q, &bad), AREID_OVERFLOW, "gallery.features");
    bad = g, bad.count = (size_t)-1;
    WANT(EVALUATE(&q, &bad), AREID_OVERFLOW, "gallery.features");
    bad = g, bad.cameras = negative;
    WANT(EVALUATE(&q, &bad), AREID_INVALID_ARGUMENT, "gallery.cameras[2] is -1");
    bad = g, bad.ids = strangers;
    WANT(EVALUATE(&q, &bad), AREID_INVALID_ARGUMENT, "none has the same person");
    bad = q, bad.count = 1, bad.features = zeros;
    WANT(EVALUATE(&bad, &g), AREID_INVALID_ARGUMENT, "row 0 is zero");
    WANT(areid_evaluate(&q, &g, 0, &options, &scores, cmc, 2), AREID_INVALID_ARGUMENT, "row");
    WANT(areid_evaluate(&q, &g, 2, &options, NULL, cmc, 2), AREID_NULL_POINTER, "scores");
    WANT(areid_evaluate(&q, &g, 2, &options, &scores, NULL, 2), AREID_NULL_POINTER, "cmc");
    WANT(areid_evaluate(&q, &g, 2, &options, &scores, cmc, (size_t)1 << 61), AREID_OVERFLOW, "cmc");
    options.metric = 9;
    WANT(EVALUATE(&q, &g), AREID_INVALID_ARGUMENT, "metric is 9");
    options.metric = 0, options.protocol = 3;
    WANT(EVALUATE(&q, &g), AREID_INVALID_ARGUMENT, "protocol is 3");
    options.protocol = 0, options.rerank = 2;
    WANT(EVALUATE(&q, &g), AREID_INVALID_ARGUMENT, "rerank is 2");
    options.rerank = 1, options.k1 = 0xffffffffu;
    WANT(EVALUATE(&q, &g), AREID_INVALID_ARGUMENT, "k1+1");
    options.k1 = 2, options.k2 = 4;
    WANT(EVALUATE(&q, &g), AREID_INVALID_ARGUMENT, "k2: found 4");
    options.k2 = 2, options.lambda = 1.5;
    WANT(EVALUATE(&q, &g), AREID_INVALID_ARGUMENT, "lambda: found 1.5");
    options.struct_size = 39;
    WANT(EVALUATE(&q, &g), AREID_INVALID_ARGUMENT, "struct_size is 39");
    HOLDS(scores.skipped == 9 && cmc[0] == 9);

    WANT(areid_fid(NULL, 2, rows, 2, 2, &fid), AREID_NULL_POINTER, "first");
    WANT(areid_fid(rows, 2, NULL, 2, 2, &fid), AREID_NULL_POINTER, "second");
    WANT(areid_fid(rows, 2, rows, 2, 2, NULL), AREID_NULL_POINTER, "distance");
    WANT(areid_fid(rows, 1, rows, 2, 2, &fid), AREID_INVALID_ARGUMENT, "first: 1 rows");
    WANT(areid_fid(rows, 2, rows, 0, 2, &fid), AREID_INVALID_ARGUMENT, "second: 0 rows");
    WANT(areid_fid(rows, 2, rows, 2, 0, &fid), AREID_INVALID_ARGUMENT, "dim is 0");
    WANT(areid_fid(rows, (size_t)1 << 63, rows, 2, 2, &fid), AREID_OVERFLOW, "first");
    WANT(areid_fid(rows, 2, (void *)(bytes + 1), 2, 2, &fid), AREID_MISALIGNED, "second");
    HOLDS(fid == 9);
}

int main(int argc, char **argv) {
    areid_device *device = NULL;
    areid_model *model = NULL;
    areid_run *run = NULL;
    areid_embedder *embedder = NULL;
    areid_gallery *gallery = NULL;
    areid_generator *generator = NULL;
    int32_t done = 7;
    if (argc < 2) return 2;
    handles[0] = simulator();
    OK(areid_device_open(handles[0], 0, &device));
    OK(areid_model_load_file(device, in(argv[1], "relu.om"), &model));
    OK(areid_model_submit(model, &input, 1, &output, 1, NULL, NULL, &run));
    OK(areid_embedder_open(device, in(argv[1], "mgn.om"), NULL, &embedder));
    OK(areid_gallery_new(2, NULL, &gallery));
    OK(areid_generator_open(device, in(argv[1], "dgnet.om"), &generator));
    handles[1] = device, handles[2] = model, handles[3] = run;
    handles[4] = embedder, handles[5] = gallery, handles[6] = generator;

    WANT(areid_run_poll(run, NULL), AREID_NULL_POINTER, "done");
    WANT(areid_run_poll(run, (void *)(bytes + 1)), AREID_MISALIGNED, "done");
    OK(areid_run_wait(run, INT64_MAX));
    OK(areid_run_poll(run, &done));
    HOLDS(done == 1);
    WANT(areid_model_submit(model, NULL, 1, &output, 1, called, NULL, NULL), AREID_NULL_POINTER,
         "inputs");
    WANT(areid_model_submit(model, &input, (size_t)1 << 61, &output, 1, called, NULL, NULL),
         AREID_OVERFLOW, "inputs");
    WANT(areid_model_submit(model, &input, 1, (void *)(bytes + 1), 1, called, NULL, NULL),
         AREID_MISALIGNED, "outputs");
    WANT(areid_model_submit(model, &input, 1, &output, 1, called, NULL, (void *)(bytes + 1)),
         AREID_MISALIGNED, "run");
    WANT(areid_embedder_open(device, NULL, NULL, &embedder), AREID_NULL_POINTER, "path");
    WANT(areid_embedder_open(device, "x", NULL, NULL), AREID_NULL_POINTER, "embedder");
    WANT(areid_embedder_open(device, "/nonexistent.om", NULL, &embedder), AREID_FILE, "nonexistent");
    WANT(areid_embedder_open_memory(device, NULL, 5, NULL, &embedder), AREID_NULL_POINTER, "om");
    WANT(areid_embedder_open_memory(device, "hello", 5, NULL, &embedder), AREID_ACL, "in memory");
    WANT(areid_generator_open(device, NULL, &generator), AREID_NULL_POINTER, "path");
    WANT(areid_generator_open(device, "x", NULL), AREID_NULL_POINTER, "generator");
    WANT(areid_generator_open(device, "/nonexistent.om", &generator), AREID_FILE, "nonexistent");
    WANT(areid_generator_open_memory(device, NULL, 5, &generator), AREID_NULL_POINTER, "om");
    WANT(areid_generator_open_memory(device, "hello", 5, &generator), AREID_ACL, "in memory");
    HOLDS(embedder == handles[4] && generator == handles[6]);

    options_of(device, in(argv[1], "mgn.om"));
    galleries(gallery);
    pictures(embedder, generator);
    figures();
    wrong_handles(0);
    OK(areid_run_free(run));
    OK(areid_embedder_free(embedder));
    OK(areid_gallery_free(gallery));
    OK(areid_generator_free(generator));
    OK(areid_model_free(model));
    OK(areid_device_free(device));
    OK(areid_runtime_free(handles[0]));
    wrong_handles(1);
    return report();
}
