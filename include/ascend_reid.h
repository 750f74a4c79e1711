/* ascend_reid.h: models on Huawei Ascend, or on its simulator, from C.
 *
 * Every function returns a status unless it says otherwise. On failure results stay as they were
 * (but for the outputs of a run whose copy back from the device failed halfway), and
 * areid_last_error() has the reason. A pair (NULL, 0) is an empty list. Freeing NULL is allowed.
 * All functions may be called from any thread; runs of one model take turns.
 * The caller's current AscendCL context is the same after each call as it was before.
 * A handle that is null, freed or of another type is refused with a status.
 */
#ifndef ASCEND_REID_H
#define ASCEND_REID_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t areid_status;
/* Numbers are only ever appended. */
enum {
    AREID_OK = 0,
    AREID_INVALID_ARGUMENT = 1,
    AREID_NULL_POINTER = 2,
    AREID_INVALID_HANDLE = 3,
    AREID_NOT_UTF8 = 4,
    AREID_MISALIGNED = 5,
    AREID_OVERFLOW = 6,
    AREID_SIZE_MISMATCH = 7,
    AREID_LIBRARY = 8,
    AREID_ACL = 9,
    AREID_UNKNOWN_GEAR = 10,
    AREID_BUSY = 11,
    AREID_UNSUPPORTED = 12,
    AREID_INTERNAL = 13
};

enum { AREID_BACKEND_AUTO = 0, AREID_BACKEND_LIBRARY = 1, AREID_BACKEND_SIMULATOR = 2 };
enum { AREID_INPUTS = 0, AREID_OUTPUTS = 1 };
enum { AREID_ENGLISH = 0, AREID_CHINESE = 1 };
enum { AREID_MAX_DIMS = 16 };

typedef struct areid_runtime areid_runtime;
typedef struct areid_device areid_device;
typedef struct areid_model areid_model;

typedef struct areid_runtime_options {
    size_t struct_size;  /* sizeof(areid_runtime_options) */
    int32_t backend;     /* AREID_BACKEND_* */
    int32_t reserved;    /* 0 */
    const char *library; /* path of libascendcl.so or its folder, for AREID_BACKEND_LIBRARY */
} areid_runtime_options;

typedef struct areid_tensor_info {
    const char *name; /* valid until the model is freed */
    int32_t dtype;    /* as aclDataType: 0 float, 1 half, 2 int8, 3 int32, 4 uint8, ... */
    uint32_t rank;
    int64_t dims[AREID_MAX_DIMS]; /* for the gear that is set */
    size_t bytes;                 /* for the largest gear */
} areid_tensor_info;

typedef struct areid_input { const void *data; size_t bytes; } areid_input;
typedef struct areid_output { void *data; size_t bytes; } areid_output;

areid_status areid_version(int *major, int *minor, int *patch);
/* The constant's name, for ever valid; NULL for a number that is no status. */
const char *areid_status_name(areid_status status);
/* Why the last call that failed on this thread did; valid until the next failure on it. */
const char *areid_last_error(void);
/* What a code of AscendCL means: meaning, causes and cure, a line each. Texts are written with their
 * zero byte; `needed` (may be NULL) tells the bytes, also when capacity is 0 or too small. */
areid_status areid_acl_explain(int32_t code, int32_t language, char *buffer, size_t capacity,
                               size_t *needed);

/* Opens and initialises AscendCL, unless the host did; options may be NULL. */
areid_status areid_runtime_new(const areid_runtime_options *options, areid_runtime **runtime);
areid_status areid_runtime_device_count(const areid_runtime *runtime, uint32_t *count);
areid_status areid_runtime_is_simulated(const areid_runtime *runtime, int32_t *simulated);
areid_status areid_runtime_free(areid_runtime *runtime);

areid_status areid_device_open(const areid_runtime *runtime, int32_t id, areid_device **device);
areid_status areid_device_soc_name(const areid_device *device, char *buffer, size_t capacity,
                                   size_t *needed);
areid_status areid_device_free(areid_device *device);

areid_status areid_model_load_file(const areid_device *device, const char *path,
                                   areid_model **model);
areid_status areid_model_load_memory(const areid_device *device, const void *om, size_t bytes,
                                     areid_model **model);
areid_status areid_model_counts(const areid_model *model, size_t *inputs, size_t *outputs);
areid_status areid_model_describe(const areid_model *model, int32_t side, size_t index,
                                  areid_tensor_info *info);
areid_status areid_model_set_batch(const areid_model *model, uint64_t batch);
areid_status areid_model_set_image_size(const areid_model *model, uint64_t height, uint64_t width);
areid_status areid_model_set_dims(const areid_model *model, const int64_t *dims, size_t count);
/* Runs the model: initialised host memory in and out, of exactly the bytes of the gear that is set. */
areid_status areid_model_run(const areid_model *model, const areid_input *inputs,
                             size_t input_count, const areid_output *outputs, size_t output_count);
areid_status areid_model_free(areid_model *model);

#ifdef __cplusplus
}
#endif

#endif
