/*
 * acl/acl.h: Umbrella header: initialisation of the process, and everything an inference program needs.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ACL_H_
#define ASCEND_REID_ACL_ACL_H_

#include "acl/acl_rt.h"
#include "acl/acl_op.h"
#include "acl/acl_mdl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Initialisation */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclFinalize(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclInit(const char *configPath);

/* Miscellaneous */

/** Since CANN 5.0.1, in libascendcl.so. */
const char *aclGetRecentErrMsg(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclrtGetVersion(int32_t *majorVersion, int32_t *minorVersion, int32_t *patchVersion);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ACL_H_ */
