/* A worker between two pipes: photos of people come in, their features go out, in the same order.
 *
 * usage: frames MGN.om                  each photo is a file of 4 bytes that tell its length (little
 *                                       endian) and that many bytes of JPEG, PNG, BMP or PNM
 *        frames MGN.om WIDTH HEIGHT     each photo is WIDTH x HEIGHT pixels of R, G, B
 *
 * For each photo D float32 come out, in the machine's order of bytes; D is told on stderr at first.
 * As many photos as the model takes at once are collected, and what is left at the end. Runs on the
 * library that ACL_LIBRARY names or the toolkit installed; on the simulator with FRAMES_SIMULATOR=1. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascend_reid.h"

/* Longer files are taken for a sender that is out of step. */
#define LARGEST (64u << 20)

static int check(areid_status status) {
    if (status == AREID_OK) return 0;
    fprintf(stderr, "frames: %s: %s\n", areid_status_name(status), areid_last_error());
    return 1;
}

/* Reads all of the bytes: 1; none because the input is over: 0; else says what is wrong: -1. */
static int take(void *bytes, size_t count, unsigned long frame) {
    size_t got = fread(bytes, 1, count, stdin);
    if (got == count) return 1;
    if (got == 0 && !ferror(stdin)) return 0;
    fprintf(stderr, "frames: photo %lu: the input ends after %lu of %lu bytes\n", frame,
            (unsigned long)got, (unsigned long)count);
    return -1;
}

/* Reads the next photo; results as those of take. A failed or empty one owns no memory. */
static int next(areid_picture *photo, uint32_t width, uint32_t height, unsigned long frame) {
    size_t bytes = (size_t)width * height * 3;
    unsigned char head[4];
    void *data;
    int got;
    memset(photo, 0, sizeof *photo);
    if (!bytes) {
        got = take(head, sizeof head, frame);
        if (got != 1) return got;
        bytes = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
        if (bytes == 0 || bytes > LARGEST) {
            fprintf(stderr, "frames: photo %lu: a length of %lu, want 1 to %u\n", frame,
                    (unsigned long)bytes, LARGEST);
            return -1;
        }
    }
    data = malloc(bytes);
    if (!data) {
        fprintf(stderr, "frames: photo %lu: no memory for %lu bytes\n", frame, (unsigned long)bytes);
        return -1;
    }
    got = take(data, bytes, frame);
    if (got == 0 && !width) {
        fprintf(stderr, "frames: photo %lu: the input ends after its length\n", frame);
        got = -1;
    }
    if (got != 1) {
        free(data);
        return got;
    }
    photo->kind = width ? AREID_PICTURE_KIND_RGB : AREID_PICTURE_KIND_ENCODED;
    photo->width = width;
    photo->height = height;
    photo->data = data;
    photo->bytes = bytes;
    return 1;
}

/* Sends the features of the photos, and frees these. */
static int flush(areid_embedder *embedder, areid_picture *photos, size_t count, float *features,
                 size_t dim, unsigned long first) {
    size_t i;
    int failed = check(areid_embedder_run(embedder, photos, count, features, count * dim));
    if (failed) fprintf(stderr, "frames: the first of these photos is number %lu\n", first);
    for (i = 0; i < count; i++) free((void *)(uintptr_t)photos[i].data);
    if (failed) return 1;
    if (fwrite(features, sizeof *features * dim, count, stdout) != count || fflush(stdout)) {
        fprintf(stderr, "frames: the output cannot be written\n");
        return 1;
    }
    return 0;
}

/* A number from 1 to 65535, or 0. */
static uint32_t number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    return *end || value > 65535 ? 0 : (uint32_t)value;
}

int main(int argc, char **argv) {
    areid_runtime_options options = {0};
    areid_runtime *runtime = NULL;
    areid_device *device = NULL;
    areid_embedder *embedder = NULL;
    areid_picture *photos = NULL;
    float *features = NULL;
    uint32_t width = argc == 4 ? number(argv[2]) : 0, height = argc == 4 ? number(argv[3]) : 0;
    size_t batch, dim, held = 0;
    unsigned long frame = 0;
    int got, failed = 1;
    if ((argc != 2 && argc != 4) || (argc == 4 && (!width || !height))) {
        fprintf(stderr, "usage: frames MGN.om [WIDTH HEIGHT]\n");
        return 2;
    }
    options.struct_size = sizeof options;
    if (getenv("FRAMES_SIMULATOR")) options.backend = AREID_BACKEND_SIMULATOR;
    if (check(areid_runtime_new(&options, &runtime))) return 3;
    if (check(areid_device_open(runtime, 0, &device))) goto end;
    if (check(areid_embedder_open(device, argv[1], NULL, &embedder))) goto end;
    if (check(areid_embedder_batch(embedder, &batch))) goto end;
    if (check(areid_embedder_dim(embedder, &dim))) goto end;
    photos = calloc(batch, sizeof *photos);
    features = malloc(batch * dim * sizeof *features);
    if (!photos || !features) goto end;
    fprintf(stderr, "frames: %lu numbers for each photo\n", (unsigned long)dim);
    while ((got = next(&photos[held], width, height, frame)) == 1) {
        frame++;
        if (++held < batch) continue;
        held = 0;
        if (flush(embedder, photos, batch, features, dim, frame - batch)) goto end;
    }
    /* What came whole is answered, also before an error. */
    if (held && flush(embedder, photos, held, features, dim, frame - held)) goto end;
    failed = got < 0;
end:
    free(photos);
    free(features);
    areid_embedder_free(embedder);
    areid_device_free(device);
    areid_runtime_free(runtime);
    return failed;
}
