//! `acl_mdl.h`: models.

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclmdlDestroyAIPP(*const aclmdlAIPP);
    fn aclmdlSetAIPPAxSwapSwitch(*mut aclmdlAIPP, i8);
    fn aclmdlSetAIPPByInputIndex(u32, *mut aclmdlDataset, usize, *const aclmdlAIPP);
    fn aclmdlSetAIPPCropParams(*mut aclmdlAIPP, i8, i32, i32, i32, i32, u64);
    fn aclmdlSetAIPPCscParams(*mut aclmdlAIPP, i8, i16, i16, i16, i16, i16, i16, i16, i16, i16, u8, u8, u8, u8, u8, u8);
    fn aclmdlSetAIPPDtcPixelMean(*mut aclmdlAIPP, i16, i16, i16, i16, u64);
    fn aclmdlSetAIPPDtcPixelMin(*mut aclmdlAIPP, f32, f32, f32, f32, u64);
    fn aclmdlSetAIPPInputFormat(*mut aclmdlAIPP, aclAippInputFormat);
    fn aclmdlSetAIPPPaddingParams(*mut aclmdlAIPP, i8, i32, i32, i32, i32, u64);
    fn aclmdlSetAIPPPixelVarReci(*mut aclmdlAIPP, f32, f32, f32, f32, u64);
    fn aclmdlSetAIPPRbuvSwapSwitch(*mut aclmdlAIPP, i8);
    fn aclmdlSetAIPPScfParams(*mut aclmdlAIPP, i8, i32, i32, i32, i32, u64);
    fn aclmdlSetAIPPSrcImageSize(*mut aclmdlAIPP, i32, i32);
    fn aclmdlSetInputAIPP(u32, *mut aclmdlDataset, usize, *const aclmdlAIPP);
}

not_simulated_getter! {
    fn aclmdlCreateAIPP(u64) -> *mut aclmdlAIPP = std::ptr::null_mut();
}
