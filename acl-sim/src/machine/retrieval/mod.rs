//! Feature retrieval: objects of `acl_fv.h`, and the two repositories (1:N and N:M).
//!
//! # The simulator's own choices
//!
//! The headers say how the functions look and not what the bytes of a feature mean. The reading here
//! is the one that the names and lengths suggest, product quantisation with a table of distances for
//! each query (see [`search`]); results on a card may differ. Besides:
//!
//! * A feature lies at (id0, id1, offset); an information of `featureCount` features names as many
//!   offsets in a row. Adding to a place that is taken is 100000, as are deleting and changing what
//!   is not there; such a call changes nothing at all. All features of a repository have one length.
//! * `aclfvDel` and `aclfvModify`, which name no kind of search, act on each repository that holds
//!   all the places; `aclfvRepoDel` on an empty range succeeds.
//! * `fsNum` bounds the features of each repository; more is 300000. The largest `topk` is unbounded
//!   until it is set; the values count as they are when `aclfvInit` is called.
//! * Before `aclfvInit` everything but the making of objects is 100001, a second one is 100002.
//! * Memory may be the program's or the device's, is read when features are added, changed or
//!   searched for, and must be usable until then.

pub(crate) mod search;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_ERROR_REPEAT_INITIALIZE, ACL_ERROR_STORAGE_OVER_LIMIT,
    ACL_ERROR_UNINITIALIZE,
};

use super::failure::{Failure, Result, fail};
use super::handle::{Handle, Kind, Table};
use super::objects::Shared;
use super::process;
use super::span::Span;

/// What `aclfvInit` is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InitPara {
    pub(crate) capacity: u64,
    /// The largest number of results by kind of search.
    pub(crate) top: [Option<u32>; 2],
}

/// Features in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    pub(crate) ids: [u32; 2],
    pub(crate) offset: u32,
    pub(crate) length: u32,
    pub(crate) count: u32,
    pub(crate) data: Span,
}

/// Which ids are meant, both ends included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RepoRange {
    pub(crate) low: [u32; 2],
    pub(crate) high: [u32; 2],
}

impl RepoRange {
    fn holds(&self, place: Place) -> bool {
        (self.low[0]..=self.high[0]).contains(&place.0)
            && (self.low[1]..=self.high[1]).contains(&place.1)
    }
}

/// The tables of distances of some queries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryTable {
    pub(crate) queries: u32,
    pub(crate) length: u32,
    pub(crate) data: Span,
}

/// What to search for, where, and how many results a query wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SearchInput {
    pub(crate) table: Handle,
    pub(crate) range: Handle,
    pub(crate) top: u32,
}

/// Where results go: how many there are of each query; id0, id1, offset and distance of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SearchResult {
    pub(crate) queries: u32,
    pub(crate) found: Span,
    pub(crate) columns: [Span; 4],
}

/// Where a feature lies: id0, id1, offset.
pub(crate) type Place = (u32, u32, u32);

type Repository = BTreeMap<Place, Box<[u8]>>;

struct Engine {
    para: InitPara,
    /// By kind of search.
    repositories: [Repository; 2],
}

static ENGINE: Mutex<Option<Engine>> = Mutex::new(None);

fn engine() -> MutexGuard<'static, Option<Engine>> {
    ENGINE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn uninitialised() -> Failure {
    fail!(
        ACL_ERROR_UNINITIALIZE,
        "feature retrieval has not begun: call aclfvInit first"
    )
}

/// Gives one kind of object its three functions.
macro_rules! kind_of_object {
    ($table:ident, $kind:ident, $type:ty, $add:ident, $get:ident, $remove:ident) => {
        static $table: Table<Arc<Shared<$type>>> = Table::new(Kind::$kind);

        pub(crate) fn $add(value: $type) -> Handle {
            $table.insert(|_| Shared::new(value))
        }

        pub(crate) fn $get(handle: Handle) -> Result<Arc<Shared<$type>>> {
            $table
                .get(handle)
                .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
        }

        pub(crate) fn $remove(handle: Handle) -> Result<()> {
            $table.remove(handle).map(drop).map_err(|complaint| {
                super::strict::find(super::strict::Finding::BadHandle, complaint.clone());
                fail!(ACL_ERROR_INVALID_PARAM, "{complaint}")
            })
        }
    };
}

kind_of_object!(PARAS, FvInitPara, InitPara, add_para, para, remove_para);
kind_of_object!(
    FEATURES,
    FvFeatureInfo,
    Features,
    add_features,
    features,
    remove_features
);
kind_of_object!(
    RANGES,
    FvRepoRange,
    RepoRange,
    add_range,
    range,
    remove_range
);
kind_of_object!(
    TABLES,
    FvQueryTable,
    QueryTable,
    add_table,
    table,
    remove_table
);
kind_of_object!(
    INPUTS,
    FvSearchInput,
    SearchInput,
    add_input,
    input,
    remove_input
);
kind_of_object!(
    RESULTS,
    FvSearchResult,
    SearchResult,
    add_result,
    result,
    remove_result
);

/// Begins feature retrieval, on the current device.
pub(crate) fn init(handle: Handle) -> Result<()> {
    process::current()?;
    let para = *para(handle)?.lock();
    let mut engine = engine();
    if engine.is_some() {
        return Err(fail!(
            ACL_ERROR_REPEAT_INITIALIZE,
            "feature retrieval has begun already; aclfvRelease ends it"
        ));
    }
    *engine = Some(Engine {
        para,
        repositories: Default::default(),
    });
    Ok(())
}

/// Ends feature retrieval, and forgets all features.
pub(crate) fn release() -> Result<()> {
    engine().take().map(drop).ok_or_else(uninitialised)
}

/// Forgets everything, at the end of the library's use.
pub(crate) fn clear() {
    *engine() = None;
}

impl Features {
    /// Returns the places, in order; who made the value checked that the last offset exists.
    fn places(self) -> impl Iterator<Item = Place> {
        let [id0, id1] = self.ids;
        (0..self.count).map(move |index| (id0, id1, self.offset + index))
    }

    /// Returns places and contents.
    fn read(self) -> Result<Vec<(Place, Box<[u8]>)>> {
        let bytes = self.data.read(self.length as usize * self.count as usize)?;
        let each = bytes.chunks_exact(self.length as usize).map(Box::from);
        Ok(self.places().zip(each).collect())
    }
}

fn check_length(repository: &Repository, length: u32) -> Result<()> {
    match repository.values().next() {
        Some(other) if other.len() != length as usize => Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "a feature has {length} bytes, those of the repository have {}",
            other.len()
        )),
        _ => Ok(()),
    }
}

/// Adds features to a repository.
pub(crate) fn add(kind: usize, handle: Handle) -> Result<()> {
    let info = *features(handle)?.lock();
    let new = info.read()?;
    let mut engine = engine();
    let engine = engine.as_mut().ok_or_else(uninitialised)?;
    let repository = &mut engine.repositories[kind];
    check_length(repository, info.length)?;
    if let Some(place) = info.places().find(|place| repository.contains_key(place)) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "there is a feature at (id0, id1, offset) {place:?}; aclfvModify changes it"
        ));
    }
    let (have, limit) = (repository.len() as u64, engine.para.capacity);
    if have + u64::from(info.count) > limit {
        return Err(fail!(
            ACL_ERROR_STORAGE_OVER_LIMIT,
            "the repository holds {have} features and may hold {limit}; {} more were given",
            info.count
        ));
    }
    repository.extend(new);
    Ok(())
}

/// Deletes what a range names from a repository.
pub(crate) fn delete_range(kind: usize, handle: Handle) -> Result<()> {
    let range = *range(handle)?.lock();
    let mut engine = engine();
    let engine = engine.as_mut().ok_or_else(uninitialised)?;
    engine.repositories[kind].retain(|place, _| !range.holds(*place));
    Ok(())
}

/// Calls `change` with each repository that holds all the places of `info`.
fn each_holder(
    info: Features,
    mut change: impl FnMut(&mut Repository) -> Result<()>,
) -> Result<()> {
    let mut engine = engine();
    let engine = engine.as_mut().ok_or_else(uninitialised)?;
    let mut held = false;
    for repository in &mut engine.repositories {
        if info.places().all(|place| repository.contains_key(&place)) {
            held = true;
            change(repository)?;
        }
    }
    if held {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "no repository holds all the {} features from (id0, id1) {:?}, offset {} on",
        info.count,
        info.ids,
        info.offset
    ))
}

/// Deletes features.
pub(crate) fn delete(handle: Handle) -> Result<()> {
    let info = *features(handle)?.lock();
    each_holder(info, |repository| {
        info.places()
            .for_each(|place| drop(repository.remove(&place)));
        Ok(())
    })
}

/// Changes features.
pub(crate) fn modify(handle: Handle) -> Result<()> {
    let info = *features(handle)?.lock();
    let new = info.read()?;
    each_holder(info, |repository| {
        check_length(repository, info.length)?;
        repository.extend(new.iter().cloned());
        Ok(())
    })
}
