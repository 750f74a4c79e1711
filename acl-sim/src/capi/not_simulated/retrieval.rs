//! `acl_fv.h`: search of features.

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclfvDel(*mut aclfvFeatureInfo);
    fn aclfvDestroyFeatureInfo(*mut aclfvFeatureInfo);
    fn aclfvDestroyInitPara(*mut aclfvInitPara);
    fn aclfvDestroyQueryTable(*mut aclfvQueryTable);
    fn aclfvDestroyRepoRange(*mut aclfvRepoRange);
    fn aclfvDestroySearchInput(*mut aclfvSearchInput);
    fn aclfvDestroySearchResult(*mut aclfvSearchResult);
    fn aclfvInit(*mut aclfvInitPara);
    fn aclfvModify(*mut aclfvFeatureInfo);
    fn aclfvRelease();
    fn aclfvRepoAdd(aclfvSearchType, *mut aclfvFeatureInfo);
    fn aclfvRepoDel(aclfvSearchType, *mut aclfvRepoRange);
    fn aclfvSearch(aclfvSearchType, *mut aclfvSearchInput, *mut aclfvSearchResult);
    fn aclfvSet1NTopNum(*mut aclfvInitPara, u32);
    fn aclfvSetNMTopNum(*mut aclfvInitPara, u32);
}

not_simulated_getter! {
    fn aclfvCreateFeatureInfo(u32, u32, u32, u32, u32, *mut u8, u32) -> *mut aclfvFeatureInfo = std::ptr::null_mut();
    fn aclfvCreateInitPara(u64) -> *mut aclfvInitPara = std::ptr::null_mut();
    fn aclfvCreateQueryTable(u32, u32, *mut u8, u32) -> *mut aclfvQueryTable = std::ptr::null_mut();
    fn aclfvCreateRepoRange(u32, u32, u32, u32) -> *mut aclfvRepoRange = std::ptr::null_mut();
    fn aclfvCreateSearchInput(*mut aclfvQueryTable, *mut aclfvRepoRange, u32) -> *mut aclfvSearchInput = std::ptr::null_mut();
    fn aclfvCreateSearchResult(u32, *mut u32, u32, *mut u32, *mut u32, *mut u32, *mut f32, u32) -> *mut aclfvSearchResult = std::ptr::null_mut();
}
