/* Embeds two photos of people and prints how alike they are: the cosine of their features, 1 for the
 * same. JPEG, PNG, BMP and PNM will do.
 * usage: embed_two MGN.om FIRST SECOND [LIBRARY]   (without a library: on the simulator) */
#include <stdio.h>
#include <stdlib.h>

#include "ascend_reid.h"

static int check(areid_status status) {
    if (status == AREID_OK) return 0;
    fprintf(stderr, "%s: %s\n", areid_status_name(status), areid_last_error());
    return 1;
}

int main(int argc, char **argv) {
    areid_runtime_options options = {0};
    areid_runtime *runtime = NULL;
    areid_device *device = NULL;
    areid_embedder *embedder = NULL;
    areid_picture photos[2] = {{0}, {0}};
    float *features = NULL;
    double similarity = 0;
    size_t dim, i;
    int failed = 1;
    if (argc < 4) {
        fprintf(stderr, "usage: embed_two MGN.om FIRST SECOND [LIBRARY]\n");
        return 2;
    }
    options.struct_size = sizeof options;
    options.backend = argc > 4 ? AREID_BACKEND_LIBRARY : AREID_BACKEND_SIMULATOR;
    options.library = argc > 4 ? argv[4] : NULL;
    if (check(areid_runtime_new(&options, &runtime))) return 3;
    if (check(areid_device_open(runtime, 0, &device))) goto end;
    if (check(areid_embedder_open(device, argv[1], NULL, &embedder))) goto end;
    if (check(areid_embedder_dim(embedder, &dim))) goto end;
    features = malloc(2 * dim * sizeof *features);
    if (!features) goto end;
    for (i = 0; i < 2; i++) {
        photos[i].kind = AREID_PICTURE_KIND_FILE;
        photos[i].data = argv[2 + i];
    }
    if (check(areid_embedder_run(embedder, photos, 2, features, 2 * dim))) goto end;
    /* The features have length one: their scalar product is the cosine. */
    for (i = 0; i < dim; i++) similarity += (double)features[i] * (double)features[dim + i];
    printf("similarity %.4f\n", similarity);
    failed = 0;
end:
    free(features);
    areid_embedder_free(embedder);
    areid_device_free(device);
    areid_runtime_free(runtime);
    return failed;
}
