/*
 * acl/error_codes/rt_error_codes.h: Error codes of the runtime layer (107xxx, 207xxx, 507xxx).
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ERROR_CODES_RT_ERROR_CODES_H_
#define ASCEND_REID_ACL_ERROR_CODES_RT_ERROR_CODES_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Runtime-level success. */
#define ACL_RT_SUCCESS 0
/** Runtime argument wrong. */
#define ACL_ERROR_RT_PARAM_INVALID 107000
/** No such device id. */
#define ACL_ERROR_RT_INVALID_DEVICEID 107001
/** Thread has no current context. */
#define ACL_ERROR_RT_CONTEXT_NULL 107002
/** Stream belongs to another context. */
#define ACL_ERROR_RT_STREAM_CONTEXT 107003
/** Model belongs to another context. */
#define ACL_ERROR_RT_MODEL_CONTEXT 107004
/** Stream is not bound to that model. */
#define ACL_ERROR_RT_STREAM_MODEL 107005
/** Event carries no usable time stamp. */
#define ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID 107006
/** End stamp lies before start stamp. */
#define ACL_ERROR_RT_EVENT_TIMESTAMP_REVERSAL 107007
/** Address alignment wrong. */
#define ACL_ERROR_RT_ADDR_UNALIGNED 107008
/** Open of a file failed. */
#define ACL_ERROR_RT_FILE_OPEN 107009
/** Write of a file failed. */
#define ACL_ERROR_RT_FILE_WRITE 107010
/** Stream not (or already) subscribed. */
#define ACL_ERROR_RT_STREAM_SUBSCRIBE 107011
/** Thread not (or already) subscribed. */
#define ACL_ERROR_RT_THREAD_SUBSCRIBE 107012
/** No group chosen. */
#define ACL_ERROR_RT_GROUP_NOT_SET 107013
/** Group does not exist. */
#define ACL_ERROR_RT_GROUP_NOT_CREATE 107014
/** No callback thread registered for the stream. */
#define ACL_ERROR_RT_STREAM_NO_CB_REG 107015
/** Memory type unknown. */
#define ACL_ERROR_RT_INVALID_MEMORY_TYPE 107016
/** Handle not valid. */
#define ACL_ERROR_RT_INVALID_HANDLE 107017
/** Allocation policy/type unknown. */
#define ACL_ERROR_RT_INVALID_MALLOC_TYPE 107018
/** Wait ran out of time. */
#define ACL_ERROR_RT_WAIT_TIMEOUT 107019
/** Task ran out of time. */
#define ACL_ERROR_RT_TASK_TIMEOUT 107020
/** Feature not available on this chip/driver. */
#define ACL_ERROR_RT_FEATURE_NOT_SUPPORT 207000
/** Device memory allocation failed. */
#define ACL_ERROR_RT_MEMORY_ALLOCATION 207001
/** Device memory release failed. */
#define ACL_ERROR_RT_MEMORY_FREE 207002
/** AI Core arithmetic overflow. */
#define ACL_ERROR_RT_AICORE_OVER_FLOW 207003
/** No device present. */
#define ACL_ERROR_RT_NO_DEVICE 207004
/** Resource allocation failed. */
#define ACL_ERROR_RT_RESOURCE_ALLOC_FAIL 207005
/** Caller lacks permission. */
#define ACL_ERROR_RT_NO_PERMISSION 207006
/** Event pool empty. */
#define ACL_ERROR_RT_NO_EVENT_RESOURCE 207007
/** Stream pool empty. */
#define ACL_ERROR_RT_NO_STREAM_RESOURCE 207008
/** Notify pool empty. */
#define ACL_ERROR_RT_NO_NOTIFY_RESOURCE 207009
/** Model-id pool empty. */
#define ACL_ERROR_RT_NO_MODEL_RESOURCE 207010
/** CDQ pool empty. */
#define ACL_ERROR_RT_NO_CDQ_RESOURCE 207011
/** Quota passed. */
#define ACL_ERROR_RT_OVER_LIMIT 207012
/** Queue holds nothing. */
#define ACL_ERROR_RT_QUEUE_EMPTY 207013
/** Queue has no room. */
#define ACL_ERROR_RT_QUEUE_FULL 207014
/** Initialised a second time. */
#define ACL_ERROR_RT_REPEATED_INIT 207015
/** Vector core arithmetic overflow. */
#define ACL_ERROR_RT_AIVEC_OVER_FLOW 207016
/** Arithmetic overflow (any core). */
#define ACL_ERROR_RT_OVER_FLOW 207017
/** Device out of memory (older misspelt name). */
#define ACL_ERROR_RT_DEVIDE_OOM 207018
/** Runtime internal fault. */
#define ACL_ERROR_RT_INTERNAL_ERROR 507000
/** Task-scheduler fault. */
#define ACL_ERROR_RT_TS_ERROR 507001
/** Stream task queue full. */
#define ACL_ERROR_RT_STREAM_TASK_FULL 507002
/** Stream task queue empty. */
#define ACL_ERROR_RT_STREAM_TASK_EMPTY 507003
/** Stream still has work. */
#define ACL_ERROR_RT_STREAM_NOT_COMPLETE 507004
/** Data source finished (AI CPU end of sequence). */
#define ACL_ERROR_RT_END_OF_SEQUENCE 507005
/** Event not reached yet. */
#define ACL_ERROR_RT_EVENT_NOT_COMPLETE 507006
/** Context release failed. */
#define ACL_ERROR_RT_CONTEXT_RELEASE_ERROR 507007
/** Chip version mismatch. */
#define ACL_ERROR_RT_SOC_VERSION 507008
/** Task type not handled. */
#define ACL_ERROR_RT_TASK_TYPE_NOT_SUPPORT 507009
/** Device heartbeat lost. */
#define ACL_ERROR_RT_LOST_HEARTBEAT 507010
/** Model run failed on device. */
#define ACL_ERROR_RT_MODEL_EXECUTE 507011
/** AclrtProcessReport saw nothing before its timeout. */
#define ACL_ERROR_RT_REPORT_TIMEOUT 507012
/** System DMA fault. */
#define ACL_ERROR_RT_SYS_DMA 507013
/** AI Core task ran too long. */
#define ACL_ERROR_RT_AICORE_TIMEOUT 507014
/** AI Core task raised an exception. */
#define ACL_ERROR_RT_AICORE_EXCEPTION 507015
/** AI Core trap. */
#define ACL_ERROR_RT_AICORE_TRAP_EXCEPTION 507016
/** AI CPU task ran too long. */
#define ACL_ERROR_RT_AICPU_TIMEOUT 507017
/** AI CPU task raised an exception. */
#define ACL_ERROR_RT_AICPU_EXCEPTION 507018
/** Runtime: aicpu datadump rsp err. */
#define ACL_ERROR_RT_AICPU_DATADUMP_RSP_ERR 507019
/** Runtime: aicpu model rsp err. */
#define ACL_ERROR_RT_AICPU_MODEL_RSP_ERR 507020
/** Runtime: profiling error. */
#define ACL_ERROR_RT_PROFILING_ERROR 507021
/** Runtime: ipc error. */
#define ACL_ERROR_RT_IPC_ERROR 507022
/** Runtime: model abort normal. */
#define ACL_ERROR_RT_MODEL_ABORT_NORMAL 507023
/** Runtime: kernel unregistering. */
#define ACL_ERROR_RT_KERNEL_UNREGISTERING 507024
/** Runtime: ringbuffer not init. */
#define ACL_ERROR_RT_RINGBUFFER_NOT_INIT 507025
/** Runtime: ringbuffer no data. */
#define ACL_ERROR_RT_RINGBUFFER_NO_DATA 507026
/** Runtime: kernel lookup. */
#define ACL_ERROR_RT_KERNEL_LOOKUP 507027
/** Runtime: kernel duplicate. */
#define ACL_ERROR_RT_KERNEL_DUPLICATE 507028
/** Runtime: debug register fail. */
#define ACL_ERROR_RT_DEBUG_REGISTER_FAIL 507029
/** Runtime: debug unregister fail. */
#define ACL_ERROR_RT_DEBUG_UNREGISTER_FAIL 507030
/** Runtime: label context. */
#define ACL_ERROR_RT_LABEL_CONTEXT 507031
/** Runtime: program use out. */
#define ACL_ERROR_RT_PROGRAM_USE_OUT 507032
/** Runtime: dev setup error. */
#define ACL_ERROR_RT_DEV_SETUP_ERROR 507033
/** Runtime: vector core timeout. */
#define ACL_ERROR_RT_VECTOR_CORE_TIMEOUT 507034
/** Runtime: vector core exception. */
#define ACL_ERROR_RT_VECTOR_CORE_EXCEPTION 507035
/** Runtime: vector core trap exception. */
#define ACL_ERROR_RT_VECTOR_CORE_TRAP_EXCEPTION 507036
/** Runtime: cdq batch abnormal. */
#define ACL_ERROR_RT_CDQ_BATCH_ABNORMAL 507037
/** Runtime: die mode change error. */
#define ACL_ERROR_RT_DIE_MODE_CHANGE_ERROR 507038
/** Runtime: die set error. */
#define ACL_ERROR_RT_DIE_SET_ERROR 507039
/** Runtime: invalid dieid. */
#define ACL_ERROR_RT_INVALID_DIEID 507040
/** Runtime: die mode not set. */
#define ACL_ERROR_RT_DIE_MODE_NOT_SET 507041
/** Runtime: aicore trap read overflow. */
#define ACL_ERROR_RT_AICORE_TRAP_READ_OVERFLOW 507042
/** Runtime: aicore trap write overflow. */
#define ACL_ERROR_RT_AICORE_TRAP_WRITE_OVERFLOW 507043
/** Runtime: vector core trap read overflow. */
#define ACL_ERROR_RT_VECTOR_CORE_TRAP_READ_OVERFLOW 507044
/** Runtime: vector core trap write overflow. */
#define ACL_ERROR_RT_VECTOR_CORE_TRAP_WRITE_OVERFLOW 507045
/** Stream sync with timeout expired. */
#define ACL_ERROR_RT_STREAM_SYNC_TIMEOUT 507046
/** Event sync with timeout expired. */
#define ACL_ERROR_RT_EVENT_SYNC_TIMEOUT 507047
/** Runtime: ffts plus timeout. */
#define ACL_ERROR_RT_FFTS_PLUS_TIMEOUT 507048
/** Runtime: ffts plus exception. */
#define ACL_ERROR_RT_FFTS_PLUS_EXCEPTION 507049
/** Runtime: ffts plus trap exception. */
#define ACL_ERROR_RT_FFTS_PLUS_TRAP_EXCEPTION 507050
/** Message to device could not be sent. */
#define ACL_ERROR_RT_SEND_MSG 507051
/** Data copy failed. */
#define ACL_ERROR_RT_COPY_DATA 507052
/** Driver internal fault. */
#define ACL_ERROR_RT_DRV_INTERNAL_ERROR 507899
/** AI CPU internal fault. */
#define ACL_ERROR_RT_AICPU_INTERNAL_ERROR 507900
/** Host-device channel closed. */
#define ACL_ERROR_RT_SOCKET_CLOSE 507901

/** Old misspelt alias of ..._NOT_SUPPORT. */
static const int32_t ACL_ERROR_RT_FEATURE_NOT_SUPPROT = 207000;
/** Copy to/from user space failed. */
static const int32_t ACL_ERROR_RT_COPY_USER_FAIL = 207020;
/** Old misspelt alias of internal fault. */
static const int32_t ACL_ERROR_RT_INTERNEL_ERROR = 507000;
/** Runtime: drv internel error. */
static const int32_t ACL_ERROR_RT_DRV_INTERNEL_ERROR = 507899;

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ERROR_CODES_RT_ERROR_CODES_H_ */
