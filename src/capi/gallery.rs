//! Galleries: features with ids, searched.

use std::ffi::c_char;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use ndarray::ArrayView2;
use reid_apps::eval::Metric;
use reid_apps::search::MemoryGallery;

use super::Status;
use super::error::{Failure, Result, fail, guard};
use super::handle::{get, insert, remove};
use super::opaque::GalleryHandle;
use super::options::{self, Options};
use super::pointer::{Out, slice, slice_mut, text};

/// What a gallery can be told. Members that are zero have their defaults.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct GalleryOptions {
    /// sizeof(areid_gallery_options).
    pub struct_size: usize,
    /// One of areid_metric.
    pub metric: i32,
    /// 0.
    pub reserved: i32,
}

// SAFETY: numbers alone, the first of them a `usize`.
unsafe impl Options for GalleryOptions {
    const LEAST: usize = 16;
}

/// A gallery that several threads search.
pub(super) struct GalleryState {
    gallery: RwLock<MemoryGallery>,
    dim: usize,
}

impl GalleryState {
    pub(super) fn new(gallery: MemoryGallery) -> Self {
        Self {
            dim: gallery.dim(),
            gallery: RwLock::new(gallery),
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, MemoryGallery> {
        self.gallery.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, MemoryGallery> {
        self.gallery.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads one of `areid_metric`.
pub(super) fn metric(value: i32) -> Result<Metric> {
    match value {
        0 => Ok(Metric::Euclidean),
        1 => Ok(Metric::Cosine),
        2 => Ok(Metric::Dot),
        other => {
            let text = format!("metric is {other}, want 0 (euclidean), 1 (cosine) or 2 (dot)");
            fail(Status::InvalidArgument, text)
        }
    }
}

/// Views rows of `dim` numbers.
///
/// # Safety
/// `rows` is readable for `count` times `dim` numbers.
pub(super) unsafe fn matrix<'a>(
    what: &str,
    rows: *const f32,
    count: usize,
    dim: usize,
) -> Result<ArrayView2<'a, f32>> {
    let Some(numbers) = count.checked_mul(dim) else {
        let text = format!("{what} has {count} rows of {dim}, more than memory can hold");
        return fail(Status::Overflow, text);
    };
    // SAFETY: handed on from the caller.
    let numbers = unsafe { slice(what, rows, numbers) }?;
    ArrayView2::from_shape((count, dim), numbers).map_err(|error| Failure {
        status: Status::Overflow,
        text: format!("{what}: {error}"),
    })
}

/// Makes an empty gallery for features of dim numbers. options may be NULL.
///
/// Errors: AREID_INVALID_ARGUMENT for a dim of 0 or another metric.
///
/// # Safety
/// options is NULL or readable for its struct_size; gallery is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_gallery_new(
    dim: usize,
    options: *const GalleryOptions,
    gallery: *mut *mut GalleryHandle,
) -> Status {
    guard("areid_gallery_new", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("gallery", gallery) }?;
        // SAFETY: handed on from the caller.
        let options = unsafe { options::read("options", options) }?;
        let made = MemoryGallery::new(dim, metric(options.metric)?)?;
        out.set(insert(Arc::new(GalleryState::new(made)))?);
        Ok(())
    })
}

/// Reads a gallery from a file that areid_gallery_save wrote, with its dim and metric.
///
/// Errors: AREID_FILE if it cannot be read, is damaged or of another kind; AREID_NOT_UTF8.
///
/// # Safety
/// path ends in a zero byte; gallery is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_gallery_load(
    path: *const c_char,
    gallery: *mut *mut GalleryHandle,
) -> Status {
    guard("areid_gallery_load", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("gallery", gallery) }?;
        // SAFETY: handed on from the caller.
        let path = unsafe { text("path", path) }?;
        let read = MemoryGallery::load(Path::new(path))?;
        out.set(insert(Arc::new(GalleryState::new(read)))?);
        Ok(())
    })
}

/// Writes a gallery to a file, which appears whole or not at all, in place of one that was there.
///
/// The file is in the format safetensors: ids, one int64 per row, and features, float32 [rows, dim].
///
/// Errors: AREID_FILE; AREID_NOT_UTF8.
///
/// # Safety
/// path ends in a zero byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_gallery_save(
    gallery: *const GalleryHandle,
    path: *const c_char,
) -> Status {
    guard("areid_gallery_save", || {
        let state = get::<Arc<GalleryState>>(gallery)?;
        // SAFETY: handed on from the caller.
        let path = unsafe { text("path", path) }?;
        let saved = state.read().save(Path::new(path));
        Ok(saved?)
    })
}

/// Adds count rows: ids, count int64, and features, float32 [count, dim]; all or none.
///
/// Several rows may have one id. Features are kept as they are.
///
/// Errors: AREID_INVALID_ARGUMENT for numbers that are not finite, and with the cosine for a row of
/// zeros; AREID_OVERFLOW.
///
/// # Safety
/// ids is readable for count numbers, features for count times dim.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_gallery_add(
    gallery: *const GalleryHandle,
    ids: *const i64,
    features: *const f32,
    count: usize,
) -> Status {
    guard("areid_gallery_add", || {
        let state = get::<Arc<GalleryState>>(gallery)?;
        // SAFETY: handed on from the caller.
        let ids = unsafe { slice("ids", ids, count) }?;
        // SAFETY: handed on from the caller.
        let rows = unsafe { matrix("features", features, count, state.dim) }?;
        let added = state.write().add(ids, rows.as_slice().unwrap_or_default());
        Ok(added?)
    })
}

/// Removes all rows with an id; removed (may be NULL) tells how many they were.
///
/// Errors: AREID_NOT_FOUND if there is none.
///
/// # Safety
/// removed is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_gallery_remove(
    gallery: *const GalleryHandle,
    id: i64,
    removed: *mut usize,
) -> Status {
    guard("areid_gallery_remove", || {
        let out = match removed.is_null() {
            true => None,
            // SAFETY: handed on from the caller.
            false => Some(unsafe { Out::new("removed", removed) }?),
        };
        let state = get::<Arc<GalleryState>>(gallery)?;
        let count = state.write().remove(id);
        if count == 0 {
            let text = format!("no row of the gallery has the id {id}");
            return fail(Status::NotFound, text);
        }
        if let Some(out) = out {
            out.set(count);
        }
        Ok(())
    })
}

/// Tells how many rows a gallery has, and how many numbers each of them.
///
/// # Safety
/// count and dim are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_gallery_shape(
    gallery: *const GalleryHandle,
    count: *mut usize,
    dim: *mut usize,
) -> Status {
    guard("areid_gallery_shape", || {
        // SAFETY: handed on from the caller.
        let count = unsafe { Out::new("count", count) }?;
        // SAFETY: handed on from the caller.
        let dim = unsafe { Out::new("dim", dim) }?;
        let state = get::<Arc<GalleryState>>(gallery)?;
        count.set(state.read().ids().len());
        dim.set(state.dim);
        Ok(())
    })
}

/// Finds the top nearest rows of each query, float32 [queries, dim], nearest first.
///
/// Fills ids, int64 [queries, top], and distances, float64 [queries, top], by the gallery's metric.
/// Rows at equal distance stand in the order in which they were added. found tells how many of each
/// query's top places are filled: all, or as many as the gallery has rows; the others stay as they
/// were. Exact, and the same for any number of threads.
///
/// Errors: AREID_INVALID_ARGUMENT for a top of 0, for queries that are not finite, and with the
/// cosine for a query of zeros; AREID_OVERFLOW.
///
/// # Safety
/// features is readable for queries times dim numbers; ids and distances are writable for queries
/// times top numbers each, found is writable, and none overlaps another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_gallery_search(
    gallery: *const GalleryHandle,
    features: *const f32,
    queries: usize,
    top: usize,
    ids: *mut i64,
    distances: *mut f64,
    found: *mut usize,
) -> Status {
    guard("areid_gallery_search", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("found", found) }?;
        let state = get::<Arc<GalleryState>>(gallery)?;
        // SAFETY: handed on from the caller.
        let features = unsafe { matrix("features", features, queries, state.dim) }?;
        if top == 0 {
            return fail(Status::InvalidArgument, "top is 0, want at least 1");
        }
        let Some(places) = queries.checked_mul(top) else {
            let text = format!("{queries} queries times top {top} is more than memory can hold");
            return fail(Status::Overflow, text);
        };
        // SAFETY: handed on from the caller.
        let ids = unsafe { slice_mut("ids", ids, places) }?;
        // SAFETY: handed on from the caller.
        let distances = unsafe { slice_mut("distances", distances, places) }?;
        let gallery = state.read();
        let hits = gallery.search(features, top)?;
        let rows = ids
            .chunks_exact_mut(top)
            .zip(distances.chunks_exact_mut(top));
        for (hits, (ids, distances)) in hits.iter().zip(rows) {
            for (hit, (id, distance)) in hits.iter().zip(ids.iter_mut().zip(distances)) {
                *id = gallery.ids()[hit.row];
                *distance = hit.distance;
            }
        }
        out.set(top.min(gallery.ids().len()));
        Ok(())
    })
}

/// Frees a gallery, once calls under way on other threads are done. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn areid_gallery_free(gallery: *mut GalleryHandle) -> Status {
    guard("areid_gallery_free", || {
        remove::<Arc<GalleryState>>(gallery)
    })
}
