/*
 * acl/acl_base.h: Base types: error codes of the API itself, data types, formats, data buffers, tensor descriptions, half precision.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ACL_BASE_H_
#define ASCEND_REID_ACL_ACL_BASE_H_

#include <stddef.h>
#include <stdint.h>
#include "acl/error_codes/ge_error_codes.h"
#include "acl/error_codes/rt_error_codes.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Pair length of a shape range. */
#define ACL_TENSOR_SHAPE_RANGE_NUM 2
/** Pair length of a value range. */
#define ACL_TENSOR_VALUE_RANGE_NUM 2
/** Dim count meaning unknown rank (-2 as size_t). */
#define ACL_UNKNOWN_RANK 0xFFFFFFFFFFFFFFFEULL

/** Result of a call: ACL_SUCCESS or an error code. */
typedef int aclError;
/** IEEE 754 half precision number, as bits. */
typedef uint16_t aclFloat16;
/** Opaque handle. */
typedef void *aclrtContext;
/** Opaque handle. */
typedef void *aclrtEvent;
/** Opaque handle. */
typedef void *aclrtStream;
/** Opaque object; used through a pointer. */
typedef struct aclDataBuffer aclDataBuffer;
/** Opaque object; used through a pointer. */
typedef struct aclTensorDesc aclTensorDesc;

/** Older alias of success (0). */
static const int ACL_ERROR_NONE = 0;
/** Call completed. */
static const int ACL_SUCCESS = 0;
/** An argument is null, out of range or otherwise wrong. */
static const int ACL_ERROR_INVALID_PARAM = 100000;
/** AclInit has not run (or its set-up is missing). */
static const int ACL_ERROR_UNINITIALIZE = 100001;
/** Initialised a second time. */
static const int ACL_ERROR_REPEAT_INITIALIZE = 100002;
/** File missing or unreadable. */
static const int ACL_ERROR_INVALID_FILE = 100003;
/** Could not write a file. */
static const int ACL_ERROR_WRITE_FILE = 100004;
/** File size unacceptable. */
static const int ACL_ERROR_INVALID_FILE_SIZE = 100005;
/** File content cannot be parsed. */
static const int ACL_ERROR_PARSE_FILE = 100006;
/** Required attribute absent from file. */
static const int ACL_ERROR_FILE_MISSING_ATTR = 100007;
/** Attribute in file has a bad value. */
static const int ACL_ERROR_FILE_ATTR_INVALID = 100008;
/** Dump section of the configuration is wrong. */
static const int ACL_ERROR_INVALID_DUMP_CONFIG = 100009;
/** Profiling section of the configuration is wrong. */
static const int ACL_ERROR_INVALID_PROFILING_CONFIG = 100010;
/** No loaded model has this id. */
static const int ACL_ERROR_INVALID_MODEL_ID = 100011;
/** Model bytes cannot be decoded (corrupt, or version mismatch). */
static const int ACL_ERROR_DESERIALIZE_MODEL = 100012;
/** Model cannot be interpreted. */
static const int ACL_ERROR_PARSE_MODEL = 100013;
/** Model could not be read. */
static const int ACL_ERROR_READ_MODEL_FAILURE = 100014;
/** Size given for the model is wrong. */
static const int ACL_ERROR_MODEL_SIZE_INVALID = 100015;
/** Model lacks a needed attribute. */
static const int ACL_ERROR_MODEL_MISSING_ATTR = 100016;
/** Inputs differ from what the model expects. */
static const int ACL_ERROR_MODEL_INPUT_NOT_MATCH = 100017;
/** Outputs differ from what the model expects. */
static const int ACL_ERROR_MODEL_OUTPUT_NOT_MATCH = 100018;
/** Dynamic-shape call made on a fixed-shape model. */
static const int ACL_ERROR_MODEL_NOT_DYNAMIC = 100019;
/** Single-op type differs. */
static const int ACL_ERROR_OP_TYPE_NOT_MATCH = 100020;
/** Single-op inputs differ. */
static const int ACL_ERROR_OP_INPUT_NOT_MATCH = 100021;
/** Single-op outputs differ. */
static const int ACL_ERROR_OP_OUTPUT_NOT_MATCH = 100022;
/** Single-op attributes differ. */
static const int ACL_ERROR_OP_ATTR_NOT_MATCH = 100023;
/** No compiled op model fits. */
static const int ACL_ERROR_OP_NOT_FOUND = 100024;
/** Op model could not be loaded. */
static const int ACL_ERROR_OP_LOAD_FAILED = 100025;
/** Data type not handled. */
static const int ACL_ERROR_UNSUPPORTED_DATA_TYPE = 100026;
/** Tensor format differs. */
static const int ACL_ERROR_FORMAT_NOT_MATCH = 100027;
/** No binary-selector function for the op. */
static const int ACL_ERROR_BIN_SELECTOR_NOT_REGISTERED = 100028;
/** Kernel not registered. */
static const int ACL_ERROR_KERNEL_NOT_FOUND = 100029;
/** Binary selector registered before. */
static const int ACL_ERROR_BIN_SELECTOR_ALREADY_REGISTERED = 100030;
/** Kernel registered before. */
static const int ACL_ERROR_KERNEL_ALREADY_REGISTERED = 100031;
/** Queue id unknown. */
static const int ACL_ERROR_INVALID_QUEUE_ID = 100032;
/** Already subscribed. */
static const int ACL_ERROR_REPEAT_SUBSCRIBE = 100033;
/** No thread subscribed for this stream. */
static const int ACL_ERROR_STREAM_NOT_SUBSCRIBE = 100034;
/** The thread holds no subscription. */
static const int ACL_ERROR_THREAD_NOT_SUBSCRIBE = 100035;
/** Waited too long for a callback. */
static const int ACL_ERROR_WAIT_CALLBACK_TIMEOUT = 100036;
/** Finalised a second time. */
static const int ACL_ERROR_REPEAT_FINALIZE = 100037;
/** The input has no static AIPP. */
static const int ACL_ERROR_NOT_STATIC_AIPP = 100038;
/** A link-time stub library was loaded at run time. */
static const int ACL_ERROR_COMPILING_STUB_MODE = 100039;
/** No group chosen. */
static const int ACL_ERROR_GROUP_NOT_SET = 100040;
/** Group does not exist. */
static const int ACL_ERROR_GROUP_NOT_CREATE = 100041;
/** Profiling is already on. */
static const int ACL_ERROR_PROF_ALREADY_RUN = 100042;
/** Profiling was never started. */
static const int ACL_ERROR_PROF_NOT_RUN = 100043;
/** Dump is already on. */
static const int ACL_ERROR_DUMP_ALREADY_RUN = 100044;
/** Dump was never started. */
static const int ACL_ERROR_DUMP_NOT_RUN = 100045;
/** Profiling subscription exists already. */
static const int ACL_ERROR_PROF_REPEAT_SUBSCRIBE = 148046;
/** Two profiling interfaces used together. */
static const int ACL_ERROR_PROF_API_CONFLICT = 148047;
/** Max_opqueue_num in configuration is wrong. */
static const int ACL_ERROR_INVALID_MAX_OPQUEUE_NUM_CONFIG = 148048;
/** ASCEND_OPP_PATH unset or wrong. */
static const int ACL_ERROR_INVALID_OPP_PATH = 148049;
/** Op cannot run with dynamic shape. */
static const int ACL_ERROR_OP_UNSUPPORTED_DYNAMIC = 148050;
/** Dependent resources (e.g. tensor list/desc) still alive. */
static const int ACL_ERROR_RELATIVE_RESOURCE_NOT_CLEARED = 148051;
/** JPEG variant the hardware cannot decode. */
static const int ACL_ERROR_UNSUPPORTED_JPEG = 148052;
/** Host or device allocation failed. */
static const int ACL_ERROR_BAD_ALLOC = 200000;
/** The interface does not exist on this platform. */
static const int ACL_ERROR_API_NOT_SUPPORT = 200001;
/** Device id wrong or device not usable. */
static const int ACL_ERROR_INVALID_DEVICE = 200002;
/** Address alignment wrong. */
static const int ACL_ERROR_MEMORY_ADDRESS_UNALIGNED = 200003;
/** Resource belongs elsewhere (stream/context/device mismatch). */
static const int ACL_ERROR_RESOURCE_NOT_MATCH = 200004;
/** Handle is not valid. */
static const int ACL_ERROR_INVALID_RESOURCE_HANDLE = 200005;
/** Feature is not available. */
static const int ACL_ERROR_FEATURE_UNSUPPORTED = 200006;
/** A requested profiling module is not available. */
static const int ACL_ERROR_PROF_MODULES_UNSUPPORTED = 200007;
/** Storage quota passed. */
static const int ACL_ERROR_STORAGE_OVER_LIMIT = 300000;
/** Unspecified internal fault. */
static const int ACL_ERROR_INTERNAL_ERROR = 500000;
/** ACL-internal failure. */
static const int ACL_ERROR_FAILURE = 500001;
/** Failure from the graph engine. */
static const int ACL_ERROR_GE_FAILURE = 500002;
/** Failure from the runtime layer. */
static const int ACL_ERROR_RT_FAILURE = 500003;
/** Failure from the driver. */
static const int ACL_ERROR_DRV_FAILURE = 500004;
/** Failure from profiling. */
static const int ACL_ERROR_PROFILING_FAILURE = 500005;

/** Logs through aclAppLog with the place of the call; the first variadic argument is the format. */
#define ACL_APP_LOG(level, ...) aclAppLog((level), __func__, __FILE__, __LINE__, __VA_ARGS__)

typedef enum aclDataType {
    ACL_DT_UNDEFINED = -1,
    ACL_FLOAT = 0,
    ACL_FLOAT16 = 1,
    ACL_INT8 = 2,
    ACL_INT32 = 3,
    ACL_UINT8 = 4,
    ACL_INT16 = 6,
    ACL_UINT16 = 7,
    ACL_UINT32 = 8,
    ACL_INT64 = 9,
    ACL_UINT64 = 10,
    ACL_DOUBLE = 11,
    ACL_BOOL = 12,
    ACL_STRING = 13,
    ACL_COMPLEX64 = 16,
    ACL_COMPLEX128 = 17,
    ACL_BF16 = 27
} aclDataType;

typedef enum aclFormat {
    ACL_FORMAT_UNDEFINED = -1,
    ACL_FORMAT_NCHW = 0,
    ACL_FORMAT_NHWC = 1,
    ACL_FORMAT_ND = 2,
    ACL_FORMAT_NC1HWC0 = 3,
    ACL_FORMAT_FRACTAL_Z = 4,
    ACL_FORMAT_NC1HWC0_C04 = 12,
    ACL_FORMAT_HWCN = 16,
    ACL_FORMAT_NDHWC = 27,
    ACL_FORMAT_FRACTAL_NZ = 29,
    ACL_FORMAT_NCDHW = 30,
    ACL_FORMAT_NDC1HWC0 = 32,
    ACL_FRACTAL_Z_3D = 33
} aclFormat;

typedef enum aclLogLevel {
    ACL_DEBUG = 0,
    ACL_INFO = 1,
    ACL_WARNING = 2,
    ACL_ERROR = 3
} aclLogLevel;

typedef enum aclMemType {
    ACL_MEMTYPE_DEVICE = 0,
    ACL_MEMTYPE_HOST = 1,
    ACL_MEMTYPE_HOST_COMPILE_INDEPENDENT = 2
} aclMemType;

/* Miscellaneous */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
void aclAppLog(
    aclLogLevel logLevel, const char *func, const char *file, uint32_t line, const char *fmt, ...);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclDataTypeSize(aclDataType dataType);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
float aclFloat16ToFloat(aclFloat16 value);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclFloat16 aclFloatToFloat16(float value);

/** Since CANN 5.0.1, in libascendcl.so. */
const char *aclrtGetSocName(void);

/* Data sets and data buffers */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclDataBuffer *aclCreateDataBuffer(void *data, size_t size);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclDestroyDataBuffer(const aclDataBuffer *dataBuffer);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
void *aclGetDataBufferAddr(const aclDataBuffer *dataBuffer);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 3.3. */
uint32_t aclGetDataBufferSize(const aclDataBuffer *dataBuffer);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclGetDataBufferSizeV2(const aclDataBuffer *dataBuffer);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclUpdateDataBuffer(aclDataBuffer *dataBuffer, void *data, size_t size);

/* tensor desc */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclTensorDesc *aclCreateTensorDesc(
    aclDataType dataType, int numDims, const int64_t *dims, aclFormat format);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
void aclDestroyTensorDesc(const aclTensorDesc *desc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
void *aclGetTensorDescAddress(const aclTensorDesc *desc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclTensorDesc *aclGetTensorDescByIndex(aclTensorDesc *desc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 3.3. */
int64_t aclGetTensorDescDim(const aclTensorDesc *desc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclGetTensorDescDimRange(
    const aclTensorDesc *desc, size_t index, size_t dimRangeNum, int64_t *dimRange);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclGetTensorDescDimV2(const aclTensorDesc *desc, size_t index, int64_t *dimSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclGetTensorDescElementCount(const aclTensorDesc *desc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclFormat aclGetTensorDescFormat(const aclTensorDesc *desc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
const char *aclGetTensorDescName(aclTensorDesc *desc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclGetTensorDescNumDims(const aclTensorDesc *desc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclGetTensorDescSize(const aclTensorDesc *desc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclDataType aclGetTensorDescType(const aclTensorDesc *desc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclSetTensorConst(aclTensorDesc *desc, void *dataBuffer, size_t length);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
void aclSetTensorDescName(aclTensorDesc *desc, const char *name);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclSetTensorDynamicInput(aclTensorDesc *desc, const char *dynamicInputName);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclSetTensorFormat(aclTensorDesc *desc, aclFormat format);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclSetTensorOriginFormat(aclTensorDesc *desc, aclFormat format);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclSetTensorOriginShape(aclTensorDesc *desc, int numDims, const int64_t *dims);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclSetTensorPlaceMent(aclTensorDesc *desc, aclMemType memType);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclSetTensorShape(aclTensorDesc *desc, int numDims, const int64_t *dims);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclSetTensorShapeRange(aclTensorDesc *desc, size_t dimsCount, int64_t dimsRange[][2]);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 3.3. */
aclError aclSetTensorStorageFormat(aclTensorDesc *desc, aclFormat format);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 3.3. */
aclError aclSetTensorStorageShape(aclTensorDesc *desc, int numDims, const int64_t *dims);

/** Since CANN 5.0.4, in libascendcl.so. */
aclError aclSetTensorValueRange(aclTensorDesc *desc, size_t valueCount, int64_t valueRange[][2]);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclTransTensorDescFormat(
    const aclTensorDesc *srcDesc, aclFormat dstFormat, aclTensorDesc **dstDesc);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ACL_BASE_H_ */
