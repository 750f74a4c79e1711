/*
 * acl/ops/acl_dvpp.h: Media preprocessing (DVPP V1): pictures, JPEG, PNG, video.
 *
 * Declarations of the AscendCL C API, written for this project from tables of its names, numbers
 * and layouts (vendor-headers/facts). C99 and C++11.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASCEND_REID_ACL_OPS_ACL_DVPP_H_
#define ASCEND_REID_ACL_OPS_ACL_DVPP_H_

#ifndef ENABLE_DVPP_INTERFACE
#error "define ENABLE_DVPP_INTERFACE before including acl_dvpp.h"
#endif

#include <stddef.h>
#include <stdint.h>
#include "acl/acl.h"
#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque object; used through a pointer. */
typedef struct acldvppBatchPicDesc acldvppBatchPicDesc;
/** Opaque object; used through a pointer. */
typedef struct acldvppBorderConfig acldvppBorderConfig;
/** Opaque object; used through a pointer. */
typedef struct acldvppChannelDesc acldvppChannelDesc;
/** Opaque object; used through a pointer. */
typedef struct acldvppHist acldvppHist;
/** Opaque object; used through a pointer. */
typedef struct acldvppJpegeConfig acldvppJpegeConfig;
/** Opaque object; used through a pointer. */
typedef struct acldvppLutMap acldvppLutMap;
/** Opaque object; used through a pointer. */
typedef struct acldvppPicDesc acldvppPicDesc;
/** Opaque object; used through a pointer. */
typedef struct acldvppResizeConfig acldvppResizeConfig;
/** Opaque object; used through a pointer. */
typedef struct acldvppRoiConfig acldvppRoiConfig;
/** Opaque object; used through a pointer. */
typedef struct acldvppStreamDesc acldvppStreamDesc;
/** Opaque object; used through a pointer. */
typedef struct aclvdecChannelDesc aclvdecChannelDesc;
/** Opaque object; used through a pointer. */
typedef struct aclvdecFrameConfig aclvdecFrameConfig;
/** Opaque object; used through a pointer. */
typedef struct aclvencChannelDesc aclvencChannelDesc;
/** Opaque object; used through a pointer. */
typedef struct aclvencFrameConfig aclvencFrameConfig;

typedef enum acldvppBorderType {
    BORDER_CONSTANT = 0,
    BORDER_REPLICATE = 1,
    BORDER_REFLECT = 2,
    BORDER_REFLECT_101 = 3
} acldvppBorderType;

typedef enum acldvppChannelDescParamType {
    ACL_DVPP_CSC_MATRIX_UINT32 = 0,
    ACL_DVPP_MODE_UINT32 = 1,
    ACL_DVPP_CHANNEL_ID_UINT64 = 2,
    ACL_DVPP_CHANNEL_HEIGHT_UINT32 = 3,
    ACL_DVPP_CHANNEL_WIDTH_UINT32 = 4,
    ACL_DVPP_JPEGD_PRECISION_MODE_ENUM = 5
} acldvppChannelDescParamType;

typedef enum acldvppChannelMode {
    DVPP_CHNMODE_VPC = 1,
    DVPP_CHNMODE_JPEGD = 2,
    DVPP_CHNMODE_JPEGE = 4,
    DVPP_CHNMODE_PNGD = 8
} acldvppChannelMode;

typedef enum acldvppCscMatrix {
    ACL_DVPP_CSC_MATRIX_BT601_WIDE = 0,
    ACL_DVPP_CSC_MATRIX_BT601_NARROW = 1,
    ACL_DVPP_CSC_MATRIX_BT709_WIDE = 2,
    ACL_DVPP_CSC_MATRIX_BT709_NARROW = 3,
    ACL_DVPP_CSC_MATRIX_BT2020_WIDE = 4,
    ACL_DVPP_CSC_MATRIX_BT2020_NARROW = 5
} acldvppCscMatrix;

typedef enum acldvppJpegFormat {
    ACL_JPEG_CSS_444 = 0,
    ACL_JPEG_CSS_422 = 1,
    ACL_JPEG_CSS_420 = 2,
    ACL_JPEG_CSS_GRAY = 3,
    ACL_JPEG_CSS_440 = 4,
    ACL_JPEG_CSS_411 = 5,
    ACL_JPEG_CSS_UNKNOWN = 1000
} acldvppJpegFormat;

typedef enum acldvppJpegdPrecisionMode {
    ACL_YUVOUT_ALIGN_DOWN = 0,
    ACL_YUVOUT_ALIGN_UP = 1,
    ACL_YUVOUT_ALIGN_DOWN_COMPAT = 2
} acldvppJpegdPrecisionMode;

typedef enum acldvppPixelFormat {
    PIXEL_FORMAT_YUV_400 = 0,
    PIXEL_FORMAT_YUV_SEMIPLANAR_420 = 1,
    PIXEL_FORMAT_YVU_SEMIPLANAR_420 = 2,
    PIXEL_FORMAT_YUV_SEMIPLANAR_422 = 3,
    PIXEL_FORMAT_YVU_SEMIPLANAR_422 = 4,
    PIXEL_FORMAT_YUV_SEMIPLANAR_444 = 5,
    PIXEL_FORMAT_YVU_SEMIPLANAR_444 = 6,
    PIXEL_FORMAT_YUYV_PACKED_422 = 7,
    PIXEL_FORMAT_UYVY_PACKED_422 = 8,
    PIXEL_FORMAT_YVYU_PACKED_422 = 9,
    PIXEL_FORMAT_VYUY_PACKED_422 = 10,
    PIXEL_FORMAT_YUV_PACKED_444 = 11,
    PIXEL_FORMAT_RGB_888 = 12,
    PIXEL_FORMAT_BGR_888 = 13,
    PIXEL_FORMAT_ARGB_8888 = 14,
    PIXEL_FORMAT_ABGR_8888 = 15,
    PIXEL_FORMAT_RGBA_8888 = 16,
    PIXEL_FORMAT_BGRA_8888 = 17,
    PIXEL_FORMAT_YUV_SEMI_PLANNER_420_10BIT = 18,
    PIXEL_FORMAT_YVU_SEMI_PLANNER_420_10BIT = 19,
    PIXEL_FORMAT_YVU_PLANAR_420 = 20,
    PIXEL_FORMAT_YVU_PLANAR_422 = 21,
    PIXEL_FORMAT_YVU_PLANAR_444 = 22,
    PIXEL_FORMAT_RGB_444 = 23,
    PIXEL_FORMAT_BGR_444 = 24,
    PIXEL_FORMAT_ARGB_4444 = 25,
    PIXEL_FORMAT_ABGR_4444 = 26,
    PIXEL_FORMAT_RGBA_4444 = 27,
    PIXEL_FORMAT_BGRA_4444 = 28,
    PIXEL_FORMAT_RGB_555 = 29,
    PIXEL_FORMAT_BGR_555 = 30,
    PIXEL_FORMAT_RGB_565 = 31,
    PIXEL_FORMAT_BGR_565 = 32,
    PIXEL_FORMAT_ARGB_1555 = 33,
    PIXEL_FORMAT_ABGR_1555 = 34,
    PIXEL_FORMAT_RGBA_1555 = 35,
    PIXEL_FORMAT_BGRA_1555 = 36,
    PIXEL_FORMAT_ARGB_8565 = 37,
    PIXEL_FORMAT_ABGR_8565 = 38,
    PIXEL_FORMAT_RGBA_8565 = 39,
    PIXEL_FORMAT_BGRA_8565 = 40,
    PIXEL_FORMAT_RGB_BAYER_8BPP = 50,
    PIXEL_FORMAT_RGB_BAYER_10BPP = 51,
    PIXEL_FORMAT_RGB_BAYER_12BPP = 52,
    PIXEL_FORMAT_RGB_BAYER_14BPP = 53,
    PIXEL_FORMAT_RGB_BAYER_16BPP = 54,
    PIXEL_FORMAT_BGR_888_PLANAR = 70,
    PIXEL_FORMAT_HSV_888_PACKAGE = 71,
    PIXEL_FORMAT_HSV_888_PLANAR = 72,
    PIXEL_FORMAT_LAB_888_PACKAGE = 73,
    PIXEL_FORMAT_LAB_888_PLANAR = 74,
    PIXEL_FORMAT_S8C1 = 75,
    PIXEL_FORMAT_S8C2_PACKAGE = 76,
    PIXEL_FORMAT_S8C2_PLANAR = 77,
    PIXEL_FORMAT_S16C1 = 78,
    PIXEL_FORMAT_U8C1 = 79,
    PIXEL_FORMAT_U16C1 = 80,
    PIXEL_FORMAT_S32C1 = 81,
    PIXEL_FORMAT_U32C1 = 82,
    PIXEL_FORMAT_U64C1 = 83,
    PIXEL_FORMAT_S64C1 = 84,
    PIXEL_FORMAT_YUV_SEMIPLANAR_440 = 1000,
    PIXEL_FORMAT_YVU_SEMIPLANAR_440 = 1001,
    PIXEL_FORMAT_FLOAT32 = 1002,
    PIXEL_FORMAT_BUTT = 1003,
    PIXEL_FORMAT_UNKNOWN = 10000
} acldvppPixelFormat;

typedef enum acldvppStreamFormat {
    H265_MAIN_LEVEL = 0,
    H264_BASELINE_LEVEL = 1,
    H264_MAIN_LEVEL = 2,
    H264_HIGH_LEVEL = 3
} acldvppStreamFormat;

typedef enum aclvdecChannelDescParamType {
    ACL_VDEC_CSC_MATRIX_UINT32 = 0,
    ACL_VDEC_OUT_MODE_UINT32 = 1,
    ACL_VDEC_THREAD_ID_UINT64 = 2,
    ACL_VDEC_CALLBACK_PTR = 3,
    ACL_VDEC_CHANNEL_ID_UINT32 = 4,
    ACL_VDEC_ENCODE_TYPE_UINT32 = 5,
    ACL_VDEC_OUT_PIC_FORMAT_UINT32 = 6,
    ACL_VDEC_OUT_PIC_WIDTH_UINT32 = 7,
    ACL_VDEC_OUT_PIC_HEIGHT_UINT32 = 8,
    ACL_VDEC_REF_FRAME_NUM_UINT32 = 9,
    ACL_VDEC_BIT_DEPTH_UINT32 = 10
} aclvdecChannelDescParamType;

typedef enum aclvencChannelDescParamType {
    ACL_VENC_THREAD_ID_UINT64 = 0,
    ACL_VENC_CALLBACK_PTR = 1,
    ACL_VENC_PIXEL_FORMAT_UINT32 = 2,
    ACL_VENC_ENCODE_TYPE_UINT32 = 3,
    ACL_VENC_PIC_WIDTH_UINT32 = 4,
    ACL_VENC_PIC_HEIGHT_UINT32 = 5,
    ACL_VENC_KEY_FRAME_INTERVAL_UINT32 = 6,
    ACL_VENC_BUF_ADDR_PTR = 7,
    ACL_VENC_BUF_SIZE_UINT32 = 8,
    ACL_VENC_RC_MODE_UINT32 = 9,
    ACL_VENC_SRC_RATE_UINT32 = 10,
    ACL_VENC_MAX_BITRATE_UINT32 = 11,
    ACL_VENC_MAX_IP_PROP_UINT32 = 12
} aclvencChannelDescParamType;

/** Receives a decoded video frame. */
typedef void (*aclvdecCallback)(acldvppStreamDesc *input, acldvppPicDesc *output, void *userData);

/** Receives an encoded video frame. */
typedef void (*aclvencCallback)(acldvppPicDesc *input, acldvppStreamDesc *output, void *userData);

/* dvpp-vpc */

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppClearHist(acldvppHist *hist);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppBatchPicDesc *acldvppCreateBatchPicDesc(uint32_t batchSize);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppBorderConfig *acldvppCreateBorderConfig(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppHist *acldvppCreateHist(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppLutMap *acldvppCreateLutMap(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppPicDesc *acldvppCreatePicDesc(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppResizeConfig *acldvppCreateResizeConfig(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppRoiConfig *acldvppCreateRoiConfig(
    uint32_t left, uint32_t right, uint32_t top, uint32_t bottom);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyBatchPicDesc(acldvppBatchPicDesc *batchPicDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyBorderConfig(acldvppBorderConfig *borderConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyHist(acldvppHist *hist);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyLutMap(acldvppLutMap *lutMap);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyPicDesc(acldvppPicDesc *picDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyResizeConfig(acldvppResizeConfig *resizeConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyRoiConfig(acldvppRoiConfig *roiConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppBorderType acldvppGetBorderConfigBorderType(const acldvppBorderConfig *borderConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetBorderConfigBottom(const acldvppBorderConfig *borderConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetBorderConfigLeft(const acldvppBorderConfig *borderConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetBorderConfigRight(const acldvppBorderConfig *borderConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetBorderConfigTop(const acldvppBorderConfig *borderConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
double acldvppGetBorderConfigValue(const acldvppBorderConfig *borderConfig, uint32_t index);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppGetHistData(acldvppHist *hist, uint32_t dim, uint32_t **data, uint16_t *len);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetHistDims(acldvppHist *hist);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetHistRetCode(acldvppHist *hist);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppGetLutMapData(
    const acldvppLutMap *lutMap, uint32_t dim, uint8_t **data, uint32_t *len);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetLutMapDims(const acldvppLutMap *lutMap);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppPicDesc *acldvppGetPicDesc(acldvppBatchPicDesc *batchPicDesc, uint32_t index);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
void *acldvppGetPicDescData(const acldvppPicDesc *picDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppPixelFormat acldvppGetPicDescFormat(const acldvppPicDesc *picDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetPicDescHeight(const acldvppPicDesc *picDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetPicDescHeightStride(const acldvppPicDesc *picDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetPicDescRetCode(const acldvppPicDesc *picDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetPicDescSize(const acldvppPicDesc *picDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetPicDescWidth(const acldvppPicDesc *picDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetPicDescWidthStride(const acldvppPicDesc *picDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetResizeConfigInterpolation(const acldvppResizeConfig *resizeConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetBorderConfigBorderType(
    acldvppBorderConfig *borderConfig, acldvppBorderType borderType);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetBorderConfigBottom(acldvppBorderConfig *borderConfig, uint32_t bottom);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetBorderConfigLeft(acldvppBorderConfig *borderConfig, uint32_t left);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetBorderConfigRight(acldvppBorderConfig *borderConfig, uint32_t right);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetBorderConfigTop(acldvppBorderConfig *borderConfig, uint32_t top);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetBorderConfigValue(
    acldvppBorderConfig *borderConfig, uint32_t index, double value);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetPicDescData(acldvppPicDesc *picDesc, void *dataDev);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetPicDescFormat(acldvppPicDesc *picDesc, acldvppPixelFormat format);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetPicDescHeight(acldvppPicDesc *picDesc, uint32_t height);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetPicDescHeightStride(acldvppPicDesc *picDesc, uint32_t heightStride);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetPicDescRetCode(acldvppPicDesc *picDesc, uint32_t retCode);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetPicDescSize(acldvppPicDesc *picDesc, uint32_t size);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetPicDescWidth(acldvppPicDesc *picDesc, uint32_t width);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetPicDescWidthStride(acldvppPicDesc *picDesc, uint32_t widthStride);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetResizeConfigInterpolation(
    acldvppResizeConfig *resizeConfig, uint32_t interpolation);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetRoiConfig(
    acldvppRoiConfig *config, uint32_t left, uint32_t right, uint32_t top, uint32_t bottom);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetRoiConfigBottom(acldvppRoiConfig *config, uint32_t bottom);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetRoiConfigLeft(acldvppRoiConfig *config, uint32_t left);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetRoiConfigRight(acldvppRoiConfig *config, uint32_t right);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetRoiConfigTop(acldvppRoiConfig *config, uint32_t top);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcBatchCropAndPasteAsync(
    acldvppChannelDesc *channelDesc, acldvppBatchPicDesc *srcBatchPicDescs, uint32_t *roiNums,
    uint32_t size, acldvppBatchPicDesc *dstBatchPicDescs, acldvppRoiConfig *cropAreas[],
    acldvppRoiConfig *pasteAreas[], aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcBatchCropAsync(
    acldvppChannelDesc *channelDesc, acldvppBatchPicDesc *srcBatchPicDescs, uint32_t *roiNums,
    uint32_t size, acldvppBatchPicDesc *dstBatchPicDescs, acldvppRoiConfig *cropAreas[],
    aclrtStream stream);

/** Since CANN 5.0.1, in libacl_dvpp.so. */
aclError acldvppVpcBatchCropResizeAsync(
    acldvppChannelDesc *channelDesc, acldvppBatchPicDesc *srcBatchPicDescs, uint32_t *roiNums,
    uint32_t size, acldvppBatchPicDesc *dstBatchPicDescs, acldvppRoiConfig *cropAreas[],
    acldvppResizeConfig *resizeConfig, aclrtStream stream);

/** Since CANN 5.0.1, in libacl_dvpp.so. */
aclError acldvppVpcBatchCropResizeMakeBorderAsync(
    acldvppChannelDesc *channelDesc, acldvppBatchPicDesc *srcBatchPicDescs, uint32_t *roiNums,
    uint32_t size, acldvppBatchPicDesc *dstBatchPicDescs, acldvppRoiConfig *cropAreas[],
    acldvppBorderConfig *borderCfgs[], acldvppResizeConfig *resizeConfig, aclrtStream stream);

/** Since CANN 5.0.1, in libacl_dvpp.so. */
aclError acldvppVpcBatchCropResizePasteAsync(
    acldvppChannelDesc *channelDesc, acldvppBatchPicDesc *srcBatchPicDescs, uint32_t *roiNums,
    uint32_t size, acldvppBatchPicDesc *dstBatchPicDescs, acldvppRoiConfig *cropAreas[],
    acldvppRoiConfig *pasteAreas[], acldvppResizeConfig *resizeConfig, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcCalcHistAsync(
    acldvppChannelDesc *channelDesc, acldvppPicDesc *srcPicDesc, acldvppHist *hist, void *reserve,
    aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcConvertColorAsync(
    acldvppChannelDesc *channelDesc, acldvppPicDesc *inputDesc, acldvppPicDesc *outputDesc,
    aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcCropAndPasteAsync(
    acldvppChannelDesc *channelDesc, acldvppPicDesc *inputDesc, acldvppPicDesc *outputDesc,
    acldvppRoiConfig *cropArea, acldvppRoiConfig *pasteArea, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcCropAsync(
    acldvppChannelDesc *channelDesc, acldvppPicDesc *inputDesc, acldvppPicDesc *outputDesc,
    acldvppRoiConfig *cropArea, aclrtStream stream);

/** Since CANN 5.0.1, in libacl_dvpp.so. */
aclError acldvppVpcCropResizeAsync(
    acldvppChannelDesc *channelDesc, acldvppPicDesc *inputDesc, acldvppPicDesc *outputDesc,
    acldvppRoiConfig *cropArea, acldvppResizeConfig *resizeConfig, aclrtStream stream);

/** Since CANN 5.0.1, in libacl_dvpp.so. */
aclError acldvppVpcCropResizePasteAsync(
    acldvppChannelDesc *channelDesc, acldvppPicDesc *inputDesc, acldvppPicDesc *outputDesc,
    acldvppRoiConfig *cropArea, acldvppRoiConfig *pasteArea, acldvppResizeConfig *resizeConfig,
    aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcEqualizeHistAsync(
    const acldvppChannelDesc *channelDesc, const acldvppPicDesc *inputDesc,
    acldvppPicDesc *outputDesc, const acldvppLutMap *lutMap, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcMakeBorderAsync(
    const acldvppChannelDesc *channelDesc, const acldvppPicDesc *inputDesc,
    acldvppPicDesc *outputDesc, const acldvppBorderConfig *borderConfig, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcPyrDownAsync(
    acldvppChannelDesc *channelDesc, acldvppPicDesc *inputDesc, acldvppPicDesc *outputDesc,
    void *reserve, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppVpcResizeAsync(
    acldvppChannelDesc *channelDesc, acldvppPicDesc *inputDesc, acldvppPicDesc *outputDesc,
    acldvppResizeConfig *resizeConfig, aclrtStream stream);

/* dvpp-channel */

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppCreateChannel(acldvppChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppChannelDesc *acldvppCreateChannelDesc(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyChannel(acldvppChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyChannelDesc(acldvppChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppFree(void *devPtr);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint64_t acldvppGetChannelDescChannelId(const acldvppChannelDesc *channelDesc);

/** Since CANN 5.0.2, in libacl_dvpp.so. */
aclError acldvppGetChannelDescParam(
    const acldvppChannelDesc *channelDesc, acldvppChannelDescParamType paramType, size_t length,
    size_t *paramRetSize, void *param);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppMalloc(void **devPtr, size_t size);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetChannelDescMode(acldvppChannelDesc *channelDesc, uint32_t mode);

/** Since CANN 5.0.2, in libacl_dvpp.so. */
aclError acldvppSetChannelDescParam(
    acldvppChannelDesc *channelDesc, acldvppChannelDescParamType paramType, size_t length,
    const void *param);

/* dvpp-jpeg */

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppJpegeConfig *acldvppCreateJpegeConfig(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyJpegeConfig(acldvppJpegeConfig *jpegeConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetJpegeConfigLevel(const acldvppJpegeConfig *jpegeConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppJpegDecodeAsync(
    acldvppChannelDesc *channelDesc, const void *data, uint32_t size, acldvppPicDesc *outputDesc,
    aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppJpegEncodeAsync(
    acldvppChannelDesc *channelDesc, acldvppPicDesc *inputDesc, const void *data, uint32_t *size,
    acldvppJpegeConfig *config, aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppJpegGetImageInfo(
    const void *data, uint32_t size, uint32_t *width, uint32_t *height, int32_t *components);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppJpegGetImageInfoV2(
    const void *data, uint32_t size, uint32_t *width, uint32_t *height, int32_t *components,
    acldvppJpegFormat *format);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppJpegPredictDecSize(
    const void *data, uint32_t dataSize, acldvppPixelFormat outputPixelFormat, uint32_t *decSize);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppJpegPredictEncSize(
    const acldvppPicDesc *inputDesc, const acldvppJpegeConfig *config, uint32_t *size);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppPngDecodeAsync(
    acldvppChannelDesc *channelDesc, const void *data, uint32_t size, acldvppPicDesc *outputDesc,
    aclrtStream stream);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppPngGetImageInfo(
    const void *data, uint32_t dataSize, uint32_t *width, uint32_t *height, int32_t *components);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppPngPredictDecSize(
    const void *data, uint32_t dataSize, acldvppPixelFormat outputPixelFormat, uint32_t *decSize);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetJpegeConfigLevel(acldvppJpegeConfig *jpegeConfig, uint32_t level);

/* dvpp-venc/vdec */

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppStreamDesc *acldvppCreateStreamDesc(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppDestroyStreamDesc(acldvppStreamDesc *streamDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
void *acldvppGetStreamDescData(const acldvppStreamDesc *streamDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint8_t acldvppGetStreamDescEos(const acldvppStreamDesc *streamDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppStreamFormat acldvppGetStreamDescFormat(const acldvppStreamDesc *streamDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetStreamDescRetCode(const acldvppStreamDesc *streamDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t acldvppGetStreamDescSize(const acldvppStreamDesc *streamDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint64_t acldvppGetStreamDescTimestamp(const acldvppStreamDesc *streamDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetStreamDescData(acldvppStreamDesc *streamDesc, void *dataDev);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetStreamDescEos(acldvppStreamDesc *streamDesc, uint8_t eos);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetStreamDescFormat(acldvppStreamDesc *streamDesc, acldvppStreamFormat format);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetStreamDescRetCode(acldvppStreamDesc *streamDesc, uint32_t retCode);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetStreamDescSize(acldvppStreamDesc *streamDesc, uint32_t size);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError acldvppSetStreamDescTimestamp(acldvppStreamDesc *streamDesc, uint64_t timestamp);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecCreateChannel(aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclvdecChannelDesc *aclvdecCreateChannelDesc(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclvdecFrameConfig *aclvdecCreateFrameConfig(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecDestroyChannel(aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecDestroyChannelDesc(aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecDestroyFrameConfig(aclvdecFrameConfig *vdecFrameConfig);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvdecGetChannelDescBitDepth(const aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclvdecCallback aclvdecGetChannelDescCallback(const aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvdecGetChannelDescChannelId(const aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppStreamFormat aclvdecGetChannelDescEnType(const aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvdecGetChannelDescOutMode(const aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppPixelFormat aclvdecGetChannelDescOutPicFormat(const aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvdecGetChannelDescOutPicHeight(const aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvdecGetChannelDescOutPicWidth(const aclvdecChannelDesc *channelDesc);

/** Since CANN 5.0.2, in libacl_dvpp.so. */
aclError aclvdecGetChannelDescParam(
    const aclvdecChannelDesc *channelDesc, aclvdecChannelDescParamType paramType, size_t length,
    size_t *paramRetSize, void *param);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvdecGetChannelDescRefFrameNum(const aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint64_t aclvdecGetChannelDescThreadId(const aclvdecChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSendFrame(
    aclvdecChannelDesc *channelDesc, acldvppStreamDesc *input, acldvppPicDesc *output,
    aclvdecFrameConfig *config, void *userData);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSendSkippedFrame(
    aclvdecChannelDesc *channelDesc, acldvppStreamDesc *input, aclvdecFrameConfig *config,
    void *userData);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescBitDepth(aclvdecChannelDesc *channelDesc, uint32_t bitDepth);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescCallback(aclvdecChannelDesc *channelDesc, aclvdecCallback callback);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescChannelId(aclvdecChannelDesc *channelDesc, uint32_t channelId);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescEnType(aclvdecChannelDesc *channelDesc, acldvppStreamFormat enType);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescOutMode(aclvdecChannelDesc *channelDesc, uint32_t outMode);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescOutPicFormat(
    aclvdecChannelDesc *channelDesc, acldvppPixelFormat outPicFormat);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescOutPicHeight(aclvdecChannelDesc *channelDesc, uint32_t outPicHeight);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescOutPicWidth(aclvdecChannelDesc *channelDesc, uint32_t outPicWidth);

/** Since CANN 5.0.2, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescParam(
    aclvdecChannelDesc *channelDesc, aclvdecChannelDescParamType paramType, size_t length,
    const void *param);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescRefFrameNum(aclvdecChannelDesc *channelDesc, uint32_t refFrameNum);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvdecSetChannelDescThreadId(aclvdecChannelDesc *channelDesc, uint64_t threadId);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencCreateChannel(aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclvencChannelDesc *aclvencCreateChannelDesc(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclvencFrameConfig *aclvencCreateFrameConfig(void);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencDestroyChannel(aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencDestroyChannelDesc(aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencDestroyFrameConfig(aclvencFrameConfig *config);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
void *aclvencGetChannelDescBufAddr(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvencGetChannelDescBufSize(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclvencCallback aclvencGetChannelDescCallback(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvencGetChannelDescChannelId(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppStreamFormat aclvencGetChannelDescEnType(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvencGetChannelDescKeyFrameInterval(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvencGetChannelDescMaxBitRate(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencGetChannelDescParam(
    const aclvencChannelDesc *channelDesc, aclvencChannelDescParamType paramType, size_t length,
    size_t *paramRetSize, void *param);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
acldvppPixelFormat aclvencGetChannelDescPicFormat(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvencGetChannelDescPicHeight(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvencGetChannelDescPicWidth(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvencGetChannelDescRcMode(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint32_t aclvencGetChannelDescSrcRate(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint64_t aclvencGetChannelDescThreadId(const aclvencChannelDesc *channelDesc);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint8_t aclvencGetFrameConfigEos(const aclvencFrameConfig *config);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
uint8_t aclvencGetFrameConfigForceIFrame(const aclvencFrameConfig *config);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSendFrame(
    aclvencChannelDesc *channelDesc, acldvppPicDesc *input, void *reserve,
    aclvencFrameConfig *config, void *userdata);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescBufAddr(aclvencChannelDesc *channelDesc, void *bufAddr);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescBufSize(aclvencChannelDesc *channelDesc, uint32_t bufSize);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescCallback(aclvencChannelDesc *channelDesc, aclvencCallback callback);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescEnType(aclvencChannelDesc *channelDesc, acldvppStreamFormat enType);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescKeyFrameInterval(
    aclvencChannelDesc *channelDesc, uint32_t keyFrameInterval);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescMaxBitRate(aclvencChannelDesc *channelDesc, uint32_t maxBitRate);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescParam(
    aclvencChannelDesc *channelDesc, aclvencChannelDescParamType paramType, size_t length,
    const void *param);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescPicFormat(
    aclvencChannelDesc *channelDesc, acldvppPixelFormat picFormat);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescPicHeight(aclvencChannelDesc *channelDesc, uint32_t picHeight);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescPicWidth(aclvencChannelDesc *channelDesc, uint32_t picWidth);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescRcMode(aclvencChannelDesc *channelDesc, uint32_t rcMode);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescSrcRate(aclvencChannelDesc *channelDesc, uint32_t srcRate);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetChannelDescThreadId(aclvencChannelDesc *channelDesc, uint64_t threadId);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetFrameConfigEos(aclvencFrameConfig *config, uint8_t eos);

/** Since CANN 3.3 or earlier, in libacl_dvpp.so. */
aclError aclvencSetFrameConfigForceIFrame(aclvencFrameConfig *config, uint8_t forceIFrame);

#ifdef __cplusplus
}
#endif

#endif /* ASCEND_REID_ACL_OPS_ACL_DVPP_H_ */
