//! `acl_fv.h`: search of features.

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, aclfvFeatureInfo, aclfvInitPara, aclfvQueryTable, aclfvRepoRange,
    aclfvSearchInput, aclfvSearchResult, aclfvSearchType,
};

use super::{getter, host, require, status};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::retrieval::{
    self, Features, InitPara, QueryTable, RepoRange, SearchInput, SearchResult, search,
};
use crate::machine::span::Span;

status! {
    fn aclfvInit(para: *mut aclfvInitPara) {
        retrieval::init(Handle::from_ptr(para))
    }

    fn aclfvRelease() {
        retrieval::release()
    }

    fn aclfvSet1NTopNum(para: *mut aclfvInitPara, most: u32) {
        set_top(para, aclfvSearchType::SEARCH_1_N, most)
    }

    fn aclfvSetNMTopNum(para: *mut aclfvInitPara, most: u32) {
        set_top(para, aclfvSearchType::SEARCH_N_M, most)
    }

    fn aclfvRepoAdd(kind: aclfvSearchType, info: *mut aclfvFeatureInfo) {
        retrieval::add(index(kind)?, Handle::from_ptr(info))
    }

    fn aclfvRepoDel(kind: aclfvSearchType, range: *mut aclfvRepoRange) {
        retrieval::delete_range(index(kind)?, Handle::from_ptr(range))
    }

    fn aclfvDel(info: *mut aclfvFeatureInfo) {
        retrieval::delete(Handle::from_ptr(info))
    }

    fn aclfvModify(info: *mut aclfvFeatureInfo) {
        retrieval::modify(Handle::from_ptr(info))
    }

    fn aclfvSearch(
        kind: aclfvSearchType,
        input: *mut aclfvSearchInput,
        result: *mut aclfvSearchResult,
    ) {
        search::search(index(kind)?, Handle::from_ptr(input), Handle::from_ptr(result))
    }

    fn aclfvDestroyInitPara(para: *mut aclfvInitPara) {
        retrieval::remove_para(Handle::from_ptr(para))
    }

    fn aclfvDestroyFeatureInfo(info: *mut aclfvFeatureInfo) {
        retrieval::remove_features(Handle::from_ptr(info))
    }

    fn aclfvDestroyRepoRange(range: *mut aclfvRepoRange) {
        retrieval::remove_range(Handle::from_ptr(range))
    }

    fn aclfvDestroyQueryTable(table: *mut aclfvQueryTable) {
        retrieval::remove_table(Handle::from_ptr(table))
    }

    fn aclfvDestroySearchInput(input: *mut aclfvSearchInput) {
        retrieval::remove_input(Handle::from_ptr(input))
    }

    fn aclfvDestroySearchResult(result: *mut aclfvSearchResult) {
        retrieval::remove_result(Handle::from_ptr(result))
    }
}

getter! {
    fn aclfvCreateInitPara(capacity: u64) -> *mut aclfvInitPara, or std::ptr::null_mut(); {
        positive("fsNum", capacity)?;
        let para = InitPara { capacity, top: [None; 2] };
        Ok(retrieval::add_para(para).as_ptr())
    }

    fn aclfvCreateFeatureInfo(
        id0: u32,
        id1: u32,
        offset: u32,
        length: u32,
        count: u32,
        data: *mut u8,
        size: u32,
    ) -> *mut aclfvFeatureInfo, or std::ptr::null_mut(); {
        positive("featureLen", length)?;
        positive("featureCount", count)?;
        enough("featureDataLen", size, u64::from(length) * u64::from(count))?;
        if offset.checked_add(count).is_none() {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "{count} features from offset {offset} on run over the last offset"
            ));
        }
        let data = memory(data, size, "featureData")?;
        let info = Features { ids: [id0, id1], offset, length, count, data };
        Ok(retrieval::add_features(info).as_ptr())
    }

    fn aclfvCreateRepoRange(
        id0_low: u32,
        id0_high: u32,
        id1_low: u32,
        id1_high: u32,
    ) -> *mut aclfvRepoRange, or std::ptr::null_mut(); {
        for (name, low, high) in [("id0", id0_low, id0_high), ("id1", id1_low, id1_high)] {
            if low > high {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the smallest {name} is {low}, and the largest {high} is less"
                ));
            }
        }
        let range = RepoRange { low: [id0_low, id1_low], high: [id0_high, id1_high] };
        Ok(retrieval::add_range(range).as_ptr())
    }

    fn aclfvCreateQueryTable(
        queries: u32,
        length: u32,
        data: *mut u8,
        size: u32,
    ) -> *mut aclfvQueryTable, or std::ptr::null_mut(); {
        positive("queryCnt", queries)?;
        positive("tableLen", length)?;
        if !(length as usize).is_multiple_of(search::SUB_TABLE) {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "tableLen is {length}, wanted a multiple of {}",
                search::SUB_TABLE
            ));
        }
        enough("tableDataLen", size, u64::from(queries) * u64::from(length))?;
        let data = memory(data, size, "tableData")?;
        Ok(retrieval::add_table(QueryTable { queries, length, data }).as_ptr())
    }

    fn aclfvCreateSearchInput(
        table: *mut aclfvQueryTable,
        range: *mut aclfvRepoRange,
        top: u32,
    ) -> *mut aclfvSearchInput, or std::ptr::null_mut(); {
        positive("topk", top)?;
        let (table, range) = (Handle::from_ptr(table), Handle::from_ptr(range));
        retrieval::table(table)?;
        retrieval::range(range)?;
        Ok(retrieval::add_input(SearchInput { table, range, top }).as_ptr())
    }

    fn aclfvCreateSearchResult(
        queries: u32,
        found: *mut u32,
        found_size: u32,
        id0: *mut u32,
        id1: *mut u32,
        offset: *mut u32,
        distance: *mut f32,
        size: u32,
    ) -> *mut aclfvSearchResult, or std::ptr::null_mut(); {
        positive("queryCnt", queries)?;
        positive("dataLen", size)?;
        enough("resultNumDataLen", found_size, u64::from(queries) * 4)?;
        let found = memory(found, found_size, "resultNum")?;
        let columns = [
            memory(id0, size, "id0")?,
            memory(id1, size, "id1")?,
            memory(offset, size, "resultOffset")?,
            memory(distance, size, "resultDistance")?,
        ];
        Ok(retrieval::add_result(SearchResult { queries, found, columns }).as_ptr())
    }
}

fn set_top(para: *mut aclfvInitPara, kind: aclfvSearchType, most: u32) -> Result<()> {
    let para = retrieval::para(Handle::from_ptr(para))?;
    positive("the largest topk", most)?;
    para.lock().top[index(kind)?] = Some(most);
    Ok(())
}

fn index(kind: aclfvSearchType) -> Result<usize> {
    match kind {
        aclfvSearchType::SEARCH_1_N => Ok(0),
        aclfvSearchType::SEARCH_N_M => Ok(1),
        _ => Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the kind of search is {}, wanted 0 (1:N) or 1 (N:M)",
            kind.0
        )),
    }
}

fn positive(what: &str, value: impl Into<u64>) -> Result<()> {
    if value.into() == 0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "{what} is 0, wanted 1 or more"
        ));
    }
    Ok(())
}

fn enough(what: &str, size: u32, wanted: u64) -> Result<()> {
    if u64::from(size) < wanted {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "{what} is {size}, wanted {wanted} or more"
        ));
    }
    Ok(())
}

fn memory<T>(pointer: *mut T, size: u32, what: &str) -> Result<Span> {
    require(pointer, what)?;
    let len = size as usize;
    Ok(Span {
        start: host!(pointer.cast_const(), len),
        len,
    })
}
