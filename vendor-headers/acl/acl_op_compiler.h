/*
 * acl/acl_op_compiler.h: Single operators: compilation at run time.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ACL_OP_COMPILER_H_
#define ASCEND_REID_ACL_ACL_OP_COMPILER_H_

#include "acl/acl_base.h"
#include "acl/acl_op.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque object; used through a pointer. */
typedef struct aclGraphDumpOption aclGraphDumpOption;

typedef enum aclCompileOpt {
    ACL_PRECISION_MODE = 0,
    ACL_AICORE_NUM = 1,
    ACL_AUTO_TUNE_MODE = 2,
    ACL_OP_SELECT_IMPL_MODE = 3,
    ACL_OPTYPELIST_FOR_IMPLMODE = 4,
    ACL_OP_DEBUG_LEVEL = 5,
    ACL_DEBUG_DIR = 6,
    ACL_OP_COMPILER_CACHE_MODE = 7,
    ACL_OP_COMPILER_CACHE_DIR = 8,
    ACL_OP_PERFORMANCE_MODE = 9,
    ACL_OP_JIT_COMPILE = 10,
    ACL_OP_DETERMINISTIC = 11,
    ACL_CUSTOMIZE_DTYPES = 12
} aclCompileOpt;

typedef enum aclOpCompileFlag {
    ACL_OP_COMPILE_DEFAULT = 0,
    ACL_OP_COMPILE_FUZZ = 1
} aclOpCompileFlag;

typedef enum aclopCompileType {
    ACL_COMPILE_SYS = 0,
    ACL_COMPILE_UNREGISTERED = 1
} aclopCompileType;

/* op compile */

/** Since CANN 5.0.4, in libacl_op_compiler.so. */
aclGraphDumpOption *aclCreateGraphDumpOpt(void);

/** Since CANN 5.0.4, in libacl_op_compiler.so. */
aclError aclDestroyGraphDumpOpt(const aclGraphDumpOption *graphDumpOpt);

/** Since CANN 5.0.4, in libacl_op_compiler.so. */
aclError aclGenGraphAndDumpForOp(
    const char *opType, int numInputs, const aclTensorDesc *const inputDesc[],
    const aclDataBuffer *const inputs[], int numOutputs, const aclTensorDesc *const outputDesc[],
    aclDataBuffer *const outputs[], const aclopAttr *attr, aclopEngineType engineType,
    const char *graphDumpPath, const aclGraphDumpOption *graphDumpOpt);

/** Since CANN 3.3 or earlier, in libacl_op_compiler.so. */
aclError aclSetCompileopt(aclCompileOpt opt, const char *value);

/** Since CANN 3.3 or earlier, in libacl_op_compiler.so. */
aclError aclopCompile(
    const char *opType, int numInputs, const aclTensorDesc *const inputDesc[], int numOutputs,
    const aclTensorDesc *const outputDesc[], const aclopAttr *attr, aclopEngineType engineType,
    aclopCompileType compileFlag, const char *opPath);

/** Since CANN 3.3 or earlier, in libacl_op_compiler.so. */
aclError aclopCompileAndExecute(
    const char *opType, int numInputs, const aclTensorDesc *const inputDesc[],
    const aclDataBuffer *const inputs[], int numOutputs, const aclTensorDesc *const outputDesc[],
    aclDataBuffer *const outputs[], const aclopAttr *attr, aclopEngineType engineType,
    aclopCompileType compileFlag, const char *opPath, aclrtStream stream);

/** Since CANN 5.1.RC2, in libacl_op_compiler.so. */
aclError aclopCompileAndExecuteV2(
    const char *opType, int numInputs, aclTensorDesc *inputDesc[], aclDataBuffer *inputs[],
    int numOutputs, aclTensorDesc *outputDesc[], aclDataBuffer *outputs[], aclopAttr *attr,
    aclopEngineType engineType, aclopCompileType compileFlag, const char *opPath,
    aclrtStream stream);

/** Since CANN 5.0.1, in libacl_op_compiler.so. */
aclError aclopSetCompileFlag(aclOpCompileFlag flag);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ACL_OP_COMPILER_H_ */
