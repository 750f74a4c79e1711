/*
 * acl/acl_tdt.h: Tensor data channels between host and device.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ACL_TDT_H_
#define ASCEND_REID_ACL_ACL_TDT_H_

#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque object; used through a pointer. */
typedef struct acltdtChannelHandle acltdtChannelHandle;
/** Opaque object; used through a pointer. */
typedef struct acltdtDataItem acltdtDataItem;
/** Opaque object; used through a pointer. */
typedef struct acltdtDataset acltdtDataset;

typedef enum acltdtTensorType {
    ACL_TENSOR_DATA_UNDEFINED = -1,
    ACL_TENSOR_DATA_TENSOR = 0,
    ACL_TENSOR_DATA_END_OF_SEQUENCE = 1,
    ACL_TENSOR_DATA_ABNORMAL = 2
} acltdtTensorType;

/* tdt */

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
aclError acltdtAddDataItem(acltdtDataset *dataset, acltdtDataItem *dataItem);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
acltdtChannelHandle *acltdtCreateChannel(uint32_t deviceId, const char *name);

/** Since CANN 5.0.4, in libacl_tdt_channel.so. */
acltdtChannelHandle *acltdtCreateChannelWithCapacity(
    uint32_t deviceId, const char *name, size_t capacity);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
acltdtDataItem *acltdtCreateDataItem(
    acltdtTensorType tdtType, const int64_t *dims, size_t dimNum, aclDataType dataType, void *data,
    size_t size);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
acltdtDataset *acltdtCreateDataset(void);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
aclError acltdtDestroyChannel(acltdtChannelHandle *handle);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
aclError acltdtDestroyDataItem(acltdtDataItem *dataItem);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
aclError acltdtDestroyDataset(acltdtDataset *dataset);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
void *acltdtGetDataAddrFromItem(const acltdtDataItem *dataItem);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
acltdtDataItem *acltdtGetDataItem(const acltdtDataset *dataset, size_t index);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
size_t acltdtGetDataSizeFromItem(const acltdtDataItem *dataItem);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
aclDataType acltdtGetDataTypeFromItem(const acltdtDataItem *dataItem);

/** Since CANN 5.1.RC1, in libacl_tdt_channel.so. */
const char *acltdtGetDatasetName(const acltdtDataset *dataset);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
size_t acltdtGetDatasetSize(const acltdtDataset *dataset);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
size_t acltdtGetDimNumFromItem(const acltdtDataItem *dataItem);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
aclError acltdtGetDimsFromItem(const acltdtDataItem *dataItem, int64_t *dims, size_t dimNum);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
acltdtTensorType acltdtGetTensorTypeFromItem(const acltdtDataItem *dataItem);

/** Since CANN 5.0.4, in libacl_tdt_channel.so. */
aclError acltdtQueryChannelSize(const acltdtChannelHandle *handle, size_t *size);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
aclError acltdtReceiveTensor(
    const acltdtChannelHandle *handle, acltdtDataset *dataset, int32_t timeout);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
aclError acltdtSendTensor(
    const acltdtChannelHandle *handle, const acltdtDataset *dataset, int32_t timeout);

/** Since CANN 3.3 or earlier, in libacl_tdt_channel.so. */
aclError acltdtStopChannel(acltdtChannelHandle *handle);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ACL_TDT_H_ */
