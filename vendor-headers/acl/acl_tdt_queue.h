/*
 * acl/acl_tdt_queue.h: Tensor queues, their buffers and routes.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ACL_TDT_QUEUE_H_
#define ASCEND_REID_ACL_ACL_TDT_QUEUE_H_

#include "acl/acl_base.h"
#include "acl/acl_tdt.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tdt: queue route unbind. */
#define ACL_TDT_QUEUE_ROUTE_UNBIND 0
/** Tdt: queue permission manage. */
#define ACL_TDT_QUEUE_PERMISSION_MANAGE 1
/** Tdt: queue route bind. */
#define ACL_TDT_QUEUE_ROUTE_BIND 1
/** Tdt: queue permission dequeue. */
#define ACL_TDT_QUEUE_PERMISSION_DEQUEUE 2
/** Tdt: queue route bind abnormal. */
#define ACL_TDT_QUEUE_ROUTE_BIND_ABNORMAL 2
/** Tdt: queue permission enqueue. */
#define ACL_TDT_QUEUE_PERMISSION_ENQUEUE 4

/** Opaque handle. */
typedef void *acltdtBuf;
/** Opaque object; used through a pointer. */
typedef struct tagMemQueueAttr acltdtQueueAttr;
/** Opaque object; used through a pointer. */
typedef struct acltdtQueueRoute acltdtQueueRoute;
/** Opaque object; used through a pointer. */
typedef struct acltdtQueueRouteList acltdtQueueRouteList;
/** Opaque object; used through a pointer. */
typedef struct acltdtQueueRouteQueryInfo acltdtQueueRouteQueryInfo;

typedef enum acltdtAllocBufType {
    ACL_TDT_NORMAL_MEM = 0,
    ACL_TDT_DVPP_MEM = 1
} acltdtAllocBufType;

typedef enum acltdtQueueAttrType {
    ACL_TDT_QUEUE_NAME_PTR = 0,
    ACL_TDT_QUEUE_DEPTH_UINT32 = 1
} acltdtQueueAttrType;

typedef enum acltdtQueueRouteParamType {
    ACL_TDT_QUEUE_ROUTE_SRC_UINT32 = 0,
    ACL_TDT_QUEUE_ROUTE_DST_UINT32 = 1,
    ACL_TDT_QUEUE_ROUTE_STATUS_INT32 = 2
} acltdtQueueRouteParamType;

typedef enum acltdtQueueRouteQueryInfoParamType {
    ACL_TDT_QUEUE_ROUTE_QUERY_MODE_ENUM = 0,
    ACL_TDT_QUEUE_ROUTE_QUERY_SRC_ID_UINT32 = 1,
    ACL_TDT_QUEUE_ROUTE_QUERY_DST_ID_UINT32 = 2
} acltdtQueueRouteQueryInfoParamType;

typedef enum acltdtQueueRouteQueryMode {
    ACL_TDT_QUEUE_ROUTE_QUERY_SRC = 0,
    ACL_TDT_QUEUE_ROUTE_QUERY_DST = 1,
    ACL_TDT_QUEUE_ROUTE_QUERY_SRC_AND_DST = 2,
    ACL_TDT_QUEUE_ROUTE_QUERY_ABNORMAL = 100
} acltdtQueueRouteQueryMode;

/* tdt-queue */

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtAddQueueRoute(acltdtQueueRouteList *routeList, const acltdtQueueRoute *route);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. CANN 5.1.RC2 put an argument between the first and the last; this is the current form. */
aclError acltdtAllocBuf(size_t size, uint32_t type, acltdtBuf *buf);

/** Since CANN 6.0.1, in libacl_tdt_queue.so. */
aclError acltdtAppendBufChain(acltdtBuf headBuf, acltdtBuf buf);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtAttachQueue(uint32_t qid, int32_t timeout, uint32_t *permission);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtBindQueueRoutes(acltdtQueueRouteList *qRouteList);

/** Since CANN 6.0.RC1, in libacl_tdt_queue.so. */
aclError acltdtCopyBufRef(const acltdtBuf buf, acltdtBuf *newBuf);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtCreateQueue(const acltdtQueueAttr *attr, uint32_t *qid);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
acltdtQueueAttr *acltdtCreateQueueAttr(void);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
acltdtQueueRoute *acltdtCreateQueueRoute(uint32_t srcId, uint32_t dstId);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
acltdtQueueRouteList *acltdtCreateQueueRouteList(void);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
acltdtQueueRouteQueryInfo *acltdtCreateQueueRouteQueryInfo(void);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtDequeue(uint32_t qid, acltdtBuf *buf, int32_t timeout);

/** Since CANN 5.0.4, in libacl_tdt_queue.so. */
aclError acltdtDequeueData(
    uint32_t qid, void *data, size_t dataSize, size_t *retDataSize, void *userData,
    size_t userDataSize, int32_t timeout);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtDestroyQueue(uint32_t qid);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtDestroyQueueAttr(const acltdtQueueAttr *attr);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtDestroyQueueRoute(const acltdtQueueRoute *route);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtDestroyQueueRouteList(const acltdtQueueRouteList *routeList);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtDestroyQueueRouteQueryInfo(const acltdtQueueRouteQueryInfo *info);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtEnqueue(uint32_t qid, acltdtBuf buf, int32_t timeout);

/** Since CANN 5.0.4, in libacl_tdt_queue.so. */
aclError acltdtEnqueueData(
    uint32_t qid, const void *data, size_t dataSize, const void *userData, size_t userDataSize,
    int32_t timeout, uint32_t rsv);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtFreeBuf(acltdtBuf buf);

/** Since CANN 6.0.1, in libacl_tdt_queue.so. */
aclError acltdtGetBufChainNum(acltdtBuf headBuf, uint32_t *num);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtGetBufData(const acltdtBuf buf, void **dataPtr, size_t *size);

/** Since CANN 6.0.1, in libacl_tdt_queue.so. */
aclError acltdtGetBufDataLen(acltdtBuf buf, size_t *len);

/** Since CANN 6.0.1, in libacl_tdt_queue.so. */
aclError acltdtGetBufFromChain(acltdtBuf headBuf, uint32_t index, acltdtBuf *buf);

/** Since CANN 6.0.RC1, in libacl_tdt_queue.so. */
aclError acltdtGetBufUserData(const acltdtBuf buf, void *dataPtr, size_t size, size_t offset);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtGetQueueAttr(
    const acltdtQueueAttr *attr, acltdtQueueAttrType type, size_t len, size_t *paramRetSize,
    void *param);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtGetQueueRoute(
    const acltdtQueueRouteList *routeList, size_t index, acltdtQueueRoute *route);

/** Since CANN 5.0.4, in libacl_tdt_queue.so. */
size_t acltdtGetQueueRouteNum(const acltdtQueueRouteList *routeList);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtGetQueueRouteParam(
    const acltdtQueueRoute *route, acltdtQueueRouteParamType type, size_t len, size_t *paramRetSize,
    void *param);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtGrantQueue(uint32_t qid, int32_t pid, uint32_t permission, int32_t timeout);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtQueryQueueRoutes(
    const acltdtQueueRouteQueryInfo *queryInfo, acltdtQueueRouteList *qRouteList);

/** Since CANN 6.0.1, in libacl_tdt_queue.so. */
aclError acltdtSetBufDataLen(acltdtBuf buf, size_t len);

/** Since CANN 6.0.RC1, in libacl_tdt_queue.so. */
aclError acltdtSetBufUserData(acltdtBuf buf, const void *dataPtr, size_t size, size_t offset);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtSetQueueAttr(
    acltdtQueueAttr *attr, acltdtQueueAttrType type, size_t len, const void *param);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtSetQueueRouteQueryInfo(
    acltdtQueueRouteQueryInfo *param, acltdtQueueRouteQueryInfoParamType type, size_t len,
    const void *value);

/** Since CANN 5.0.3, in libacl_tdt_queue.so. */
aclError acltdtUnbindQueueRoutes(acltdtQueueRouteList *qRouteList);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ACL_TDT_QUEUE_H_ */
