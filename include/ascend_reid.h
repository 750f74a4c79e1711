/* ascend_reid.h: models on Huawei Ascend, or on its simulator, from C and C++.
 *
 * This file is made from src/capi of ascend-reid and compared with it by a test.
 *
 * Every function returns a status unless it says otherwise. On failure results stay as they were
 * and areid_last_error() has the reason. A pair (NULL, 0) is an empty list. Freeing NULL is allowed.
 * All functions may be called from any thread. The caller's current AscendCL context is the same
 * after each call as it was before. A handle that is null, freed or of another type is refused with
 * a status, in every build: it is a number, never followed. Structures that begin with struct_size
 * are set to zero and that to their sizeof: members that are zero have their defaults.
 *
 * Beside the errors that each function names, all of them may return AREID_NULL_POINTER,
 * AREID_MISALIGNED and AREID_INVALID_HANDLE for their arguments, and AREID_INTERNAL.
 */


#ifndef ASCEND_REID_H
#define ASCEND_REID_H

#include <stddef.h>
#include <stdint.h>

/* The most dims that a tensor can have. */
#define AREID_MAX_DIMS 16

/* What a function returns. Numbers are only ever appended. */
enum areid_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /* Done. */
    AREID_OK = 0,
    /* A value that is not allowed. */
    AREID_INVALID_ARGUMENT = 1,
    /* A pointer that must not be null. */
    AREID_NULL_POINTER = 2,
    /* A handle that is none, was freed, or is of another type. */
    AREID_INVALID_HANDLE = 3,
    /* A string that is not UTF-8. */
    AREID_NOT_UTF8 = 4,
    /* A pointer that is not aligned for its type. */
    AREID_MISALIGNED = 5,
    /* A length whose bytes no memory can hold. */
    AREID_OVERFLOW = 6,
    /* A buffer of the wrong size, or a tensor of another shape. */
    AREID_SIZE_MISMATCH = 7,
    /* No AscendCL library could be opened. */
    AREID_LIBRARY = 8,
    /* A function of AscendCL failed; the text has its name and code. */
    AREID_ACL = 9,
    /* The model was not compiled for that size. */
    AREID_UNKNOWN_GEAR = 10,
    /* The object is in use. */
    AREID_BUSY = 11,
    /* The AscendCL library lacks a function. */
    AREID_UNSUPPORTED = 12,
    /* A fault of this library; the handle may be used no more. */
    AREID_INTERNAL = 13,
    /* The time given was over before the run was. */
    AREID_TIMEOUT = 14,
    /* A file that cannot be read or written, or is of another kind. */
    AREID_FILE = 15,
    /* A picture that cannot be used. */
    AREID_PICTURE = 16,
    /* There is nothing of that id. */
    AREID_NOT_FOUND = 17,
    /* The model is of another kind than wanted. */
    AREID_WRONG_MODEL = 18,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum areid_status areid_status;
#else
typedef int32_t areid_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/* Where AscendCL comes from. */
enum areid_backend
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /* The library that the variable ACL_LIBRARY names, else the one that the toolkit installed. */
    AREID_BACKEND_AUTO = 0,
    /* The library at a path. */
    AREID_BACKEND_LIBRARY = 1,
    /* The simulator inside this library. */
    AREID_BACKEND_SIMULATOR = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum areid_backend areid_backend;
#else
typedef int32_t areid_backend;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/* The two sides of a model. */
enum areid_side
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /* What the caller fills. */
    AREID_INPUTS = 0,
    /* What the model gives. */
    AREID_OUTPUTS = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum areid_side areid_side;
#else
typedef int32_t areid_side;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/* A language of explanations. */
enum areid_language
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /* English. */
    AREID_ENGLISH = 0,
    /* Chinese. */
    AREID_CHINESE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum areid_language areid_language;
#else
typedef int32_t areid_language;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/* How much the log tells; each level includes those before it. */
enum areid_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /* Nothing. */
    AREID_LOG_LEVEL_OFF = 0,
    /* What went wrong and no status could tell. */
    AREID_LOG_LEVEL_ERROR = 1,
    /* What may go wrong later. */
    AREID_LOG_LEVEL_WARN = 2,
    /* What a user may want to know. */
    AREID_LOG_LEVEL_INFO = 3,
    /* What was looked for, found and decided. */
    AREID_LOG_LEVEL_DEBUG = 4,
    /* Every step. */
    AREID_LOG_LEVEL_TRACE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum areid_log_level areid_log_level;
#else
typedef int32_t areid_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/* What a picture is made of. */
enum areid_picture_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     An image file: data is its path, UTF-8 with a zero byte at its end. JPEG, PNG, BMP or PNM, told
     by the content. The other members are not looked at.
     */
    AREID_PICTURE_KIND_FILE = 0,
    /* The bytes of an image file: data and bytes. The other members are not looked at. */
    AREID_PICTURE_KIND_ENCODED = 1,
    /* Pixels of three bytes: R, G, B. */
    AREID_PICTURE_KIND_RGB = 2,
    /* Pixels of three bytes: B, G, R, as OpenCV holds pictures. */
    AREID_PICTURE_KIND_BGR = 3,
    /*
     A plane of Y, and behind its last row a plane of half the height, rounded up, with U, V for
     each two by two pixels; both with the same stride. BT.601, limited range.
     */
    AREID_PICTURE_KIND_NV12 = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum areid_picture_kind areid_picture_kind;
#else
typedef int32_t areid_picture_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/* A distance between features; smaller is nearer. */
enum areid_metric
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /* The length of the difference, from 0. */
    AREID_METRIC_EUCLIDEAN = 0,
    /* One minus the cosine of the angle, from 0 to 2. */
    AREID_METRIC_COSINE = 1,
    /* Minus the scalar product. */
    AREID_METRIC_DOT = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum areid_metric areid_metric;
#else
typedef int32_t areid_metric;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/* Rules of counting in an evaluation. */
enum areid_protocol
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /* Those of Market-1501: average precision by steps, queries without an answer left out. */
    AREID_PROTOCOL_MARKET1501 = 0,
    /* Those of DG-Net's repository: average precision by trapezia, divided by all queries. */
    AREID_PROTOCOL_DG_NET = 1,
    /* Those of CUHK03: one gallery row drawn for each person, ten times for each query, with seed 0. */
    AREID_PROTOCOL_CUHK03 = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum areid_protocol areid_protocol;
#else
typedef int32_t areid_protocol;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/* What the gears of a model change. */
enum areid_gear_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /* Nothing: the shapes are fixed. */
    AREID_GEAR_KIND_STATIC = 0,
    /* The batch size, by areid_model_set_batch: one number a gear. */
    AREID_GEAR_KIND_BATCH = 1,
    /* Height and width, by areid_model_set_image_size: two numbers a gear. */
    AREID_GEAR_KIND_IMAGE_SIZE = 2,
    /* All dims of all inputs, by areid_model_set_dims: as many numbers a gear as there are dims. */
    AREID_GEAR_KIND_DIMS = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum areid_gear_kind areid_gear_kind;
#else
typedef int32_t areid_gear_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 A device with a context of its own.

 Threads: may be used from any thread at any time.
 */
typedef struct areid_device areid_device;

/*
 A model that turns pictures of people into features (MGN).

 Threads: may be used from any thread at any time; calls take turns.
 */
typedef struct areid_embedder areid_embedder;

/*
 Features with ids, to be searched; in host memory, of any model.

 Threads: may be used from any thread at any time; searches run side by side, changes alone.
 */
typedef struct areid_gallery areid_gallery;

/*
 A model that draws people in other people's clothes (DG-Net).

 Threads: may be used from any thread at any time; calls take turns.
 */
typedef struct areid_generator areid_generator;

/*
 A loaded model, and device memory for its inputs and outputs.

 Threads: may be used from any thread at any time; runs of one model take turns.
 */
typedef struct areid_model areid_model;

/*
 A run that was submitted.

 Threads: may be used from any thread at any time.
 */
typedef struct areid_run areid_run;

/*
 AscendCL, opened and initialised: a card's library or the simulator.

 Threads: may be used from any thread at any time.
 */
typedef struct areid_runtime areid_runtime;

/*
 Takes a line of the log: its level (one of areid_log_level), the module that tells it, and the
 text, both with a zero byte and valid during the call.

 Called from any thread, also from several at once. It must neither throw nor free what the library
 is using; lines that its own calls of the library cause are dropped.
 */
typedef void (*areid_log_callback)(void *user,
                                   int32_t level,
                                   const char *target,
                                   const char *message);

/* What a runtime can be told. Members that are zero have their defaults. */
typedef struct areid_runtime_options {
    /* sizeof(areid_runtime_options). */
    size_t struct_size;
    /* One of areid_backend. */
    int32_t backend;
    /* 0. */
    int32_t reserved;
    /* The path of libascendcl.so or of its folder, for AREID_BACKEND_LIBRARY; else not looked at. */
    const char *library;
    /*
     For AREID_BACKEND_SIMULATOR, what it simulates: the name of a profile that comes with it
     (310p3, 300i-duo, 310p3-mgn, 310p3-dgnet) or the path of a TOML file; NULL leaves it to the
     variable ACL_SIM_PROFILE. A process has one profile: another one later is refused.
     */
    const char *profile;
} areid_runtime_options;

/* What an input or output of a model is. */
typedef struct areid_tensor_info {
    /* The name; valid until the model is freed or given to an embedder. */
    const char *name;
    /*
     The element type, as aclDataType numbers it: 0 float32, 1 float16, 2 int8, 3 int32, 4 uint8,
     6 int16, 7 uint16, 8 uint32, 9 int64, 10 uint64, 11 float64, 12 bool.
     */
    int32_t dtype;
    /* How many of dims count. */
    uint32_t rank;
    /* The dims for the gear that is set, outermost first. */
    int64_t dims[AREID_MAX_DIMS];
    /* Bytes for the gear that is set: what areid_model_run wants. */
    size_t bytes;
    /* Bytes for the largest gear. */
    size_t max_bytes;
} areid_tensor_info;

/* An input of a run. */
typedef struct areid_input {
    /* The elements, in C order. */
    const void *data;
    /* How many bytes. */
    size_t bytes;
} areid_input;

/* An output of a run. */
typedef struct areid_output {
    /* Where the elements go, in C order. */
    void *data;
    /* How many bytes. */
    size_t bytes;
} areid_output;

/*
 Is told the end of a run that was submitted: its status, and why if that is not AREID_OK (else
 NULL), valid during the call.

 Called once, on a thread of the library, after the outputs were written. It may call every
 function of the library but wait for runs of the same model, and must not throw.
 */
typedef void (*areid_run_callback)(void *user, areid_status status, const char *error);

/* What an embedder can be told. Members that are zero have their defaults: the reference's features. */
typedef struct areid_embedder_options {
    /* sizeof(areid_embedder_options). */
    size_t struct_size;
    /*
     0: the features of a picture and of its mirror image are added, which takes two runs of the
     model. 1: those of the picture alone.
     */
    int32_t skip_flip;
    /* 0: features are brought to length one. 1: they stay as the model gave them. */
    int32_t skip_normalise;
} areid_embedder_options;

/*
 A picture: a file, the bytes of one, or pixels.

 Pictures of any size will do; they are scaled to what the model reads.
 */
typedef struct areid_picture {
    /* One of areid_picture_kind. */
    int32_t kind;
    /* Columns, for pixels. */
    uint32_t width;
    /* Rows, for pixels. */
    uint32_t height;
    /* 0. */
    uint32_t reserved;
    /* Bytes from the beginning of a row to that of the next, for pixels; 0: rows without a gap. */
    size_t stride;
    /* The path, the bytes or the pixels. */
    const void *data;
    /* How many bytes data has; for pixels at least up to the end of the last row. */
    size_t bytes;
} areid_picture;

/* What a gallery can be told. Members that are zero have their defaults. */
typedef struct areid_gallery_options {
    /* sizeof(areid_gallery_options). */
    size_t struct_size;
    /* One of areid_metric. */
    int32_t metric;
    /* 0. */
    int32_t reserved;
} areid_gallery_options;

/* Features with the truth about them. */
typedef struct areid_labelled_set {
    /* Rows. */
    size_t count;
    /* float32 [count, dim]. */
    const float *features;
    /* The person of each row, count int32. */
    const int32_t *ids;
    /* The camera of each row, count int32, not negative. */
    const int32_t *cameras;
} areid_labelled_set;

/*
 What an evaluation can be told. Members that are zero have their defaults: the reference's
 evaluation without re-ranking.
 */
typedef struct areid_evaluate_options {
    /* sizeof(areid_evaluate_options). */
    size_t struct_size;
    /* One of areid_metric; not looked at with re-ranking, which has its own distance. */
    int32_t metric;
    /* One of areid_protocol. */
    int32_t protocol;
    /* 1: rank by k-reciprocal neighbours (Zhong et al., CVPR 2017). */
    int32_t rerank;
    /* 0: rows are brought to length one first. 1: they are taken as they are; not with re-ranking. */
    int32_t skip_normalise;
    /* Neighbours of re-ranking; 0 is 20. */
    uint32_t k1;
    /* Neighbours that re-ranking averages over, 1 to k1 + 1; 0 is 6. */
    uint32_t k2;
    /* The share of the plain distance in re-ranking, above 0 to 1; 0 is 0.3. */
    double lambda;
} areid_evaluate_options;

/* The figures of an evaluation. */
typedef struct areid_scores {
    /* Mean average precision, 0 to 1. */
    double mean_average_precision;
    /* Mean inverse negative penalty, 0 to 1. */
    double mean_inverse_negative_penalty;
    /* Queries with a right answer in the gallery. */
    size_t queries;
    /* Queries without; whether they count as zero or not at all is the protocol's to say. */
    size_t skipped;
} areid_scores;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Writes the library's version: major, minor, patch. Equal majors understand each other.

 The caller sees to it:
 The pointers are writable.
 */
areid_status areid_version(int *major, int *minor, int *patch);

/* Returns the constant's name of a status, for ever valid; NULL for a number that is none. */
const char *areid_status_name(int32_t status);

/*
 Returns why the last call that failed on this thread did, with the whole chain of causes.

 Never NULL; empty before the first failure. Valid until the next failure on this thread.
 */
const char *areid_last_error(void);

/*
 Writes what a code of AscendCL means: meaning, causes and cure, a line each, and a zero byte.

 language is one of areid_language. needed (may be NULL) tells the bytes, also when capacity is 0 or
 too small.

 Errors: AREID_INVALID_ARGUMENT for another language or a code that is not documented;
 AREID_SIZE_MISMATCH if capacity is neither 0 nor enough.

 The caller sees to it:
 buffer is writable for capacity bytes; needed is NULL or writable.
 */
areid_status areid_acl_explain(int32_t code,
                               int32_t language,
                               char *buffer,
                               size_t capacity,
                               size_t *needed);

/*
 Hands the log to a callback; NULL or AREID_LOG_OFF ends that. Nothing is told unless asked for.

 Replaces the callback before it, which is not called any more once this has returned. user is
 handed to the callback as it is.

 Errors: AREID_INVALID_ARGUMENT for another level; AREID_BUSY from inside of the callback, or if
 a Rust host of this package has a logger of its own.

 The caller sees to it:
 Until it is replaced, callback may be called with user from any thread.
 */
areid_status areid_log_set(areid_log_callback callback, void *user, int32_t level);

/*
 Opens AscendCL and initialises it, unless the host did, who then also finalizes it.

 options may be NULL for AREID_BACKEND_AUTO. The last runtime, device or model to go finalizes
 AscendCL, if this call had initialised it.

 Errors: AREID_LIBRARY, with what was looked for and where; AREID_INVALID_ARGUMENT for another
 backend, struct_size or profile; AREID_NOT_UTF8; AREID_ACL.

 The caller sees to it:
 options is NULL or readable for its struct_size, its strings end in a zero byte, and runtime is
 writable.
 */
areid_status areid_runtime_new(const struct areid_runtime_options *options,
                               struct areid_runtime **runtime);

/*
 Counts the devices.

 Errors: AREID_ACL, for example when no driver is installed.

 The caller sees to it:
 count is writable.
 */
areid_status areid_runtime_device_count(const struct areid_runtime *runtime, uint32_t *count);

/*
 Tells by 1 or 0 whether a simulator runs the models; reports of results must say so.

 The caller sees to it:
 simulated is writable.
 */
areid_status areid_runtime_is_simulated(const struct areid_runtime *runtime, int32_t *simulated);

/* Frees a runtime; devices and models that came from it go on. NULL is allowed. */
areid_status areid_runtime_free(struct areid_runtime *runtime);

/*
 Opens device id, counted from 0, with a context of its own.

 What is current on the calling thread stays current.

 Errors: AREID_ACL, with code 107001 for an id that no device has.

 The caller sees to it:
 device is writable.
 */
areid_status areid_device_open(const struct areid_runtime *runtime,
                               int32_t id,
                               struct areid_device **device);

/*
 Writes the name of the chip, as aclrtGetSocName gives it, with a zero byte.

 needed (may be NULL) tells the bytes, also when capacity is 0 or too small.

 Errors: AREID_SIZE_MISMATCH if capacity is neither 0 nor enough; AREID_ACL.

 The caller sees to it:
 buffer is writable for capacity bytes; needed is NULL or writable.
 */
areid_status areid_device_soc_name(const struct areid_device *device,
                                   char *buffer,
                                   size_t capacity,
                                   size_t *needed);

/* Frees a device; models that were loaded on it go on. NULL is allowed. */
areid_status areid_device_free(struct areid_device *device);

/*
 Loads any model from an .om file, with memory for one run of its largest gear.

 Errors: AREID_ACL if the file is missing, damaged, or compiled for another chip or release;
 AREID_INVALID_ARGUMENT if a shape of the model has no bounds; AREID_NOT_UTF8.

 The caller sees to it:
 path ends in a zero byte; model is writable.
 */
areid_status areid_model_load_file(const struct areid_device *device,
                                   const char *path,
                                   struct areid_model **model);

/*
 Loads any model from the bytes of an .om, which are not needed afterwards. Else as
 areid_model_load_file.

 The caller sees to it:
 om is readable for bytes; model is writable.
 */
areid_status areid_model_load_memory(const struct areid_device *device,
                                     const void *om,
                                     size_t bytes,
                                     struct areid_model **model);

/*
 Counts the inputs that the caller fills, and the outputs.

 The caller sees to it:
 inputs and outputs are writable.
 */
areid_status areid_model_counts(const struct areid_model *model, size_t *inputs, size_t *outputs);

/*
 Describes an input or output, for the gear that is set.

 side is one of areid_side; index counts from 0.

 Errors: AREID_INVALID_ARGUMENT for another side or index; AREID_UNSUPPORTED for more than
 AREID_MAX_DIMS dims; AREID_BUSY once the model was given to an embedder.

 The caller sees to it:
 info is writable.
 */
areid_status areid_model_describe(const struct areid_model *model,
                                  int32_t side,
                                  size_t index,
                                  struct areid_tensor_info *info);

/*
 Sets the batch size of a model with dynamic batch, for descriptions and runs from now on.

 After loading, the largest gear is set.

 Errors: AREID_UNKNOWN_GEAR, with those that the model has; AREID_BUSY while runs that were submitted
 are under way; AREID_ACL.
 */
areid_status areid_model_set_batch(const struct areid_model *model,
                                   uint64_t batch);

/*
 Sets height and width of a model with dynamic image size, for descriptions and runs from now on.

 Errors: as areid_model_set_batch.
 */
areid_status areid_model_set_image_size(const struct areid_model *model,
                                        uint64_t height,
                                        uint64_t width);

/*
 Sets all dims of all inputs in a row, of a model with dynamic dims, for descriptions and runs from
 now on.

 Errors: as areid_model_set_batch.

 The caller sees to it:
 dims is readable for count numbers.
 */
areid_status areid_model_set_dims(const struct areid_model *model,
                                  const int64_t *dims,
                                  size_t count);

/*
 Runs a model: host memory in, host memory out, each copied once, straight to and from the device.

 inputs and outputs are in the model's order, each of exactly the bytes that areid_model_describe
 tells for the gear that is set. Alignment does not matter. No memory is allocated.

 Errors: AREID_INVALID_ARGUMENT for other counts; AREID_SIZE_MISMATCH for other bytes, with the
 tensor's name; AREID_NULL_POINTER; AREID_OVERFLOW; AREID_BUSY once the model was given to an
 embedder; AREID_ACL. Outputs are then as they were, unless a copy from the device failed, which may
 leave them partly written.

 The caller sees to it:
 The lists are readable for their counts, each input for its bytes; each output is writable for
 its bytes and overlaps nothing else.
 */
areid_status areid_model_run(const struct areid_model *model,
                             const struct areid_input *inputs,
                             size_t input_count,
                             const struct areid_output *outputs,
                             size_t output_count);

/* Frees a model, once runs under way are done, for which it does not wait. NULL is allowed. */
areid_status areid_model_free(struct areid_model *model);

/*
 Lists the sizes that a model with dynamic inputs was compiled for; it runs at these and no other.

 kind is one of areid_gear_kind, count the number of gears, and width the numbers of each.
 values, int64 [count, width], is filled if capacity, its room in numbers, is enough; with a
 capacity of 0 it is left alone.

 Errors: AREID_SIZE_MISMATCH if capacity is neither 0 nor enough; AREID_BUSY once the model was
 given to an embedder.

 The caller sees to it:
 kind, count and width are writable, values for capacity numbers, and none overlaps another.
 */
areid_status areid_model_gears(const struct areid_model *model,
                               int32_t *kind,
                               size_t *count,
                               size_t *width,
                               int64_t *values,
                               size_t capacity);

/*
 Submits a run, which goes on while the caller does something else.

 Arguments as those of areid_model_run; what can be checked is checked before this returns. The lists
 are copied; the buffers that they name belong to the run until it is done: until the callback
 is called, or areid_run_wait or areid_run_poll say so, or areid_run_free has returned. Runs of a
 model are done in the order of submission, and take turns with areid_model_run. The gear cannot be
 changed while runs are under way.

 callback may be NULL, and so may run; not both, as nobody could learn of the end. A run whose
 handle was not asked for needs no areid_run_free. run is written before the callback can be called.
 Freeing the model does not end runs under way.

 Errors: as areid_model_run before the run; AREID_INVALID_ARGUMENT without callback and run.
 The callback is then not called.

 The caller sees to it:
 The lists are readable for their counts; until the run is done each input is readable for its bytes,
 and each output is writable for its bytes and overlaps nothing else that is in use; callback may be
 called with user from another thread.
 */
areid_status areid_model_submit(const struct areid_model *model,
                                const struct areid_input *inputs,
                                size_t input_count,
                                const struct areid_output *outputs,
                                size_t output_count,
                                areid_run_callback callback,
                                void *user,
                                struct areid_run **run);

/*
 Tells by 1 or 0 whether a run is done, without waiting. How it ended areid_run_wait tells.

 The caller sees to it:
 done is writable.
 */
areid_status areid_run_poll(const struct areid_run *run, int32_t *done);

/*
 Waits until a run is done, at most timeout_ms milliseconds (0 looks once, negative is for ever), and
 returns how it ended. May be called again, and from several threads.

 Errors: AREID_TIMEOUT if it is not done by then; AREID_BUSY from inside of a callback of the
 same model, which would wait for itself; else those of the run, as areid_model_run has them.
 */
areid_status areid_run_wait(const struct areid_run *run,
                            int64_t timeout_ms);

/*
 Frees a run; one that is not done is waited for, so that afterwards its buffers are the caller's.
 NULL is allowed.

 From inside of a callback of the same model it does not wait: the run goes on, and its buffers are
 its own until it is done. How the run ended is lost.
 */
areid_status areid_run_free(struct areid_run *run);

/*
 Loads an MGN from an .om file.

 The model has one input, float32 [N, 3, 384, 128], and gives features, float32 or float16 [N, D],
 as its output of that name, else its first. options may be NULL.

 Errors: AREID_FILE if the file cannot be read; AREID_ACL if AscendCL does not take it;
 AREID_WRONG_MODEL if it is no MGN; AREID_INVALID_ARGUMENT, AREID_UNSUPPORTED for the options;
 AREID_NOT_UTF8.

 The caller sees to it:
 path ends in a zero byte; options is NULL or readable for its struct_size; embedder is writable.
 */
areid_status areid_embedder_open(const struct areid_device *device,
                                 const char *path,
                                 const struct areid_embedder_options *options,
                                 struct areid_embedder **embedder);

/*
 Loads an MGN from the bytes of an .om, which are not needed afterwards. Else as
 areid_embedder_open.

 The caller sees to it:
 om is readable for bytes; options is NULL or readable for its struct_size; embedder is writable.
 */
areid_status areid_embedder_open_memory(const struct areid_device *device,
                                        const void *om,
                                        size_t bytes,
                                        const struct areid_embedder_options *options,
                                        struct areid_embedder **embedder);

/*
 Makes an embedder of a model that is loaded, and takes the model over.

 On success the model's handle is freed. On failure it is as it was, unless the device has no memory
 for the embedder's batch (AREID_ACL): then the model is gone, too. Else as areid_embedder_open.

 Errors: AREID_BUSY while runs that were submitted to the model are under way; AREID_WRONG_MODEL.

 The caller sees to it:
 options is NULL or readable for its struct_size; embedder is writable.
 */
areid_status areid_embedder_from_model(struct areid_model *model,
                                       const struct areid_embedder_options *options,
                                       struct areid_embedder **embedder);

/*
 Tells how many numbers the features of a picture have.

 The caller sees to it:
 dim is writable.
 */
areid_status areid_embedder_dim(const struct areid_embedder *embedder, size_t *dim);

/*
 Tells how many pictures go through the model at once; calls with a multiple of it lose no time.

 The caller sees to it:
 batch is writable.
 */
areid_status areid_embedder_batch(const struct areid_embedder *embedder, size_t *batch);

/*
 Computes the features of pictures: float32 [count, dim], in the order of the pictures.

 Any number of pictures: they are decoded, scaled to 384 x 128 and normalised on all cores, as the
 reference does bit by bit, and go through the model batch by batch, the last one filled up. numbers
 is the room in features and must be count times dim.

 Errors: AREID_PICTURE, or AREID_FILE for one that cannot be read, with the index of the first
 picture that cannot be used; AREID_SIZE_MISMATCH for another room; AREID_INVALID_ARGUMENT for
 features that cannot be brought to length one; AREID_OVERFLOW; AREID_ACL. features is then as it
 was.

 The caller sees to it:
 pictures is readable for count, each as its kind says; features is writable for numbers and
 overlaps nothing else.
 */
areid_status areid_embedder_run(const struct areid_embedder *embedder,
                                const struct areid_picture *pictures,
                                size_t count,
                                float *features,
                                size_t numbers);

/* Frees an embedder, once calls under way on other threads are done. NULL is allowed. */
areid_status areid_embedder_free(struct areid_embedder *embedder);

/*
 Makes an empty gallery for features of dim numbers. options may be NULL.

 Errors: AREID_INVALID_ARGUMENT for a dim of 0 or another metric.

 The caller sees to it:
 options is NULL or readable for its struct_size; gallery is writable.
 */
areid_status areid_gallery_new(size_t dim,
                               const struct areid_gallery_options *options,
                               struct areid_gallery **gallery);

/*
 Reads a gallery from a file that areid_gallery_save wrote, with its dim and metric.

 Errors: AREID_FILE if it cannot be read, is damaged or of another kind; AREID_NOT_UTF8.

 The caller sees to it:
 path ends in a zero byte; gallery is writable.
 */
areid_status areid_gallery_load(const char *path, struct areid_gallery **gallery);

/*
 Writes a gallery to a file, which appears whole or not at all, in place of one that was there.

 The file is in the format safetensors: ids, one int64 per row, and features, float32 [rows, dim].

 Errors: AREID_FILE; AREID_NOT_UTF8.

 The caller sees to it:
 path ends in a zero byte.
 */
areid_status areid_gallery_save(const struct areid_gallery *gallery, const char *path);

/*
 Adds count rows: ids, count int64, and features, float32 [count, dim]; all or none.

 Several rows may have one id. Features are kept as they are.

 Errors: AREID_INVALID_ARGUMENT for numbers that are not finite, and with the cosine for a row of
 zeros; AREID_OVERFLOW.

 The caller sees to it:
 ids is readable for count numbers, features for count times dim.
 */
areid_status areid_gallery_add(const struct areid_gallery *gallery,
                               const int64_t *ids,
                               const float *features,
                               size_t count);

/*
 Removes all rows with an id; removed (may be NULL) tells how many they were.

 Errors: AREID_NOT_FOUND if there is none.

 The caller sees to it:
 removed is NULL or writable.
 */
areid_status areid_gallery_remove(const struct areid_gallery *gallery, int64_t id, size_t *removed);

/*
 Tells how many rows a gallery has, and how many numbers each of them.

 The caller sees to it:
 count and dim are writable.
 */
areid_status areid_gallery_shape(const struct areid_gallery *gallery, size_t *count, size_t *dim);

/*
 Finds the top nearest rows of each query, float32 [queries, dim], nearest first.

 Fills ids, int64 [queries, top], and distances, float64 [queries, top], by the gallery's metric.
 Rows at equal distance stand in the order in which they were added. found tells how many of each
 query's top places are filled: all, or as many as the gallery has rows; the others stay as they
 were. Exact, and the same for any number of threads.

 Errors: AREID_INVALID_ARGUMENT for a top of 0, for queries that are not finite, and with the
 cosine for a query of zeros; AREID_OVERFLOW.

 The caller sees to it:
 features is readable for queries times dim numbers; ids and distances are writable for queries
 times top numbers each, found is writable, and none overlaps another.
 */
areid_status areid_gallery_search(const struct areid_gallery *gallery,
                                  const float *features,
                                  size_t queries,
                                  size_t top,
                                  int64_t *ids,
                                  double *distances,
                                  size_t *found);

/* Frees a gallery, once calls under way on other threads are done. NULL is allowed. */
areid_status areid_gallery_free(struct areid_gallery *gallery);

/*
 Evaluates how well features of dim numbers find people: mean average precision and the CMC curve.

 A gallery row is a right answer if it shows the query's person under another camera; the same
 person under the same camera is set aside. cmc, cmc_count float64, is filled: element k is the
 share of queries with a right answer among the first k + 1. options may be NULL.

 Errors: AREID_INVALID_ARGUMENT for a set without rows, rows that are not finite or zero throughout,
 negative cameras, no query with a right answer, too few rows for re-ranking, and other options;
 AREID_OVERFLOW. Results are then as they were.

 The caller sees to it:
 query and gallery are readable, and their members for what they say; options is NULL or readable
 for its struct_size; scores is writable, cmc for cmc_count numbers, and they do not overlap.
 */
areid_status areid_evaluate(const struct areid_labelled_set *query,
                            const struct areid_labelled_set *gallery,
                            size_t dim,
                            const struct areid_evaluate_options *options,
                            struct areid_scores *scores,
                            double *cmc,
                            size_t cmc_count);

/*
 Computes the Frechet distance (FID) of two sets of features, float32 [count, dim], at least two
 rows each: of normal distributions with their means and covariances, added in float64.

 Errors: AREID_INVALID_ARGUMENT for a dim of 0, fewer than two rows, or numbers that are not finite;
 AREID_OVERFLOW.

 The caller sees to it:
 first and second are readable for their counts times dim; distance is writable.
 */
areid_status areid_fid(const float *first,
                       size_t first_count,
                       const float *second,
                       size_t second_count,
                       size_t dim,
                       double *distance);

/*
 Loads a DG-Net generator from an .om file.

 The model has the inputs image1, float32 [N, 1, H, W], and image2, float32 [N, 3, H, W], and gives
 pictures, float32 or float16 [N, 3, H, W].

 Errors: AREID_FILE if the file cannot be read; AREID_ACL if AscendCL does not take it;
 AREID_WRONG_MODEL if it is no generator; AREID_NOT_UTF8.

 The caller sees to it:
 path ends in a zero byte; generator is writable.
 */
areid_status areid_generator_open(const struct areid_device *device,
                                  const char *path,
                                  struct areid_generator **generator);

/*
 Loads a generator from the bytes of an .om, which are not needed afterwards. Else as
 areid_generator_open.

 The caller sees to it:
 om is readable for bytes; generator is writable.
 */
areid_status areid_generator_open_memory(const struct areid_device *device,
                                         const void *om,
                                         size_t bytes,
                                         struct areid_generator **generator);

/*
 Tells the size of the pictures in pixels (256 x 128 for the published network), and how many pairs
 go through the model at once.

 The caller sees to it:
 height, width and batch are writable.
 */
areid_status areid_generator_shape(const struct areid_generator *generator,
                                   size_t *height,
                                   size_t *width,
                                   size_t *batch);

/*
 Draws the person of each content in the pose of its structure: uint8 [count, height, width, 3],
 R, G, B, in the order of the pairs.

 structures give pose, hair, face and background; contents give the clothes. bytes is the room in
 rgb and must be count times height times width times 3.

 Errors: AREID_PICTURE, or AREID_FILE for one that cannot be read, with the index of the first
 picture that cannot be used; AREID_SIZE_MISMATCH for another room; AREID_WRONG_MODEL if the model
 gives numbers that are not finite; AREID_ACL. rgb is then as it was.

 The caller sees to it:
 structures and contents are readable for count, each as its kind says; rgb is writable for bytes
 and overlaps nothing else.
 */
areid_status areid_generator_run(const struct areid_generator *generator,
                                 const struct areid_picture *structures,
                                 const struct areid_picture *contents,
                                 size_t count,
                                 uint8_t *rgb,
                                 size_t bytes);

/* Frees a generator, once calls under way on other threads are done. NULL is allowed. */
areid_status areid_generator_free(struct areid_generator *generator);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ASCEND_REID_H */
