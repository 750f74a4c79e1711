/* Re-identification: embedder, gallery, evaluation, generator, FID. */
#include "check.h"

#include <math.h>

static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};

/* What the network of the tests gives for a picture of one colour: its normalised planes' means. */
static void expected(const unsigned char *rgb, float *features) {
    int c;
    for (c = 0; c < 3; c++) features[c] = ((float)rgb[c] / 255.0f - mean[c]) / deviation[c];
}

static int near(const float *a, const float *b, size_t count, double slack) {
    size_t i;
    for (i = 0; i < count; i++)
        if (!(fabs((double)a[i] - (double)b[i]) <= slack)) return 0;
    return 1;
}

static areid_picture file(const char *path) {
    areid_picture picture;
    memset(&picture, 0, sizeof picture);
    picture.kind = AREID_PICTURE_KIND_FILE;
    picture.data = path;
    return picture;
}

static areid_picture pixels(int kind, const void *data, size_t bytes, size_t stride) {
    areid_picture picture;
    memset(&picture, 0, sizeof picture);
    picture.kind = kind;
    picture.width = 8;
    picture.height = 16;
    picture.stride = stride;
    picture.data = data;
    picture.bytes = bytes;
    return picture;
}

static void embedder(const areid_device *device, const char *folder, const char *net) {
    static const unsigned char red[3] = {200, 20, 30};
    static unsigned char rgb[8 * 16 * 3], bgr[16 * 32], nv12[16 * 8 * 3 / 2], ppm[2000];
    areid_embedder_options options = {sizeof options, 1, 1};
    areid_embedder *embedder = NULL;
    areid_picture pictures[11];
    float plain[33], both[33], unit[33], should[3], length = 0;
    size_t dim = 0, batch = 0, bytes, i, k;
    FILE *stream;
    for (i = 0; i < sizeof rgb; i++) rgb[i] = red[i % 3];
    for (i = 0; i < 16; i++)
        for (k = 0; k < 24; k++) bgr[i * 32 + k] = red[2 - k % 3];
    memset(nv12, 180, 8 * 16);
    memset(nv12 + 8 * 16, 128, 8 * 8);
    stream = fopen(in(folder, "red.ppm"), "rb");
    bytes = stream ? fread(ppm, 1, sizeof ppm, stream) : 0;
    if (stream) fclose(stream);
    expected(red, should);

    OK(areid_embedder_open(device, in(folder, net), &options, &embedder));
    OK(areid_embedder_dim(embedder, &dim));
    OK(areid_embedder_batch(embedder, &batch));
    HOLDS(dim == 3 && batch == 4);
    /* Eleven pictures: two whole batches and a rest. */
    for (i = 0; i < 11; i++) pictures[i] = file(in(folder, "grey.ppm"));
    pictures[0] = file(in(folder, "red.ppm"));
    pictures[1] = pixels(AREID_PICTURE_KIND_ENCODED, ppm, bytes, 0);
    pictures[2] = pixels(AREID_PICTURE_KIND_RGB, rgb, sizeof rgb, 0);
    pictures[3] = pixels(AREID_PICTURE_KIND_BGR, bgr, 15 * 32 + 24, 32);
    pictures[9] = pixels(AREID_PICTURE_KIND_NV12, nv12, sizeof nv12, 8);
    pictures[10] = pictures[2];
    OK(areid_embedder_run(embedder, pictures, 11, plain, 33));
    for (i = 0; i < 4; i++) HOLDS(near(plain + 3 * i, should, 3, 1e-4));
    HOLDS(near(plain + 30, should, 3, 1e-4));
    HOLDS(memcmp(plain, plain + 6, 12) == 0 && memcmp(plain, plain + 9, 12) == 0);
    {
        static const unsigned char grey[3] = {90, 90, 90}, light[3] = {191, 191, 191};
        expected(grey, should);
        HOLDS(near(plain + 12, should, 3, 1e-4));
        expected(light, should); /* 1.164 (180 - 16) */
        HOLDS(near(plain + 27, should, 3, 1e-4));
    }
    OK(areid_embedder_run(embedder, NULL, 0, NULL, 0));
    OK(areid_embedder_free(embedder));

    /* A mirror image of one colour is the same again. */
    options.skip_flip = 0;
    OK(areid_embedder_open(device, in(folder, net), &options, &embedder));
    OK(areid_embedder_run(embedder, pictures, 11, both, 33));
    for (i = 0; i < 33; i++) plain[i] *= 2;
    HOLDS(near(both, plain, 33, 1e-4));
    OK(areid_embedder_free(embedder));

    OK(areid_embedder_open(device, in(folder, net), NULL, &embedder));
    OK(areid_embedder_run(embedder, pictures, 11, unit, 33));
    for (i = 0; i < 3; i++) length += both[i] * both[i];
    length = (float)sqrt(length);
    for (i = 0; i < 3; i++) both[i] /= length;
    HOLDS(near(unit, both, 3, 1e-5));

    /* One bad picture, anywhere: nothing is written, and it is named. */
    memset(plain, 0x7f, sizeof plain);
    pictures[6] = file(in(folder, "torn.jpg"));
    WANT(areid_embedder_run(embedder, pictures, 11, plain, 33), AREID_PICTURE, "picture 6");
    pictures[6] = file(in(folder, "none.jpg"));
    WANT(areid_embedder_run(embedder, pictures, 11, plain, 33), AREID_FILE, "none.jpg");
    HOLDS(memcmp(plain, "\x7f\x7f\x7f\x7f", 4) == 0 && memcmp(plain, plain + 1, 128) == 0);
    pictures[6] = pictures[0];
    OK(areid_embedder_run(embedder, pictures, 11, plain, 33));
    HOLDS(memcmp(plain, unit, 12) == 0);
    OK(areid_embedder_free(embedder));
}

/* The network sees the left half: red, and grey in the mirror. */
static void mirrored(const areid_device *device, const char *folder) {
    static const unsigned char red[3] = {200, 20, 30}, grey[3] = {90, 90, 90};
    areid_embedder_options options = {sizeof options, 1, 1};
    areid_embedder *embedder = NULL;
    areid_picture picture = file(in(folder, "halves.ppm"));
    float one[3], other[3], features[3];
    int i;
    expected(red, one);
    expected(grey, other);
    OK(areid_embedder_open(device, in(folder, "left.om"), &options, &embedder));
    OK(areid_embedder_run(embedder, &picture, 1, features, 3));
    HOLDS(near(features, one, 3, 0.05)); /* the edge between the halves is blurred */
    OK(areid_embedder_free(embedder));
    options.skip_flip = 0;
    OK(areid_embedder_open(device, in(folder, "left.om"), &options, &embedder));
    for (i = 0; i < 3; i++) one[i] += other[i];
    OK(areid_embedder_run(embedder, &picture, 1, features, 3));
    HOLDS(near(features, one, 3, 0.05));
    OK(areid_embedder_free(embedder));
}

static void from_model(const areid_device *device, const char *folder) {
    areid_model *model = NULL;
    areid_embedder *embedder = NULL;
    areid_picture picture = file(in(folder, "red.ppm"));
    areid_tensor_info info;
    float features[3];
    OK(areid_model_load_file(device, in(folder, "relu.om"), &model));
    WANT(areid_embedder_from_model(model, NULL, &embedder), AREID_WRONG_MODEL, "shape [2, 2]");
    OK(areid_model_describe(model, 0, 0, &info)); /* it is still the caller's */
    OK(areid_model_free(model));
    OK(areid_model_load_file(device, in(folder, "mgn.om"), &model));
    OK(areid_embedder_from_model(model, NULL, &embedder));
    WANT(areid_model_describe(model, 0, 0, &info), AREID_INVALID_HANDLE, "freed");
    OK(areid_embedder_run(embedder, &picture, 1, features, 3));
    OK(areid_embedder_free(embedder));
    WANT(areid_embedder_open(device, in(folder, "dgnet.om"), NULL, &embedder), AREID_WRONG_MODEL,
         "2 inputs");
}

static void gallery(const char *folder) {
    static const float rows[8] = {1, 0, 0, 1, 3, 4, 0, 2}, queries[4] = {0, 1, 3, 4};
    static const int64_t names[4] = {7, -8, 7, INT64_C(1) << 40};
    areid_gallery_options options = {sizeof options, AREID_METRIC_COSINE, 0};
    areid_gallery *gallery = NULL, *back = NULL;
    int64_t ids[12];
    double distances[12];
    size_t count = 0, dim = 0, found = 77, removed = 77, i;
    char path[1100];
    snprintf(path, sizeof path, "%s/people.gallery", folder);
    OK(areid_gallery_new(2, NULL, &gallery));
    OK(areid_gallery_search(gallery, queries, 2, 3, ids, distances, &found));
    HOLDS(found == 0);
    OK(areid_gallery_add(gallery, names, rows, 4));
    OK(areid_gallery_add(gallery, NULL, NULL, 0));
    OK(areid_gallery_shape(gallery, &count, &dim));
    HOLDS(count == 4 && dim == 2);
    OK(areid_gallery_search(gallery, queries, 2, 3, ids, distances, &found));
    HOLDS(found == 3 && ids[0] == -8 && distances[0] == 0 && ids[1] == names[3] && distances[1] == 1);
    HOLDS(ids[3] == 7 && distances[3] == 0 && fabs(distances[2] - sqrt(2)) < 1e-12);
    for (i = 0; i < 12; i++) ids[i] = 99;
    OK(areid_gallery_search(gallery, queries, 2, 6, ids, distances, &found));
    HOLDS(found == 4 && ids[4] == 99 && ids[5] == 99 && ids[6] == 7 && ids[10] == 99);
    OK(areid_gallery_save(gallery, path));
    OK(areid_gallery_remove(gallery, 7, &removed));
    HOLDS(removed == 2);
    WANT(areid_gallery_remove(gallery, 7, &removed), AREID_NOT_FOUND, "the id 7");
    OK(areid_gallery_remove(gallery, -8, NULL));
    OK(areid_gallery_load(path, &back));
    OK(areid_gallery_shape(back, &count, &dim));
    HOLDS(count == 4 && dim == 2 && removed == 2);
    OK(areid_gallery_search(back, queries, 1, 1, ids, distances, &found));
    HOLDS(found == 1 && ids[0] == -8);
    OK(areid_gallery_free(back));
    WANT(areid_gallery_load(in(folder, "relu.om"), &back), AREID_FILE, "relu.om");
    WANT(areid_gallery_load(in(folder, "none"), &back), AREID_FILE, "none");
    WANT(areid_gallery_save(gallery, in(folder, "no/where")), AREID_FILE, "no/where");
    OK(areid_gallery_free(gallery));

    OK(areid_gallery_new(2, &options, &gallery));
    OK(areid_gallery_add(gallery, names, rows, 4));
    OK(areid_gallery_search(gallery, queries, 1, 2, ids, distances, &found));
    HOLDS(ids[0] == -8 && distances[0] == 0 && ids[1] == names[3] && distances[1] == 0);
    OK(areid_gallery_free(gallery));
}

static void figures(void) {
    /* Two queries; the first finds its person first, the second at the third place. */
    static const float query[4] = {1, 0, 0, 1}, rows[10] = {1, 0.1f, 0.1f, 1, 0.2f, 1, 0.5f, 1, 0, 1};
    static const int32_t query_ids[2] = {1, 2}, query_cameras[2] = {0, 0};
    static const int32_t ids[5] = {1, 3, 3, 2, 2}, cameras[5] = {1, 1, 1, 1, 0};
    areid_labelled_set q = {2, query, query_ids, query_cameras}, g = {5, rows, ids, cameras};
    areid_evaluate_options options;
    areid_scores scores = {9, 9, 9, 9};
    double cmc[4] = {9, 9, 9, 9}, fid = 9;
    float many[60], moved[60];
    int i;
    OK(areid_evaluate(&q, &g, 2, NULL, &scores, cmc, 4));
    HOLDS(scores.queries == 2 && scores.skipped == 0);
    HOLDS(fabs(scores.mean_average_precision - (1 + 1.0 / 3) / 2) < 1e-12);
    HOLDS(cmc[0] == 0.5 && cmc[1] == 0.5 && cmc[2] == 1 && cmc[3] == 1);
    OK(areid_evaluate(&q, &g, 2, NULL, &scores, NULL, 0));
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.metric = AREID_METRIC_COSINE;
    options.skip_normalise = 1;
    OK(areid_evaluate(&q, &g, 2, &options, &scores, cmc, 1));
    HOLDS(cmc[0] == 0.5);
    options.skip_normalise = 0;
    options.rerank = 1;
    options.k1 = 3;
    options.k2 = 2;
    options.lambda = 0.5;
    OK(areid_evaluate(&q, &g, 2, &options, &scores, cmc, 4));
    HOLDS(scores.mean_average_precision > 0 && scores.mean_average_precision <= 1);
    options.protocol = AREID_PROTOCOL_CUHK03;
    OK(areid_evaluate(&q, &g, 2, &options, &scores, cmc, 4));
    memset(&scores, 0x7f, sizeof scores);
    memset(cmc, 0x7f, sizeof cmc);
    options.k1 = 20;
    WANT(areid_evaluate(&q, &g, 2, &options, &scores, cmc, 4), AREID_INVALID_ARGUMENT, "k1+1 = 21");
    options.skip_normalise = 1;
    WANT(areid_evaluate(&q, &g, 2, &options, &scores, cmc, 4), AREID_INVALID_ARGUMENT, "length one");
    HOLDS(memcmp(cmc, &scores, sizeof scores) == 0);

    for (i = 0; i < 60; i++) many[i] = (float)((i * 37) % 23) / 7.0f, moved[i] = many[i] + 2;
    OK(areid_fid(many, 20, many, 20, 3, &fid));
    HOLDS(fabs(fid) < 1e-9);
    OK(areid_fid(many, 20, moved, 20, 3, &fid)); /* three means, each two away */
    HOLDS(fabs(fid - 12) < 1e-4);
}

static void generator(const areid_device *device, const char *folder) {
    areid_generator *generator = NULL;
    areid_picture structures[3], contents[3];
    size_t height = 0, width = 0, batch = 0, i;
    size_t one = 256 * 128 * 3;
    unsigned char *rgb = malloc(3 * one);
    if (!rgb) return;
    OK(areid_generator_open(device, in(folder, "dgnet.om"), &generator));
    OK(areid_generator_shape(generator, &height, &width, &batch));
    HOLDS(height == 256 && width == 128 && batch == 2);
    for (i = 0; i < 3; i++) structures[i] = contents[i] = file(in(folder, "grey.ppm"));
    contents[1] = file(in(folder, "red.ppm"));
    OK(areid_generator_run(generator, structures, contents, 3, rgb, 3 * one));
    /* The third pair is the first again, in another batch. */
    HOLDS(memcmp(rgb, rgb + 2 * one, one) == 0 && memcmp(rgb, rgb + one, one) != 0);
    HOLDS(rgb[one] > rgb[one + 1]); /* red */
    memset(rgb, 7, 3 * one);
    contents[2] = file(in(folder, "torn.jpg"));
    WANT(areid_generator_run(generator, structures, contents, 3, rgb, 3 * one), AREID_PICTURE,
         "content 2");
    structures[0] = file(in(folder, "none"));
    WANT(areid_generator_run(generator, structures, contents, 3, rgb, 3 * one), AREID_FILE,
         "structure 0");
    HOLDS(rgb[0] == 7 && rgb[3 * one - 1] == 7);
    OK(areid_generator_free(generator));
    WANT(areid_generator_open(device, in(folder, "mgn.om"), &generator), AREID_WRONG_MODEL,
         "is no DG-Net");
    free(rgb);
}

int main(int argc, char **argv) {
    areid_runtime *runtime = simulator();
    areid_device *device = NULL;
    if (argc < 2) return 2;
    OK(areid_device_open(runtime, 0, &device));
    OK(areid_runtime_free(runtime));
    embedder(device, argv[1], "mgn.om");
    embedder(device, argv[1], "mgn_gears.om");
    mirrored(device, argv[1]);
    from_model(device, argv[1]);
    gallery(argv[1]);
    figures();
    generator(device, argv[1]);
    OK(areid_device_free(device));
    return report();
}
