/*
 * acl/ops/acl_fv.h: Feature retrieval.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_OPS_ACL_FV_H_
#define ASCEND_REID_ACL_OPS_ACL_FV_H_

#include "acl/acl.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque object; used through a pointer. */
typedef struct aclfvFeatureInfo aclfvFeatureInfo;
/** Opaque object; used through a pointer. */
typedef struct aclfvInitPara aclfvInitPara;
/** Opaque object; used through a pointer. */
typedef struct aclfvQueryTable aclfvQueryTable;
/** Opaque object; used through a pointer. */
typedef struct aclfvRepoRange aclfvRepoRange;
/** Opaque object; used through a pointer. */
typedef struct aclfvSearchInput aclfvSearchInput;
/** Opaque object; used through a pointer. */
typedef struct aclfvSearchResult aclfvSearchResult;

typedef enum aclfvSearchType {
    SEARCH_1_N = 0,
    SEARCH_N_M = 1
} aclfvSearchType;

/* fv retrieval */

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclfvFeatureInfo *aclfvCreateFeatureInfo(
    uint32_t id0, uint32_t id1, uint32_t offset, uint32_t featureLen, uint32_t featureCount,
    uint8_t *featureData, uint32_t featureDataLen);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclfvInitPara *aclfvCreateInitPara(uint64_t fsNum);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclfvQueryTable *aclfvCreateQueryTable(
    uint32_t queryCnt, uint32_t tableLen, uint8_t *tableData, uint32_t tableDataLen);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclfvRepoRange *aclfvCreateRepoRange(
    uint32_t id0Min, uint32_t id0Max, uint32_t id1Min, uint32_t id1Max);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclfvSearchInput *aclfvCreateSearchInput(
    aclfvQueryTable *queryTable, aclfvRepoRange *repoRange, uint32_t topk);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclfvSearchResult *aclfvCreateSearchResult(
    uint32_t queryCnt, uint32_t *resultNum, uint32_t resultNumDataLen, uint32_t *id0, uint32_t *id1,
    uint32_t *resultOffset, float *resultDistance, uint32_t dataLen);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvDel(aclfvFeatureInfo *featureInfo);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvDestroyFeatureInfo(aclfvFeatureInfo *featureInfo);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvDestroyInitPara(aclfvInitPara *initPara);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvDestroyQueryTable(aclfvQueryTable *queryTable);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvDestroyRepoRange(aclfvRepoRange *repoRange);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvDestroySearchInput(aclfvSearchInput *searchInput);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvDestroySearchResult(aclfvSearchResult *searchResult);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvInit(aclfvInitPara *initPara);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvModify(aclfvFeatureInfo *featureInfo);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvRelease(void);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvRepoAdd(aclfvSearchType type, aclfvFeatureInfo *featureInfo);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvRepoDel(aclfvSearchType type, aclfvRepoRange *repoRange);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvSearch(
    aclfvSearchType type, aclfvSearchInput *searchInput, aclfvSearchResult *searchRst);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvSet1NTopNum(aclfvInitPara *initPara, uint32_t maxTopNumFor1N);

/** Since CANN 3.3 or earlier, in libacl_retr.so. */
aclError aclfvSetNMTopNum(aclfvInitPara *initPara, uint32_t maxTopNumForNM);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_OPS_ACL_FV_H_ */
