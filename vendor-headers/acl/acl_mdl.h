/*
 * acl/acl_mdl.h: Models: load, describe, execute, dynamic shapes, AIPP.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_ACL_MDL_H_
#define ASCEND_REID_ACL_ACL_MDL_H_

#include <stddef.h>
#include <stdint.h>
#include "acl/acl_base.h"
#include "acl/acl_rt.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Workspace mem optimize default. */
#define ACL_WORKSPACE_MEM_OPTIMIZE_DEFAULT 0
/** Load type: file, runtime-managed memory. */
#define ACL_MDL_LOAD_FROM_FILE 1
/** Workspace mem optimize inputoutput. */
#define ACL_WORKSPACE_MEM_OPTIMIZE_INPUTOUTPUT 1
/** Load type: file, caller-managed memory. */
#define ACL_MDL_LOAD_FROM_FILE_WITH_MEM 2
/** Load type: buffer, runtime-managed memory. */
#define ACL_MDL_LOAD_FROM_MEM 3
/** Load type: buffer, caller-managed memory. */
#define ACL_MDL_LOAD_FROM_MEM_WITH_MEM 4
/** Load type: file, queue in/out. */
#define ACL_MDL_LOAD_FROM_FILE_WITH_Q 5
/** Load type: buffer, queue in/out. */
#define ACL_MDL_LOAD_FROM_MEM_WITH_Q 6
/** Array length of dynamic batch list. */
#define ACL_MAX_BATCH_NUM 128
/** Array length of dims. */
#define ACL_MAX_DIM_CNT 128
/** Array length of dynamic HW list. */
#define ACL_MAX_HW_NUM 128
/** Array length of AIPP shape list. */
#define ACL_MAX_SHAPE_COUNT 128
/** Array length of a tensor name. */
#define ACL_MAX_TENSOR_NAME_LEN 128
/** Index value meaning "none". */
#define ACL_INVALID_NODE_INDEX 0xFFFFFFFFU
/** Attr name data dump origin op names. */
#define ACL_ATTR_NAME_DATA_DUMP_ORIGIN_OP_NAMES "_datadump_original_op_names"
/** Name of the hidden input carrying dynamic AIPP parameters. */
#define ACL_DYNAMIC_AIPP_NAME "ascend_dynamic_aipp_data"
/** Name of the hidden input carrying dynamic batch/HW/dims choice. */
#define ACL_DYNAMIC_TENSOR_NAME "ascend_mbatch_shape_data"

/** Opaque object; used through a pointer. */
typedef struct aclAippExtendInfo aclAippExtendInfo;
/** Opaque object; used through a pointer. */
typedef struct aclmdlAIPP aclmdlAIPP;
/** Opaque object; used through a pointer. */
typedef struct aclmdlConfigHandle aclmdlConfigHandle;
/** Opaque object; used through a pointer. */
typedef struct aclmdlDataset aclmdlDataset;
/** Opaque object; used through a pointer. */
typedef struct aclmdlDesc aclmdlDesc;

typedef enum aclAippInputFormat {
    ACL_YUV420SP_U8 = 1,
    ACL_XRGB8888_U8 = 2,
    ACL_RGB888_U8 = 3,
    ACL_YUV400_U8 = 4,
    ACL_NC1HWC0DI_FP16 = 5,
    ACL_NC1HWC0DI_S8 = 6,
    ACL_ARGB8888_U8 = 7,
    ACL_YUYV_U8 = 8,
    ACL_YUV422SP_U8 = 9,
    ACL_AYUV444_U8 = 10,
    ACL_RAW10 = 11,
    ACL_RAW12 = 12,
    ACL_RAW16 = 13,
    ACL_RAW24 = 14,
    ACL_AIPP_RESERVED = 65535
} aclAippInputFormat;

typedef enum aclmdlConfigAttr {
    ACL_MDL_PRIORITY_INT32 = 0,
    ACL_MDL_LOAD_TYPE_SIZET = 1,
    ACL_MDL_PATH_PTR = 2,
    ACL_MDL_MEM_ADDR_PTR = 3,
    ACL_MDL_MEM_SIZET = 4,
    ACL_MDL_WEIGHT_ADDR_PTR = 5,
    ACL_MDL_WEIGHT_SIZET = 6,
    ACL_MDL_WORKSPACE_ADDR_PTR = 7,
    ACL_MDL_WORKSPACE_SIZET = 8,
    ACL_MDL_INPUTQ_NUM_SIZET = 9,
    ACL_MDL_INPUTQ_ADDR_PTR = 10,
    ACL_MDL_OUTPUTQ_NUM_SIZET = 11,
    ACL_MDL_OUTPUTQ_ADDR_PTR = 12,
    ACL_MDL_WORKSPACE_MEM_OPTIMIZE = 13
} aclmdlConfigAttr;

typedef enum aclmdlInputAippType {
    ACL_DATA_WITHOUT_AIPP = 0,
    ACL_DATA_WITH_STATIC_AIPP = 1,
    ACL_DATA_WITH_DYNAMIC_AIPP = 2,
    ACL_DYNAMIC_AIPP_NODE = 3
} aclmdlInputAippType;

/** Batch sizes that a model with dynamic batch was converted for. */
typedef struct aclmdlBatch {
    size_t batchCount;
    uint64_t batch[ACL_MAX_BATCH_NUM];
} aclmdlBatch;

/** Image sizes that a model with dynamic resolution was converted for: height, then width. */
typedef struct aclmdlHW {
    size_t hwCount;
    uint64_t hw[ACL_MAX_HW_NUM][2];
} aclmdlHW;

/** Name and dimensions of one model input or output. */
typedef struct aclmdlIODims {
    char name[ACL_MAX_TENSOR_NAME_LEN];
    size_t dimCount;
    int64_t dims[ACL_MAX_DIM_CNT];
} aclmdlIODims;

/** Shapes before and after AIPP for one gear. */
typedef struct aclAippDims {
    aclmdlIODims srcDims;
    size_t srcSize;
    aclmdlIODims aippOutdims;
    size_t aippOutSize;
} aclAippDims;

/** AIPP parameters of one model input. */
typedef struct aclAippInfo {
    aclAippInputFormat inputFormat;
    int32_t srcImageSizeW;
    int32_t srcImageSizeH;
    int8_t cropSwitch;
    int32_t loadStartPosW;
    int32_t loadStartPosH;
    int32_t cropSizeW;
    int32_t cropSizeH;
    int8_t resizeSwitch;
    int32_t resizeOutputW;
    int32_t resizeOutputH;
    int8_t paddingSwitch;
    int32_t leftPaddingSize;
    int32_t rightPaddingSize;
    int32_t topPaddingSize;
    int32_t bottomPaddingSize;
    int8_t cscSwitch;
    int8_t rbuvSwapSwitch;
    int8_t axSwapSwitch;
    int8_t singleLineMode;
    int32_t matrixR0C0;
    int32_t matrixR0C1;
    int32_t matrixR0C2;
    int32_t matrixR1C0;
    int32_t matrixR1C1;
    int32_t matrixR1C2;
    int32_t matrixR2C0;
    int32_t matrixR2C1;
    int32_t matrixR2C2;
    int32_t outputBias0;
    int32_t outputBias1;
    int32_t outputBias2;
    int32_t inputBias0;
    int32_t inputBias1;
    int32_t inputBias2;
    int32_t meanChn0;
    int32_t meanChn1;
    int32_t meanChn2;
    int32_t meanChn3;
    float minChn0;
    float minChn1;
    float minChn2;
    float minChn3;
    float varReciChn0;
    float varReciChn1;
    float varReciChn2;
    float varReciChn3;
    aclFormat srcFormat;
    aclDataType srcDatatype;
    size_t srcDimNum;
    size_t shapeCount;
    aclAippDims outDims[ACL_MAX_SHAPE_COUNT];
    aclAippExtendInfo *aippExtend;
} aclAippInfo;

/* Data sets and data buffers */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlAddDatasetBuffer(aclmdlDataset *dataset, aclDataBuffer *dataBuffer);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclmdlDataset *aclmdlCreateDataset(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlDestroyDataset(const aclmdlDataset *dataset);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclDataBuffer *aclmdlGetDatasetBuffer(const aclmdlDataset *dataset, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclmdlGetDatasetNumBuffers(const aclmdlDataset *dataset);

/** Since CANN 5.0.2, in libascendcl.so. */
aclTensorDesc *aclmdlGetDatasetTensorDesc(const aclmdlDataset *dataset, size_t index);

/** Since CANN 5.0.1, in libascendcl.so. */
aclError aclmdlSetDatasetTensorDesc(
    aclmdlDataset *dataset, aclTensorDesc *tensorDesc, size_t index);

/* AIPP */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclmdlAIPP *aclmdlCreateAIPP(uint64_t batchSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlDestroyAIPP(const aclmdlAIPP *aippParmsSet);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetAippType(
    uint32_t modelId, size_t index, aclmdlInputAippType *type, size_t *dynamicAttachedDataIndex);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetFirstAippInfo(uint32_t modelId, size_t index, aclAippInfo *aippInfo);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPAxSwapSwitch(aclmdlAIPP *aippParmsSet, int8_t axSwapSwitch);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPByInputIndex(
    uint32_t modelId, aclmdlDataset *dataset, size_t index, const aclmdlAIPP *aippParmsSet);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPCropParams(
    aclmdlAIPP *aippParmsSet, int8_t cropSwitch, int32_t cropStartPosW, int32_t cropStartPosH,
    int32_t cropSizeW, int32_t cropSizeH, uint64_t batchIndex);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPCscParams(
    aclmdlAIPP *aippParmsSet, int8_t cscSwitch, int16_t cscMatrixR0C0, int16_t cscMatrixR0C1,
    int16_t cscMatrixR0C2, int16_t cscMatrixR1C0, int16_t cscMatrixR1C1, int16_t cscMatrixR1C2,
    int16_t cscMatrixR2C0, int16_t cscMatrixR2C1, int16_t cscMatrixR2C2, uint8_t cscOutputBiasR0,
    uint8_t cscOutputBiasR1, uint8_t cscOutputBiasR2, uint8_t cscInputBiasR0,
    uint8_t cscInputBiasR1, uint8_t cscInputBiasR2);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPDtcPixelMean(
    aclmdlAIPP *aippParmsSet, int16_t dtcPixelMeanChn0, int16_t dtcPixelMeanChn1,
    int16_t dtcPixelMeanChn2, int16_t dtcPixelMeanChn3, uint64_t batchIndex);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPDtcPixelMin(
    aclmdlAIPP *aippParmsSet, float dtcPixelMinChn0, float dtcPixelMinChn1, float dtcPixelMinChn2,
    float dtcPixelMinChn3, uint64_t batchIndex);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPInputFormat(aclmdlAIPP *aippParmsSet, aclAippInputFormat inputFormat);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPPaddingParams(
    aclmdlAIPP *aippParmsSet, int8_t paddingSwitch, int32_t paddingSizeTop,
    int32_t paddingSizeBottom, int32_t paddingSizeLeft, int32_t paddingSizeRight,
    uint64_t batchIndex);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPPixelVarReci(
    aclmdlAIPP *aippParmsSet, float dtcPixelVarReciChn0, float dtcPixelVarReciChn1,
    float dtcPixelVarReciChn2, float dtcPixelVarReciChn3, uint64_t batchIndex);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPRbuvSwapSwitch(aclmdlAIPP *aippParmsSet, int8_t rbuvSwapSwitch);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPScfParams(
    aclmdlAIPP *aippParmsSet, int8_t scfSwitch, int32_t scfInputSizeW, int32_t scfInputSizeH,
    int32_t scfOutputSizeW, int32_t scfOutputSizeH, uint64_t batchIndex);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetAIPPSrcImageSize(
    aclmdlAIPP *aippParmsSet, int32_t srcImageSizeW, int32_t srcImageSizeH);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetInputAIPP(
    uint32_t modelId, aclmdlDataset *dataset, size_t index, const aclmdlAIPP *aippParmsSet);

/* model desc */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlCreateAndGetOpDesc(
    uint32_t deviceId, uint32_t streamId, uint32_t taskId, char *opName, size_t opNameLen,
    aclTensorDesc **inputDesc, size_t *numInputs, aclTensorDesc **outputDesc, size_t *numOutputs);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclmdlDesc *aclmdlCreateDesc(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlDestroyDesc(aclmdlDesc *modelDesc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetDesc(aclmdlDesc *modelDesc, uint32_t modelId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclDataType aclmdlGetInputDataType(const aclmdlDesc *modelDesc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetInputDims(const aclmdlDesc *modelDesc, size_t index, aclmdlIODims *dims);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetInputDimsV2(const aclmdlDesc *modelDesc, size_t index, aclmdlIODims *dims);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetInputDynamicGearCount(
    const aclmdlDesc *modelDesc, size_t index, size_t *gearCount);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclFormat aclmdlGetInputFormat(const aclmdlDesc *modelDesc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetInputIndexByName(const aclmdlDesc *modelDesc, const char *name, size_t *index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
const char *aclmdlGetInputNameByIndex(const aclmdlDesc *modelDesc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclmdlGetInputSizeByIndex(aclmdlDesc *modelDesc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclmdlGetNumInputs(aclmdlDesc *modelDesc);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclmdlGetNumOutputs(aclmdlDesc *modelDesc);

/** Since CANN 5.0.1, in libascendcl.so. */
const char *aclmdlGetOpAttr(aclmdlDesc *modelDesc, const char *opName, const char *attr);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclDataType aclmdlGetOutputDataType(const aclmdlDesc *modelDesc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetOutputDims(const aclmdlDesc *modelDesc, size_t index, aclmdlIODims *dims);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclFormat aclmdlGetOutputFormat(const aclmdlDesc *modelDesc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetOutputIndexByName(const aclmdlDesc *modelDesc, const char *name, size_t *index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
const char *aclmdlGetOutputNameByIndex(const aclmdlDesc *modelDesc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
size_t aclmdlGetOutputSizeByIndex(aclmdlDesc *modelDesc, size_t index);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
const char *aclmdlGetTensorRealName(const aclmdlDesc *modelDesc, const char *name);

/* model load */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclmdlConfigHandle *aclmdlCreateConfigHandle(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlDestroyConfigHandle(aclmdlConfigHandle *handle);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlLoadFromFile(const char *modelPath, uint32_t *modelId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlLoadFromFileWithMem(
    const char *modelPath, uint32_t *modelId, void *workPtr, size_t workSize, void *weightPtr,
    size_t weightSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlLoadFromFileWithQ(
    const char *modelPath, uint32_t *modelId, const uint32_t *inputQ, size_t inputQNum,
    const uint32_t *outputQ, size_t outputQNum);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlLoadFromMem(const void *model, size_t modelSize, uint32_t *modelId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlLoadFromMemWithMem(
    const void *model, size_t modelSize, uint32_t *modelId, void *workPtr, size_t workSize,
    void *weightPtr, size_t weightSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlLoadFromMemWithQ(
    const void *model, size_t modelSize, uint32_t *modelId, const uint32_t *inputQ,
    size_t inputQNum, const uint32_t *outputQ, size_t outputQNum);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlLoadWithConfig(const aclmdlConfigHandle *handle, uint32_t *modelId);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlQuerySize(const char *fileName, size_t *workSize, size_t *weightSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlQuerySizeFromMem(
    const void *model, size_t modelSize, size_t *workSize, size_t *weightSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetConfigOpt(
    aclmdlConfigHandle *handle, aclmdlConfigAttr attr, const void *attrValue, size_t valueSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlUnload(uint32_t modelId);

/* model exec */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlExecute(uint32_t modelId, const aclmdlDataset *input, aclmdlDataset *output);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlExecuteAsync(
    uint32_t modelId, const aclmdlDataset *input, aclmdlDataset *output, aclrtStream stream);

/* dump */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlFinalizeDump(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlInitDump(void);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetDump(const char *dumpCfgPath);

/* dynamic batch/HW/dims */

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetCurOutputDims(const aclmdlDesc *modelDesc, size_t index, aclmdlIODims *dims);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetDynamicBatch(const aclmdlDesc *modelDesc, aclmdlBatch *batch);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetDynamicHW(const aclmdlDesc *modelDesc, size_t index, aclmdlHW *hw);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlGetInputDynamicDims(
    const aclmdlDesc *modelDesc, size_t index, aclmdlIODims *dims, size_t gearCount);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetDynamicBatchSize(
    uint32_t modelId, aclmdlDataset *dataset, size_t index, uint64_t batchSize);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetDynamicHWSize(
    uint32_t modelId, aclmdlDataset *dataset, size_t index, uint64_t height, uint64_t width);

/** Since CANN 3.3 or earlier, in libascendcl.so. */
aclError aclmdlSetInputDynamicDims(
    uint32_t modelId, aclmdlDataset *dataset, size_t index, const aclmdlIODims *dims);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_ACL_MDL_H_ */
