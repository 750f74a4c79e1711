//! Search of features: against a naive search, and misuse.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::collections::BTreeMap;
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, PoisonError};

use acl_sys::aclfvSearchType as Search;
use call::{download, malloc, messages, start, upload};

const ONE_TO_N: Search = Search::SEARCH_1_N;
const N_TO_M: Search = Search::SEARCH_N_M;

/// Bytes of a feature, of which as many as there are sub-tables count.
const LENGTH: usize = 36;
const SUB_TABLES: usize = 32;
const TABLE: usize = SUB_TABLES * 1024;

/// Begins a test: alone, because the repositories are the process's.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    start();
    call!(aclfvRelease());
    messages();
    turn
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005) + 1_442_695_040_888_963_407;
        self.0 >> 33
    }

    fn bytes(&mut self, count: usize, below: u64) -> Vec<u8> {
        (0..count).map(|_| (self.next() % below) as u8).collect()
    }

    /// Tables of small numbers, so that distances are often equal and their sums exact.
    fn tables(&mut self, queries: usize) -> Vec<f32> {
        let count = queries * SUB_TABLES * 256;
        (0..count).map(|_| (self.next() % 8) as f32 / 4.0).collect()
    }
}

fn init(capacity: u64, one_to_n: Option<u32>, n_to_m: Option<u32>) {
    let para = call!(aclfvCreateInitPara(capacity));
    if let Some(most) = one_to_n {
        ok!(aclfvSet1NTopNum(para, most));
    }
    if let Some(most) = n_to_m {
        ok!(aclfvSetNMTopNum(para, most));
    }
    ok!(aclfvInit(para));
    ok!(aclfvDestroyInitPara(para));
}

fn info(place: (u32, u32, u32), data: &mut [u8], length: usize) -> *mut acl_sys::aclfvFeatureInfo {
    let count = (data.len() / length) as u32;
    let (id0, id1, offset) = place;
    let size = data.len() as u32;
    call!(aclfvCreateFeatureInfo(
        id0,
        id1,
        offset,
        length as u32,
        count,
        data.as_mut_ptr(),
        size
    ))
}

fn add(kind: Search, place: (u32, u32, u32), data: &mut [u8]) -> i32 {
    let info = info(place, data, LENGTH);
    let code = call!(aclfvRepoAdd(kind, info));
    ok!(aclfvDestroyFeatureInfo(info));
    code
}

/// Calls a function with features that exist for that call only.
macro_rules! with_info {
    ($name:ident($place:expr, $data:expr)) => {{
        let info = info($place, $data, LENGTH);
        let code = call!($name(info));
        ok!(aclfvDestroyFeatureInfo(info));
        code
    }};
}

type Rows = Vec<(u32, u32, u32, f32)>;

fn naive(
    held: &BTreeMap<(u32, u32, u32), Vec<u8>>,
    ids: [u32; 4],
    table: &[f32],
    top: usize,
) -> Rows {
    let mut rows = Rows::new();
    for ((id0, id1, offset), feature) in held {
        if *id0 < ids[0] || *id0 > ids[1] || *id1 < ids[2] || *id1 > ids[3] {
            continue;
        }
        let mut sum = 0.0;
        for part in 0..SUB_TABLES {
            sum += table[part * 256 + usize::from(feature[part])];
        }
        rows.push((*id0, *id1, *offset, sum));
    }
    // The map is in the order of ties, and the sort is stable.
    rows.sort_by(|a, b| a.3.partial_cmp(&b.3).unwrap());
    rows.truncate(top);
    rows
}

/// Searches with everything in the program's memory; returns the code and each query's rows.
fn search(kind: Search, ids: [u32; 4], tables: &mut [f32], top: usize) -> (i32, Vec<Rows>) {
    let queries = tables.len() * 4 / TABLE;
    let table = call!(aclfvCreateQueryTable(
        queries as u32,
        TABLE as u32,
        tables.as_mut_ptr().cast(),
        (tables.len() * 4) as u32
    ));
    let range = call!(aclfvCreateRepoRange(ids[0], ids[1], ids[2], ids[3]));
    let input = call!(aclfvCreateSearchInput(table, range, top as u32));
    let mut found = vec![u32::MAX; queries];
    let places = vec![u32::MAX; queries * top];
    let mut columns = [places.clone(), places.clone(), places];
    let mut distances = vec![-1.0_f32; queries * top];
    let [id0, id1, offset] = &mut columns;
    let result = call!(aclfvCreateSearchResult(
        queries as u32,
        found.as_mut_ptr(),
        (queries * 4) as u32,
        id0.as_mut_ptr(),
        id1.as_mut_ptr(),
        offset.as_mut_ptr(),
        distances.as_mut_ptr(),
        (queries * top * 4) as u32
    ));
    let code = call!(aclfvSearch(kind, input, result));
    ok!(aclfvDestroySearchResult(result));
    ok!(aclfvDestroySearchInput(input));
    ok!(aclfvDestroyRepoRange(range));
    ok!(aclfvDestroyQueryTable(table));
    if code != 0 {
        return (code, Vec::new());
    }
    let [id0, id1, offset] = &columns;
    let rows = (0..queries).map(|query| {
        let count = found[query] as usize;
        let (first, end) = (query * top, (query + 1) * top);
        assert!(
            id0[first + count..end].iter().all(|id| *id == u32::MAX),
            "places beyond the last are not touched"
        );
        let row = |at: usize| (id0[at], id1[at], offset[at], distances[at]);
        (first..first + count).map(row).collect()
    });
    (0, rows.collect())
}

#[test]
fn results_are_those_of_a_naive_search() {
    let _turn = alone();
    init(10_000, None, None);
    let mut numbers = Numbers(1);
    let mut held = [BTreeMap::new(), BTreeMap::new()];
    for (kind, search) in [ONE_TO_N, N_TO_M].into_iter().enumerate() {
        for id0 in 0..4 {
            for id1 in 0..3 {
                let mut data = numbers.bytes(50 * LENGTH, 256);
                let first = 7 * id1;
                assert_eq!(add(search, (id0, id1, first), &mut data), 0);
                for (index, feature) in data.chunks(LENGTH).enumerate() {
                    held[kind].insert((id0, id1, first + index as u32), feature.to_vec());
                }
            }
        }
    }
    let all = [0, u32::MAX, 0, u32::MAX];
    for ids in [all, [1, 2, 0, 1], [3, 3, 2, 2], [9, 9, 0, 9]] {
        for top in [1, 5, 49, 50, 51, 1000] {
            let mut tables = numbers.tables(1);
            let (code, rows) = search(ONE_TO_N, ids, &mut tables, top);
            assert_eq!((code, rows.len()), (0, 1), "{}", messages());
            assert_eq!(rows[0], naive(&held[0], ids, &tables, top), "{ids:?} {top}");
            let mut tables = numbers.tables(3);
            let (code, rows) = search(N_TO_M, ids, &mut tables, top);
            assert_eq!((code, rows.len()), (0, 3), "{}", messages());
            for (table, rows) in tables.chunks(TABLE / 4).zip(rows) {
                assert_eq!(rows, naive(&held[1], ids, table, top), "{ids:?} {top}");
            }
        }
    }
    ok!(aclfvRelease());
}

#[test]
fn equal_distances_come_in_the_order_of_their_places() {
    let _turn = alone();
    init(100, None, None);
    for place in [(2, 0, 0), (1, 1, 0), (1, 0, 3), (0, 9, 9)] {
        assert_eq!(add(ONE_TO_N, place, &mut [0; 2 * LENGTH]), 0);
    }
    let mut tables = vec![0.5; TABLE / 4];
    let (_, rows) = search(ONE_TO_N, [0, 9, 0, 9], &mut tables, 5);
    let wanted = [(0, 9, 9), (0, 9, 10), (1, 0, 3), (1, 0, 4), (1, 1, 0)];
    let wanted: Rows = wanted.map(|(a, b, c)| (a, b, c, 16.0)).to_vec();
    assert_eq!(rows, [wanted]);
    ok!(aclfvRelease());
}

#[test]
fn features_change_and_go_and_the_other_repository_does_not_see_it() {
    let _turn = alone();
    init(100, None, None);
    let everything = [0, u32::MAX, 0, u32::MAX];
    // The distance is the feature's first byte.
    let mut tables = vec![0.0; TABLE / 4];
    (0..256).for_each(|code| tables[code] = code as f32);
    let mut distances = |kind| {
        let (code, rows) = search(kind, everything, &mut tables, 10);
        assert_eq!(code, 0, "{}", messages());
        rows[0].iter().map(|row| row.3).collect::<Vec<_>>()
    };
    let mut data = vec![0; 3 * LENGTH];
    (0..3).for_each(|index| data[index * LENGTH] = 10 * (index as u8 + 1));
    assert_eq!(add(ONE_TO_N, (1, 1, 0), &mut data), 0);
    assert_eq!(distances(ONE_TO_N), [10.0, 20.0, 30.0]);
    assert_eq!(distances(N_TO_M), [] as [f32; 0]);
    let mut one = vec![0; LENGTH];
    one[0] = 99;
    assert_eq!(with_info!(aclfvModify((1, 1, 1), &mut one)), 0);
    assert_eq!(distances(ONE_TO_N), [10.0, 30.0, 99.0]);
    assert_eq!(with_info!(aclfvDel((1, 1, 0), &mut one)), 0);
    assert_eq!(distances(ONE_TO_N), [30.0, 99.0]);

    // Two of the three places are there: nothing is changed.
    let mut three = vec![0; 3 * LENGTH];
    assert_eq!(with_info!(aclfvDel((1, 1, 0), &mut three)), 100_000);
    assert_eq!(with_info!(aclfvModify((1, 1, 0), &mut three)), 100_000);
    assert_eq!(add(ONE_TO_N, (1, 1, 0), &mut three), 100_000);
    assert_eq!(distances(ONE_TO_N), [30.0, 99.0]);

    let range = call!(aclfvCreateRepoRange(1, 1, 1, 1));
    ok!(aclfvRepoDel(N_TO_M, range));
    assert_eq!(distances(ONE_TO_N), [30.0, 99.0]);
    ok!(aclfvRepoDel(ONE_TO_N, range));
    assert_eq!(distances(ONE_TO_N), [] as [f32; 0]);
    ok!(aclfvDestroyRepoRange(range));
    ok!(aclfvRelease());
    messages();
}

#[test]
fn features_tables_and_results_may_lie_on_the_device() {
    let _turn = alone();
    init(10, None, None);
    let mut numbers = Numbers(2);
    let features = numbers.bytes(4 * LENGTH, 256);
    let tables = numbers.tables(1);
    let bytes: Vec<u8> = tables
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let [data, table, out] = [features.len(), bytes.len(), 4096].map(malloc);
    upload(data, &features);
    upload(table, &bytes);
    let length = LENGTH as u32;
    let info = call!(aclfvCreateFeatureInfo(
        5,
        6,
        7,
        length,
        4,
        data.cast(),
        4 * length
    ));
    ok!(aclfvRepoAdd(ONE_TO_N, info));
    let size = bytes.len() as u32;
    let query = call!(aclfvCreateQueryTable(1, size, table.cast(), size));
    let range = call!(aclfvCreateRepoRange(5, 5, 6, 6));
    let input = call!(aclfvCreateSearchInput(query, range, 2));
    let column = |index: usize| out.wrapping_byte_add(64 * index);
    let result = call!(aclfvCreateSearchResult(
        1,
        column(0).cast(),
        4,
        column(1).cast(),
        column(2).cast(),
        column(3).cast(),
        column(4).cast(),
        8
    ));
    ok!(aclfvSearch(ONE_TO_N, input, result));
    let held = features.chunks(LENGTH).enumerate();
    let held = held.map(|(index, feature)| ((5, 6, 7 + index as u32), feature.to_vec()));
    let wanted = naive(&held.collect(), [5, 5, 6, 6], &tables, 2);
    let got = download(out, 320);
    let word = |at: usize| u32::from_ne_bytes(got[at..at + 4].try_into().unwrap());
    assert_eq!(word(0), 2);
    for (index, (id0, id1, offset, distance)) in wanted.into_iter().enumerate() {
        let at = |column: usize| word(64 * column + 4 * index);
        assert_eq!(
            (at(1), at(2), at(3), at(4)),
            (id0, id1, offset, distance.to_bits())
        );
    }
    ok!(aclrtFree(data));
    assert_eq!(call!(aclfvModify(info)), 107_000, "the features were freed");
    let huge = call!(aclfvCreateSearchInput(query, range, u32::MAX));
    assert_eq!(call!(aclfvSearch(ONE_TO_N, huge, result)), 100_000);
    ok!(aclfvDestroySearchInput(huge));
    ok!(aclrtFree(out));
    assert_eq!(call!(aclfvSearch(ONE_TO_N, input, result)), 107_000);
    ok!(aclrtFree(table));
    ok!(aclfvDestroySearchResult(result));
    ok!(aclfvDestroySearchInput(input));
    ok!(aclfvDestroyRepoRange(range));
    ok!(aclfvDestroyQueryTable(query));
    ok!(aclfvDestroyFeatureInfo(info));
    ok!(aclfvRelease());
    messages();
}

#[test]
fn limits_that_were_set_before_the_beginning_hold() {
    let _turn = alone();
    init(3, Some(2), Some(4));
    let mut two = vec![1; 2 * LENGTH];
    assert_eq!(add(ONE_TO_N, (0, 0, 0), &mut two), 0);
    assert_eq!(add(ONE_TO_N, (0, 0, 2), &mut two), 300_000);
    assert_eq!(add(ONE_TO_N, (0, 0, 2), &mut two[..LENGTH]), 0);
    assert_eq!(add(N_TO_M, (0, 0, 2), &mut two), 0);
    let mut tables = vec![0.0; TABLE / 4];
    let all = [0, 9, 0, 9];
    assert_eq!(search(ONE_TO_N, all, &mut tables, 2).0, 0);
    assert_eq!(search(ONE_TO_N, all, &mut tables, 3).0, 100_000);
    assert_eq!(search(N_TO_M, all, &mut tables, 4).0, 0);
    assert_eq!(search(N_TO_M, all, &mut tables, 5).0, 100_000);
    let mut tables = vec![0.0; 2 * TABLE / 4];
    assert_eq!(search(ONE_TO_N, all, &mut tables, 1).0, 100_000);
    ok!(aclfvRelease());
    messages();
}

#[test]
fn misuse_gives_its_codes() {
    let _turn = alone();
    let mut data = vec![0; 2 * LENGTH];
    let feature = info((0, 0, 0), &mut data, LENGTH);
    let short = info((0, 0, 9), &mut data[..8], 8);
    let range = call!(aclfvCreateRepoRange(0, 9, 0, 9));
    let para = call!(aclfvCreateInitPara(10));
    let gone = call!(aclfvCreateInitPara(10));
    ok!(aclfvDestroyInitPara(gone));
    let mut rows: Vec<(&str, i32, i32)> = Vec::new();
    macro_rules! rows {
        ($($what:literal, $name:ident($($argument:expr),*) => $code:literal;)*) => {
            $(rows.push((
                concat!(stringify!($name), ": ", $what),
                call!($name($($argument),*)),
                $code,
            ));)*
        };
    }
    let bad = Search(2);
    rows! {
        "before init", aclfvRelease() => 100_001;
        "before init", aclfvRepoAdd(ONE_TO_N, feature) => 100_001;
        "before init", aclfvRepoDel(ONE_TO_N, range) => 100_001;
        "before init", aclfvDel(feature) => 100_001;
        "before init", aclfvModify(feature) => 100_001;
        "null", aclfvInit(null_mut()) => 100_000;
        "destroyed", aclfvInit(gone) => 100_000;
        "another kind", aclfvInit(range.cast()) => 100_000;
        "null", aclfvSet1NTopNum(null_mut(), 1) => 100_000;
        "none", aclfvSet1NTopNum(para, 0) => 100_000;
        "null", aclfvSetNMTopNum(null_mut(), 1) => 100_000;
        "none", aclfvSetNMTopNum(para, 0) => 100_000;
        "good", aclfvInit(para) => 0;
        "a second time", aclfvInit(para) => 100_002;
        "null", aclfvRepoAdd(ONE_TO_N, null_mut()) => 100_000;
        "kind 2", aclfvRepoAdd(bad, feature) => 100_000;
        "good", aclfvRepoAdd(N_TO_M, feature) => 0;
        "taken", aclfvRepoAdd(N_TO_M, feature) => 100_000;
        "another length", aclfvRepoAdd(N_TO_M, short) => 100_000;
        "null", aclfvRepoDel(ONE_TO_N, null_mut()) => 100_000;
        "kind 2", aclfvRepoDel(bad, range) => 100_000;
        "empty", aclfvRepoDel(ONE_TO_N, range) => 0;
        "null", aclfvDel(null_mut()) => 100_000;
        "not there", aclfvDel(short) => 100_000;
        "null", aclfvModify(null_mut()) => 100_000;
        "not there", aclfvModify(short) => 100_000;
        "nulls", aclfvSearch(ONE_TO_N, null_mut(), null_mut()) => 100_000;
        "kind 2", aclfvSearch(bad, null_mut(), null_mut()) => 100_000;
        "null", aclfvDestroyInitPara(null_mut()) => 100_000;
        "twice", aclfvDestroyInitPara(gone) => 100_000;
        "null", aclfvDestroyFeatureInfo(null_mut()) => 100_000;
        "null", aclfvDestroyRepoRange(null_mut()) => 100_000;
        "null", aclfvDestroyQueryTable(null_mut()) => 100_000;
        "null", aclfvDestroySearchInput(null_mut()) => 100_000;
        "null", aclfvDestroySearchResult(null_mut()) => 100_000;
        "good", aclfvRelease() => 0;
        "a second time", aclfvRelease() => 100_001;
    }
    rows.retain(|(_, code, wanted)| code != wanted);
    assert_eq!(rows, []);
    ok!(aclfvDestroyFeatureInfo(feature));
    ok!(aclfvDestroyFeatureInfo(short));
    ok!(aclfvDestroyRepoRange(range));
    ok!(aclfvDestroyInitPara(para));
    messages();
}

#[test]
fn retrieval_needs_a_device() {
    let _turn = alone();
    let para = call!(aclfvCreateInitPara(10));
    while call!(aclrtResetDevice(0)) == 0 {}
    assert_eq!(call!(aclfvInit(para)), 107_002);
    start();
    ok!(aclfvInit(para));
    ok!(aclfvRelease());
    ok!(aclfvDestroyInitPara(para));
}

#[test]
fn objects_with_a_mistake_are_not_made() {
    let _turn = alone();
    let mut data = vec![0_u8; TABLE];
    let mut words = [0_u32; 4];
    let (at, size) = (data.as_mut_ptr(), TABLE as u32);
    let (word, float) = (words.as_mut_ptr(), words.as_mut_ptr().cast());
    let range = call!(aclfvCreateRepoRange(0, 0, 0, 0));
    let table = call!(aclfvCreateQueryTable(1, size, at, size));
    let null = null_mut();
    macro_rules! refused {
        ($($name:ident($($argument:expr),*);)*) => {$(
            let made = call!($name($($argument),*)).cast::<u8>();
            assert!(made.is_null(), "{}", stringify!($name($($argument),*)));
            assert!(messages().contains(concat!(stringify!($name))), "{}", stringify!($name));
        )*};
    }
    refused! {
        aclfvCreateInitPara(0);
        aclfvCreateFeatureInfo(0, 0, 0, 0, 1, at, 36);
        aclfvCreateFeatureInfo(0, 0, 0, 36, 0, at, 36);
        aclfvCreateFeatureInfo(0, 0, 0, 36, 2, at, 71);
        aclfvCreateFeatureInfo(0, 0, 0, 36, 1, null_mut(), 36);
        aclfvCreateFeatureInfo(0, 0, u32::MAX, 36, 1, at, 36);
        aclfvCreateFeatureInfo(0, 0, 0, 0x8000_0000, 2, at, 0);
        aclfvCreateRepoRange(1, 0, 0, 0);
        aclfvCreateRepoRange(0, 0, 1, 0);
        aclfvCreateQueryTable(0, size, at, size);
        aclfvCreateQueryTable(1, 0, at, size);
        aclfvCreateQueryTable(1, 1000, at, size);
        aclfvCreateQueryTable(2, size, at, size);
        aclfvCreateQueryTable(1, size, null_mut(), size);
        aclfvCreateSearchInput(null_mut(), range, 1);
        aclfvCreateSearchInput(table, null_mut(), 1);
        aclfvCreateSearchInput(table, range, 0);
        aclfvCreateSearchResult(0, word, 4, word, word, word, float, 4);
        aclfvCreateSearchResult(2, word, 4, word, word, word, float, 4);
        aclfvCreateSearchResult(1, word, 4, word, word, word, float, 0);
        aclfvCreateSearchResult(1, null, 4, word, word, word, float, 4);
        aclfvCreateSearchResult(1, word, 4, null, word, word, float, 4);
        aclfvCreateSearchResult(1, word, 4, word, null, word, float, 4);
        aclfvCreateSearchResult(1, word, 4, word, word, null, float, 4);
        aclfvCreateSearchResult(1, word, 4, word, word, word, null_mut(), 4);
    }
    ok!(aclfvDestroyRepoRange(range));
    ok!(aclfvDestroyQueryTable(table));
}
