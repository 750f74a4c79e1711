//! Search: for each query, the features with the smallest distances.
//!
//! A query's table is a row of sub-tables of 256 little-endian float32 (1024 bytes). A feature's
//! first bytes, one for each sub-table, say which number of it counts; bytes after them are kept and
//! not looked at. The distance is the sum of those numbers in float32, from the first sub-table on.
//! Results come by growing distance; among equal ones by growing id0, id1, offset. A query's results
//! begin `topk` places after those of the query before it, and places beyond its last are not
//! touched.

use acl_sys::ACL_ERROR_INVALID_PARAM;

use super::super::failure::{Result, fail};
use super::super::handle::Handle;
use super::{Engine, Place, RepoRange};

/// The bytes of a sub-table.
pub(crate) const SUB_TABLE: usize = 1024;

/// Which kind of search has just one query.
const ONE_TO_N: usize = 0;

/// Searches, and writes the results where the program wants them.
pub(crate) fn search(kind: usize, input: Handle, result: Handle) -> Result<()> {
    let input = *super::input(input)?.lock();
    let table = *super::table(input.table)?.lock();
    let range = *super::range(input.range)?.lock();
    let result = *super::result(result)?.lock();
    let (queries, top) = (table.queries as usize, input.top as usize);
    if kind == ONE_TO_N && queries != 1 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "there are {queries} queries; a search of 1:N takes one"
        ));
    }
    if result.queries != table.queries {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the result was made for {} queries, the table holds {queries}",
            result.queries
        ));
    }
    let length = table.length as usize;
    let numbers = table.data.read(queries * length)?;
    result.found.check(queries * 4)?;
    for column in result.columns {
        // A product too large for any memory is refused as too large for this one.
        column.check(queries.saturating_mul(top).saturating_mul(4))?;
    }

    let nearest: Vec<Vec<(f32, Place)>> = {
        let engine = super::engine();
        let engine = engine.as_ref().ok_or_else(super::uninitialised)?;
        check(engine, kind, input.top, length)?;
        let each = numbers.chunks_exact(length);
        each.map(|table| nearest(engine, kind, &range, &floats(table), top))
            .collect()
    };

    for (query, rows) in nearest.iter().enumerate() {
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        result.found.write_at(query * 4, &count.to_ne_bytes())?;
        for (row, (distance, (id0, id1, offset))) in rows.iter().enumerate() {
            let values = [
                id0.to_ne_bytes(),
                id1.to_ne_bytes(),
                offset.to_ne_bytes(),
                distance.to_ne_bytes(),
            ];
            for (column, value) in result.columns.iter().zip(values) {
                column.write_at((query * top + row) * 4, &value)?;
            }
        }
    }
    Ok(())
}

fn check(engine: &Engine, kind: usize, top: u32, length: usize) -> Result<()> {
    if let Some(most) = engine.para.top[kind].filter(|most| top > *most) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "topk is {top}, at most {most} was set before aclfvInit"
        ));
    }
    let feature = engine.repositories[kind].values().next();
    if let Some(feature) = feature.filter(|feature| feature.len() < length / SUB_TABLE) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "a table of {length} bytes is for features of at least {} bytes, those of the \
             repository have {}",
            length / SUB_TABLE,
            feature.len()
        ));
    }
    Ok(())
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

fn nearest(
    engine: &Engine,
    kind: usize,
    range: &RepoRange,
    table: &[f32],
    top: usize,
) -> Vec<(f32, Place)> {
    let held = engine.repositories[kind].iter();
    let mut rows: Vec<(f32, Place)> = held
        .filter(|(place, _)| range.holds(**place))
        .map(|(place, feature)| (distance(table, feature), *place))
        .collect();
    let order = |a: &(f32, Place), b: &(f32, Place)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if rows.len() > top {
        rows.select_nth_unstable_by(top, order);
        rows.truncate(top);
    }
    rows.sort_unstable_by(order);
    rows
}

fn distance(table: &[f32], feature: &[u8]) -> f32 {
    let parts = table.chunks_exact(SUB_TABLE / 4).zip(feature);
    parts.fold(0.0, |sum, (part, code)| sum + part[usize::from(*code)])
}
