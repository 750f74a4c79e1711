/*
 * acl/acl_rt.h: Runtime: devices, contexts, streams, events, memory, callbacks.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ACL_RT_H_
#define ASCEND_REID_ACL_ACL_RT_H_

#include <stddef.h>
#include <stdint.h>
#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Stream failure mode: keep going. */
#define ACL_CONTINUE_ON_FAILURE 0
/** Patch version. */
#define ACL_PATCH_VERSION 0
/** Event flag: usable for stream-to-stream wait. */
#define ACL_EVENT_SYNC 0x00000001U
/** Major version. */
#define ACL_MAJOR_VERSION 1
/** Stream failure mode: stop stream. */
#define ACL_STOP_ON_FAILURE 1
/** Stream flag: pre-reserve resources for quicker launch. */
#define ACL_STREAM_FAST_LAUNCH 0x00000001U
/** Stream flag: busy-wait sync. */
#define ACL_STREAM_FAST_SYNC 0x00000002U
/** Event flag: keep time stamps. */
#define ACL_EVENT_TIME_LINE 0x00000008U
/** Minor version. */
#define ACL_MINOR_VERSION 17

/** Opaque object; used through a pointer. */
typedef struct rtExceptionInfo aclrtExceptionInfo;
/** Opaque object; used through a pointer. */
typedef struct tagRtGroupInfo aclrtGroupInfo;

typedef enum aclrtCallbackBlockType {
    ACL_CALLBACK_NO_BLOCK = 0,
    ACL_CALLBACK_BLOCK = 1
} aclrtCallbackBlockType;

/** Beware: complete is 1 here, and 0 in the other status enumerations. */
typedef enum aclrtEventRecordedStatus {
    ACL_EVENT_RECORDED_STATUS_NOT_READY = 0,
    ACL_EVENT_RECORDED_STATUS_COMPLETE = 1
} aclrtEventRecordedStatus;

typedef enum aclrtEventStatus {
    ACL_EVENT_STATUS_COMPLETE = 0,
    ACL_EVENT_STATUS_NOT_READY = 1,
    ACL_EVENT_STATUS_RESERVED = 2
} aclrtEventStatus;

typedef enum aclrtEventWaitStatus {
    ACL_EVENT_WAIT_STATUS_COMPLETE = 0,
    ACL_EVENT_WAIT_STATUS_NOT_READY = 1,
    ACL_EVENT_WAIT_STATUS_RESERVED = 65535
} aclrtEventWaitStatus;

typedef enum aclrtFloatOverflowMode {
    ACL_RT_OVERFLOW_MODE_SATURATION = 0,
    ACL_RT_OVERFLOW_MODE_INFNAN = 1,
    ACL_RT_OVERFLOW_MODE_UNDEF = 2
} aclrtFloatOverflowMode;

typedef enum aclrtGroupAttr {
    ACL_GROUP_AICORE_INT = 0,
    ACL_GROUP_AIV_INT = 1,
    ACL_GROUP_AIC_INT = 2,
    ACL_GROUP_SDMANUM_INT = 3,
    ACL_GROUP_ASQNUM_INT = 4,
    ACL_GROUP_GROUPID_INT = 5
} aclrtGroupAttr;

typedef enum aclrtMemAttr {
    ACL_DDR_MEM = 0,
    ACL_HBM_MEM = 1,
    ACL_DDR_MEM_HUGE = 2,
    ACL_DDR_MEM_NORMAL = 3,
    ACL_HBM_MEM_HUGE = 4,
    ACL_HBM_MEM_NORMAL = 5,
    ACL_DDR_MEM_P2P_HUGE = 6,
    ACL_DDR_MEM_P2P_NORMAL = 7,
    ACL_HBM_MEM_P2P_HUGE = 8,
    ACL_HBM_MEM_P2P_NORMAL = 9
} aclrtMemAttr;

typedef enum aclrtMemMallocPolicy {
    ACL_MEM_MALLOC_HUGE_FIRST = 0,
    ACL_MEM_MALLOC_HUGE_ONLY = 1,
    ACL_MEM_MALLOC_NORMAL_ONLY = 2,
    ACL_MEM_MALLOC_HUGE_FIRST_P2P = 3,
    ACL_MEM_MALLOC_HUGE_ONLY_P2P = 4,
    ACL_MEM_MALLOC_NORMAL_ONLY_P2P = 5
} aclrtMemMallocPolicy;

typedef enum aclrtMemcpyKind {
    ACL_MEMCPY_HOST_TO_HOST = 0,
    ACL_MEMCPY_HOST_TO_DEVICE = 1,
    ACL_MEMCPY_DEVICE_TO_HOST = 2,
    ACL_MEMCPY_DEVICE_TO_DEVICE = 3
} aclrtMemcpyKind;

typedef enum aclrtRunMode {
    ACL_DEVICE = 0,
    ACL_HOST = 1
} aclrtRunMode;

typedef enum aclrtTsId {
    ACL_TS_ID_AICORE = 0,
    ACL_TS_ID_AIVECTOR = 1,
    ACL_TS_ID_RESERVED = 2
} aclrtTsId;

/** Runs on the thread that processes the reports of a stream. */
typedef void (*aclrtCallback)(void *userData);

/** Is told of tasks that failed on the device. */
typedef void (*aclrtExceptionInfoCallback)(aclrtExceptionInfo *exceptionInfo);

/* context */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtCreateContext(aclrtContext *context, int32_t deviceId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtDestroyContext(aclrtContext context);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtGetCurrentContext(aclrtContext *context);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtSetCurrentContext(aclrtContext context);

/* event */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtCreateEvent(aclrtEvent *event);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtCreateEventWithFlag(aclrtEvent *event, uint32_t flag);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtDestroyEvent(aclrtEvent event);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtEventElapsedTime(float *ms, aclrtEvent startEvent, aclrtEvent endEvent);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtQueryEvent(aclrtEvent event, aclrtEventStatus *status);

/** Since CANN 5.1.RC1, in libascendcl.so. */
aclError aclrtQueryEventStatus(aclrtEvent event, aclrtEventRecordedStatus *status);

/** Since CANN 5.0.2, in libascendcl.so. */
aclError aclrtQueryEventWaitStatus(aclrtEvent event, aclrtEventWaitStatus *status);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtResetEvent(aclrtEvent event, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent event);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtSynchronizeEvent(aclrtEvent event);

/* device */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclrtGroupInfo *aclrtCreateGroupInfo(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtDestroyGroupInfo(aclrtGroupInfo *groupInfo);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtDeviceCanAccessPeer(int32_t *canAccessPeer, int32_t deviceId, int32_t peerDeviceId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtDeviceDisablePeerAccess(int32_t peerDeviceId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtDeviceEnablePeerAccess(int32_t peerDeviceId, uint32_t flags);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtGetAllGroupInfo(aclrtGroupInfo *groupInfo);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtGetDevice(int32_t *deviceId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtGetDeviceCount(uint32_t *count);

/** Since CANN 6.0.1, in libascendcl.so. */
aclError aclrtGetDeviceSatMode(aclrtFloatOverflowMode *mode);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtGetGroupCount(uint32_t *count);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtGetGroupInfoDetail(
    const aclrtGroupInfo *groupInfo, int32_t groupIndex, aclrtGroupAttr attr, void *attrValue,
    size_t valueLen, size_t *paramRetSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtGetRunMode(aclrtRunMode *runMode);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtResetDevice(int32_t deviceId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtSetDevice(int32_t deviceId);

/** Since CANN 6.0.1, in libascendcl.so. */
aclError aclrtSetDeviceSatMode(aclrtFloatOverflowMode mode);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtSetGroup(int32_t groupId);

/** Since CANN 5.0.1, in libascendcl.so. */
aclError aclrtSetOpWaitTimeout(uint32_t timeout);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtSetTsDevice(aclrtTsId tsId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtSynchronizeDevice(void);

/* stream */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtCreateStream(aclrtStream *stream);

/** Since CANN 6.0.1, in libascendcl.so. */
aclError aclrtCreateStreamWithConfig(aclrtStream *stream, uint32_t priority, uint32_t flag);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtDestroyStream(aclrtStream stream);

/** Since CANN 6.3.RC1, in libascendcl.so. */
aclError aclrtDestroyStreamForce(aclrtStream stream);

/** Since CANN 6.0.1, in libascendcl.so. */
aclError aclrtGetStreamOverflowSwitch(aclrtStream stream, uint32_t *flag);

/** Since CANN 6.3.RC1, in libascendcl.so. */
aclError aclrtSetStreamFailureMode(aclrtStream stream, uint64_t mode);

/** Since CANN 6.0.1, in libascendcl.so. */
aclError aclrtSetStreamOverflowSwitch(aclrtStream stream, uint32_t flag);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtSynchronizeStream(aclrtStream stream);

/** Since CANN 6.0.1, in libascendcl.so. */
aclError aclrtSynchronizeStreamWithTimeout(aclrtStream stream, int32_t timeout);

/* memory */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtFree(void *devPtr);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtFreeHost(void *hostPtr);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtGetMemInfo(aclrtMemAttr attr, size_t *free, size_t *total);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtMalloc(void **devPtr, size_t size, aclrtMemMallocPolicy policy);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtMallocCached(void **devPtr, size_t size, aclrtMemMallocPolicy policy);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtMallocHost(void **hostPtr, size_t size);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtMemFlush(void *devPtr, size_t size);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtMemInvalidate(void *devPtr, size_t size);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtMemcpy(
    void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind);

/** Since CANN 5.0.3, in libascendcl.so. */
aclError aclrtMemcpy2d(
    void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
    aclrtMemcpyKind kind);

/** Since CANN 5.0.3, in libascendcl.so. */
aclError aclrtMemcpy2dAsync(
    void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
    aclrtMemcpyKind kind, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtMemcpyAsync(
    void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind,
    aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtMemset(void *devPtr, size_t maxCount, int32_t value, size_t count);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtMemsetAsync(
    void *devPtr, size_t maxCount, int32_t value, size_t count, aclrtStream stream);

/* callback/report */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
uint32_t aclrtGetDeviceIdFromExceptionInfo(const aclrtExceptionInfo *info);

/** Since CANN 6.0.RC1, in libascendcl.so. */
uint32_t aclrtGetErrorCodeFromExceptionInfo(const aclrtExceptionInfo *info);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
uint32_t aclrtGetStreamIdFromExceptionInfo(const aclrtExceptionInfo *info);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
uint32_t aclrtGetTaskIdFromExceptionInfo(const aclrtExceptionInfo *info);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
uint32_t aclrtGetThreadIdFromExceptionInfo(const aclrtExceptionInfo *info);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtLaunchCallback(
    aclrtCallback fn, void *userData, aclrtCallbackBlockType blockType, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtProcessReport(int32_t timeout);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtSetExceptionInfoCallback(aclrtExceptionInfoCallback callback);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtSubscribeReport(uint64_t threadId, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtUnSubscribeReport(uint64_t threadId, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ACL_RT_H_ */
