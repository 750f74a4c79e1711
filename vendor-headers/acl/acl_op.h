/*
 * acl/acl_op.h: Single operators: attributes, handles, execution.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ACL_OP_H_
#define ASCEND_REID_ACL_ACL_OP_H_

#include "acl/acl_base.h"
#include "acl/acl_rt.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque object; used through a pointer. */
typedef struct aclopAttr aclopAttr;
/** Opaque object; used through a pointer. */
typedef struct aclopHandle aclopHandle;
/** Opaque object; used through a pointer. */
typedef struct aclopKernelDesc aclopKernelDesc;

/** Op-compile flag: use binary selector. */
static const int ACL_COMPILE_FLAG_BIN_SELECTOR = 1;

typedef enum aclopEngineType {
    ACL_ENGINE_SYS = 0,
    ACL_ENGINE_AICORE = 1,
    ACL_ENGINE_VECTOR = 2
} aclopEngineType;

/** Frees the binary handed to aclopCreateKernel. */
typedef void (*aclDataDeallocator)(void *data, size_t length);

/** Selects a kernel for an operator. */
typedef aclError (*aclopCompileFunc)(int numInputs, const aclTensorDesc *const inputDesc[],
    int numOutputs, const aclTensorDesc *const outputDesc[], const aclopAttr *opAttr,
    aclopKernelDesc *aclopKernelDesc);

/* op exec */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopCast(
    const aclTensorDesc *srcDesc, const aclDataBuffer *srcBuffer, const aclTensorDesc *dstDesc,
    aclDataBuffer *dstBuffer, uint8_t truncate, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclopAttr *aclopCreateAttr(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopCreateHandle(
    const char *opType, int numInputs, const aclTensorDesc *const inputDesc[], int numOutputs,
    const aclTensorDesc *const outputDesc[], const aclopAttr *opAttr, aclopHandle **handle);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopCreateHandleForCast(
    aclTensorDesc *srcDesc, aclTensorDesc *dstDesc, uint8_t truncate, aclopHandle **handle);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopCreateKernel(
    const char *opType, const char *kernelId, const char *kernelName, void *binData, int binSize,
    aclopEngineType enginetype, aclDataDeallocator deallocator);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
void aclopDestroyAttr(const aclopAttr *attr);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
void aclopDestroyHandle(aclopHandle *handle);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopExecWithHandle(
    aclopHandle *handle, int numInputs, const aclDataBuffer *const inputs[], int numOutputs,
    aclDataBuffer *const outputs[], aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopExecute(
    const char *opType, int numInputs, const aclTensorDesc *const inputDesc[],
    const aclDataBuffer *const inputs[], int numOutputs, const aclTensorDesc *const outputDesc[],
    aclDataBuffer *const outputs[], const aclopAttr *attr, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopExecuteV2(
    const char *opType, int numInputs, aclTensorDesc *inputDesc[], aclDataBuffer *inputs[],
    int numOutputs, aclTensorDesc *outputDesc[], aclDataBuffer *outputs[], aclopAttr *attr,
    aclrtStream stream);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopInferShape(
    const char *opType, int numInputs, aclTensorDesc *inputDesc[], aclDataBuffer *inputs[],
    int numOutputs, aclTensorDesc *outputDesc[], aclopAttr *attr);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopLoad(const void *model, size_t modelSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopRegisterCompileFunc(const char *opType, aclopCompileFunc func);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetAttrBool(aclopAttr *attr, const char *attrName, uint8_t attrValue);

/** Since CANN 5.0.2, in libascendcl.so. */
aclError aclopSetAttrDataType(aclopAttr *attr, const char *attrName, aclDataType attrValue);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetAttrFloat(aclopAttr *attr, const char *attrName, float attrValue);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetAttrInt(aclopAttr *attr, const char *attrName, int64_t attrValue);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetAttrListBool(
    aclopAttr *attr, const char *attrName, int numValues, const uint8_t *values);

/** Since CANN 5.0.2, in libascendcl.so. */
aclError aclopSetAttrListDataType(
    aclopAttr *attr, const char *attrName, int numValues, const aclDataType values[]);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetAttrListFloat(
    aclopAttr *attr, const char *attrName, int numValues, const float *values);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetAttrListInt(
    aclopAttr *attr, const char *attrName, int numValues, const int64_t *values);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetAttrListListInt(
    aclopAttr *attr, const char *attrName, int numLists, const int *numValues,
    const int64_t *const values[]);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetAttrListString(
    aclopAttr *attr, const char *attrName, int numValues, const char **values);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetAttrString(aclopAttr *attr, const char *attrName, const char *attrValue);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetKernelArgs(
    aclopKernelDesc *kernelDesc, const char *kernelId, uint32_t blockDim, const void *args,
    uint32_t argSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetKernelWorkspaceSizes(
    aclopKernelDesc *kernelDesc, int numWorkspaces, size_t *workspaceSizes);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopSetModelDir(const char *modelDir);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopUnregisterCompileFunc(const char *opType);

/* op compile */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclopUpdateParams(
    const char *opType, int numInputs, const aclTensorDesc *const inputDesc[], int numOutputs,
    const aclTensorDesc *const outputDesc[], const aclopAttr *attr);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ACL_OP_H_ */
