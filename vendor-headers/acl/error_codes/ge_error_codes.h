/*
 * acl/error_codes/ge_error_codes.h: Error codes of the graph engine (145xxx, 245xxx, 545xxx).
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ERROR_CODES_GE_ERROR_CODES_H_
#define ASCEND_REID_ACL_ERROR_CODES_GE_ERROR_CODES_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Graph engine: param invalid. */
static const uint32_t ACL_ERROR_GE_PARAM_INVALID = 145000;
/** Graph engine: exec not init. */
static const uint32_t ACL_ERROR_GE_EXEC_NOT_INIT = 145001;
/** Graph engine: exec model path invalid. */
static const uint32_t ACL_ERROR_GE_EXEC_MODEL_PATH_INVALID = 145002;
/** Graph engine: exec model id invalid. */
static const uint32_t ACL_ERROR_GE_EXEC_MODEL_ID_INVALID = 145003;
/** Graph engine: exec model key path invalid. */
static const uint32_t ACL_ERROR_GE_EXEC_MODEL_KEY_PATH_INVALID = 145004;
/** Graph engine: exec model not support encryption. */
static const uint32_t ACL_ERROR_GE_EXEC_MODEL_NOT_SUPPORT_ENCRYPTION = 145005;
/** Graph engine: exec model data size invalid. */
static const uint32_t ACL_ERROR_GE_EXEC_MODEL_DATA_SIZE_INVALID = 145006;
/** Graph engine: exec model addr invalid. */
static const uint32_t ACL_ERROR_GE_EXEC_MODEL_ADDR_INVALID = 145007;
/** Graph engine: exec model queue id invalid. */
static const uint32_t ACL_ERROR_GE_EXEC_MODEL_QUEUE_ID_INVALID = 145008;
/** Graph engine: exec load model repeated. */
static const uint32_t ACL_ERROR_GE_EXEC_LOAD_MODEL_REPEATED = 145009;
/** Graph engine: exec model partition num invalid. */
static const uint32_t ACL_ERROR_GE_EXEC_MODEL_PARTITION_NUM_INVALID = 145010;
/** Graph engine: dynamic input addr invalid. */
static const uint32_t ACL_ERROR_GE_DYNAMIC_INPUT_ADDR_INVALID = 145011;
/** Graph engine: dynamic input length invalid. */
static const uint32_t ACL_ERROR_GE_DYNAMIC_INPUT_LENGTH_INVALID = 145012;
/** Graph engine: dynamic batch size invalid. */
static const uint32_t ACL_ERROR_GE_DYNAMIC_BATCH_SIZE_INVALID = 145013;
/** Graph engine: aipp batch empty. */
static const uint32_t ACL_ERROR_GE_AIPP_BATCH_EMPTY = 145014;
/** Graph engine: aipp not exist. */
static const uint32_t ACL_ERROR_GE_AIPP_NOT_EXIST = 145015;
/** Graph engine: aipp mode invalid. */
static const uint32_t ACL_ERROR_GE_AIPP_MODE_INVALID = 145016;
/** Graph engine: op task type invalid. */
static const uint32_t ACL_ERROR_GE_OP_TASK_TYPE_INVALID = 145017;
/** Graph engine: op kernel type invalid. */
static const uint32_t ACL_ERROR_GE_OP_KERNEL_TYPE_INVALID = 145018;
/** Graph engine: plgmgr path invalid. */
static const uint32_t ACL_ERROR_GE_PLGMGR_PATH_INVALID = 145019;
/** Graph engine: format invalid. */
static const uint32_t ACL_ERROR_GE_FORMAT_INVALID = 145020;
/** Graph engine: transshape format invalid. */
static const uint32_t ACL_ERROR_GE_TRANSSHAPE_FORMAT_INVALID = 145020;
/** Graph engine: shape invalid. */
static const uint32_t ACL_ERROR_GE_SHAPE_INVALID = 145021;
/** Graph engine: transshape shape invalid. */
static const uint32_t ACL_ERROR_GE_TRANSSHAPE_SHAPE_INVALID = 145021;
/** Graph engine: datatype invalid. */
static const uint32_t ACL_ERROR_GE_DATATYPE_INVALID = 145022;
/** Graph engine: transshape datatype invalid. */
static const uint32_t ACL_ERROR_GE_TRANSSHAPE_DATATYPE_INVALID = 145022;
/** Graph engine: memory allocation. */
static const uint32_t ACL_ERROR_GE_MEMORY_ALLOCATION = 245000;
/** Graph engine: memory operate failed. */
static const uint32_t ACL_ERROR_GE_MEMORY_OPERATE_FAILED = 245001;
/** Graph engine: device memory operate failed. */
static const uint32_t ACL_ERROR_GE_DEVICE_MEMORY_OPERATE_FAILED = 245002;
/** Graph engine: internal error. */
static const uint32_t ACL_ERROR_GE_INTERNAL_ERROR = 545000;
/** Graph engine: load model. */
static const uint32_t ACL_ERROR_GE_LOAD_MODEL = 545001;
/** Graph engine: exec load model partition failed. */
static const uint32_t ACL_ERROR_GE_EXEC_LOAD_MODEL_PARTITION_FAILED = 545002;
/** Graph engine: exec load weight partition failed. */
static const uint32_t ACL_ERROR_GE_EXEC_LOAD_WEIGHT_PARTITION_FAILED = 545003;
/** Graph engine: exec load task partition failed. */
static const uint32_t ACL_ERROR_GE_EXEC_LOAD_TASK_PARTITION_FAILED = 545004;
/** Graph engine: exec load kernel partition failed. */
static const uint32_t ACL_ERROR_GE_EXEC_LOAD_KERNEL_PARTITION_FAILED = 545005;
/** Graph engine: exec release model data. */
static const uint32_t ACL_ERROR_GE_EXEC_RELEASE_MODEL_DATA = 545006;
/** Graph engine: command handle. */
static const uint32_t ACL_ERROR_GE_COMMAND_HANDLE = 545007;
/** Graph engine: get tensor info. */
static const uint32_t ACL_ERROR_GE_GET_TENSOR_INFO = 545008;
/** Graph engine: unload model. */
static const uint32_t ACL_ERROR_GE_UNLOAD_MODEL = 545009;

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ERROR_CODES_GE_ERROR_CODES_H_ */
