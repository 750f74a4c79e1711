/*
 * acl/acl_prof.h: Profiling.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ACL_PROF_H_
#define ASCEND_REID_ACL_ACL_PROF_H_

#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Profiling: acl api. */
#define ACL_PROF_ACL_API 0x0001ULL
/** Profiling: task time. */
#define ACL_PROF_TASK_TIME 0x0002ULL
/** Profiling: aicore metrics. */
#define ACL_PROF_AICORE_METRICS 0x0004ULL
/** Profiling: aicpu. */
#define ACL_PROF_AICPU 0x0008ULL
/** Profiling: aicpu trace. */
#define ACL_PROF_AICPU_TRACE 0x0008ULL
/** Profiling: l2cache. */
#define ACL_PROF_L2CACHE 0x0010ULL
/** Profiling: hccl trace. */
#define ACL_PROF_HCCL_TRACE 0x0020ULL
/** Profiling: training trace. */
#define ACL_PROF_TRAINING_TRACE 0x0040ULL
/** Profiling: max op type len. */
#define ACL_PROF_MAX_OP_TYPE_LEN 65
/** Profiling: msproftx. */
#define ACL_PROF_MSPROFTX 0x0080ULL
/** Profiling: runtime api. */
#define ACL_PROF_RUNTIME_API 0x0100ULL
/** Profiling: max op name len. */
#define ACL_PROF_MAX_OP_NAME_LEN 257

/** Opaque object; used through a pointer. */
typedef struct aclprofAicoreEvents aclprofAicoreEvents;
/** Opaque object; used through a pointer. */
typedef struct aclprofConfig aclprofConfig;
/** Opaque object; used through a pointer. */
typedef struct aclprofStepInfo aclprofStepInfo;
/** Opaque object; used through a pointer. */
typedef struct aclprofStopConfig aclprofStopConfig;
/** Opaque object; used through a pointer. */
typedef struct aclprofSubscribeConfig aclprofSubscribeConfig;

typedef enum aclprofAicoreMetrics {
    ACL_AICORE_ARITHMATIC_THROUGHPUT = 0,
    ACL_AICORE_ARITHMETIC_UTILIZATION = 0,
    ACL_AICORE_PIPELINE = 1,
    ACL_AICORE_PIPE_UTILIZATION = 1,
    ACL_AICORE_MEMORY_BANDWIDTH = 2,
    ACL_AICORE_SYNCHRONIZATION = 2,
    ACL_AICORE_L0B_AND_WIDTH = 3,
    ACL_AICORE_MEMORY = 3,
    ACL_AICORE_INTERNAL_MEMORY = 4,
    ACL_AICORE_RESOURCE_CONFLICT_RATIO = 4,
    ACL_AICORE_MEMORY_UB = 5,
    ACL_AICORE_STALL = 5,
    ACL_AICORE_L2_CACHE = 6,
    ACL_AICORE_PIPE_EXECUTE_UTILIZATION = 7,
    ACL_AICORE_NONE = 255
} aclprofAicoreMetrics;

typedef enum aclprofStepTag {
    ACL_STEP_START = 0,
    ACL_STEP_END = 1
} aclprofStepTag;

typedef enum aclprofSubscribeOpAttri {
    ACL_SUBSCRIBE_ATTRI_THREADID = 0,
    ACL_SUBSCRIBE_ATTRI_NONE = 1
} aclprofSubscribeOpAttri;

typedef enum aclprofSubscribeOpFlag {
    ACL_SUBSCRIBE_OP = 0,
    ACL_SUBSCRIBE_SUBGRAPH = 1,
    ACL_SUBSCRIBE_OP_THREAD = 2,
    ACL_SUBSCRIBE_NONE = 255
} aclprofSubscribeOpFlag;

/* profiling */

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclprofConfig *aclprofCreateConfig(
    uint32_t *deviceIdList, uint32_t deviceNums, aclprofAicoreMetrics aicoreMetrics,
    const aclprofAicoreEvents *aicoreEvents, uint64_t dataTypeConfig);

/** Since CANN 5.0.4, in libascendcl.so. Deprecated since CANN 5.0.4. */
void *aclprofCreateStamp(void);

/** Since CANN 5.0.2, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclprofStepInfo *aclprofCreateStepInfo(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclprofSubscribeConfig *aclprofCreateSubscribeConfig(
    int8_t timeInfoSwitch, aclprofAicoreMetrics aicoreMetrics, void *fd);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofDestroyConfig(const aclprofConfig *profilerConfig);

/** Since CANN 5.0.4, in libascendcl.so. Deprecated since CANN 5.0.4. */
void aclprofDestroyStamp(void *stamp);

/** Since CANN 5.0.2, in libascendcl.so. Deprecated since CANN 5.0.4. */
void aclprofDestroyStepInfo(aclprofStepInfo *stepinfo);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofDestroySubscribeConfig(const aclprofSubscribeConfig *profSubscribeConfig);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofFinalize(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
size_t aclprofGetModelId(const void *opInfo, size_t opInfoLen, uint32_t index);

/** Since CANN 5.1.RC1, in libascendcl.so. Deprecated since CANN 5.1.RC1. */
const char *aclprofGetOpAttriValue(
    const void *opInfo, size_t opInfoLen, uint32_t index, aclprofSubscribeOpAttri attri);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofGetOpDescSize(size_t *opDescSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
uint64_t aclprofGetOpDuration(const void *opInfo, size_t opInfoLen, uint32_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
uint64_t aclprofGetOpEnd(const void *opInfo, size_t opInfoLen, uint32_t index);

/** Since CANN 5.1.RC1, in libascendcl.so. Deprecated since CANN 5.1.RC1. */
aclprofSubscribeOpFlag aclprofGetOpFlag(const void *opInfo, size_t opInfoLen, uint32_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofGetOpName(
    const void *opInfo, size_t opInfoLen, uint32_t index, char *opName, size_t opNameLen);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofGetOpNameLen(
    const void *opInfo, size_t opInfoLen, uint32_t index, size_t *opNameLen);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofGetOpNum(const void *opInfo, size_t opInfoLen, uint32_t *opNumber);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
uint64_t aclprofGetOpStart(const void *opInfo, size_t opInfoLen, uint32_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofGetOpType(
    const void *opInfo, size_t opInfoLen, uint32_t index, char *opType, size_t opTypeLen);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofGetOpTypeLen(
    const void *opInfo, size_t opInfoLen, uint32_t index, size_t *opTypeLen);

/** Since CANN 5.0.2, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofGetStepTimestamp(aclprofStepInfo *stepInfo, aclprofStepTag tag, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofInit(const char *profilerResultPath, size_t length);

/** Since CANN 5.0.4, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofMark(void *stamp);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofModelSubscribe(uint32_t modelId, const aclprofSubscribeConfig *profSubscribeConfig);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofModelUnSubscribe(uint32_t modelId);

/** Since CANN 5.0.4, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofPop(void);

/** Since CANN 5.0.4, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofPush(void *stamp);

/** Since CANN 5.0.4, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofRangeStart(void *stamp, uint32_t *rangeId);

/** Since CANN 5.0.4, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofRangeStop(uint32_t rangeId);

/** Since CANN 5.0.4, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofSetStampTraceMessage(void *stamp, const char *msg, uint32_t msgLen);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofStart(const aclprofConfig *profilerConfig);

/** Since CANN 3.3 or earlier, in libascendcl.so. Deprecated since CANN 5.0.4. */
aclError aclprofStop(const aclprofConfig *profilerConfig);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ACL_PROF_H_ */
