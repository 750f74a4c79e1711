//! What two traces differ in.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Record, Value};

/// A trace that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The file cannot be read.
    #[error("{}: {source}; name a trace that ACL_SIM_TRACE or libacl_trace_preload.so wrote", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is no call.
    #[error("{}:{line}: no call of a trace: {source}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
}

/// Reads a trace, in the order of the calls' numbers.
///
/// # Errors
///
/// When the file cannot be read, or a line of it is no call. A cut last line, which a program that
/// died may leave, counts as such.
pub fn read(path: &Path) -> Result<Vec<Record>, TraceError> {
    let text = std::fs::read_to_string(path).map_err(|source| TraceError::Read {
        path: path.to_owned(),
        source,
    })?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let mut records = lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|source| TraceError::Line {
                path: path.to_owned(),
                line: index + 1,
                source,
            })
        })
        .collect::<Result<Vec<Record>, _>>()?;
    records.sort_by_key(|record| record.seq);
    Ok(records)
}

/// One thing in which two traces differ.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Difference {
    /// From here on a thread makes other calls; the rest of that thread is not compared.
    Call {
        /// The thread.
        thread: u64,
        /// The call in the first trace; `None` when the thread ended.
        left: Option<Box<Record>>,
        /// The call in the second trace.
        right: Option<Box<Record>>,
    },
    /// The same call, with another argument or result.
    Value {
        /// The call in the first trace.
        left: Box<Record>,
        /// The call in the second trace.
        right: Box<Record>,
        /// The argument's name in the first trace, or `result`.
        what: String,
    },
}

fn show(record: Option<&Record>) -> String {
    record.map_or_else(
        || "the end".to_owned(),
        |record| format!("{} (call {})", record.call, record.seq),
    )
}

/// Shows the argument at a place, or the result.
fn value(record: &Record, place: Option<usize>) -> String {
    let value = match place {
        None => Some(&record.result),
        Some(place) => record.args.0.get(place).map(|(_, value)| value),
    };
    value.map_or_else(
        || "nothing".to_owned(),
        |value| serde_json::to_string(value).unwrap_or_default(),
    )
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call {
                thread,
                left,
                right,
            } => write!(
                f,
                "thread {thread}: {} on the left, {} on the right",
                show(left.as_deref()),
                show(right.as_deref())
            ),
            Self::Value { left, right, what } => {
                let place = left.args.0.iter().position(|(name, _)| name == what);
                write!(
                    f,
                    "{} (calls {} and {}): {what} is {} on the left, {} on the right",
                    left.call,
                    left.seq,
                    right.seq,
                    value(left, place),
                    value(right, place)
                )
            }
        }
    }
}

/// Addresses and handles differ from run to run: one of the left stands for one of the right.
#[derive(Default)]
struct Pointers {
    there: HashMap<String, String>,
    back: HashMap<String, String>,
}

impl Pointers {
    fn same(&mut self, left: &str, right: &str) -> bool {
        if left == "0x0" || right == "0x0" {
            return left == right;
        }
        let there = self.there.get(left).map(String::as_str);
        let back = self.back.get(right).map(String::as_str);
        // An address may be freed and used again on one side alone: only a pair in which both
        // sides are known, and both to stand for something else, is a difference.
        if there.is_some_and(|there| there != right) && back.is_some_and(|back| back != left) {
            return false;
        }
        self.there.insert(left.to_owned(), right.to_owned());
        self.back.insert(right.to_owned(), left.to_owned());
        true
    }

    fn equal(&mut self, left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Pointer { ptr: left }, Value::Pointer { ptr: right }) => self.same(left, right),
            _ => left == right,
        }
    }
}

/// Compares two traces thread by thread: the calls, their arguments and their results.
///
/// Times are not compared. Addresses and handles must stand for each other throughout. Threads are
/// matched by the order of their first calls.
#[must_use]
pub fn compare(left: &[Record], right: &[Record]) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut pointers = Pointers::default();
    let (lefts, rights) = (threads(left), threads(right));
    for index in 0..lefts.len().max(rights.len()) {
        let none = Vec::new();
        let (a, b) = (
            lefts.get(index).unwrap_or(&none),
            rights.get(index).unwrap_or(&none),
        );
        for step in 0..a.len().max(b.len()) {
            let (Some(a), Some(b)) = (a.get(step), b.get(step)) else {
                differences.push(apart(index, a.get(step), b.get(step)));
                break;
            };
            if a.call != b.call {
                differences.push(apart(index, Some(a), Some(b)));
                break;
            }
            differences.extend(values(a, b, &mut pointers));
        }
    }
    differences
}

fn apart(thread: usize, left: Option<&&Record>, right: Option<&&Record>) -> Difference {
    let own = |record: Option<&&Record>| record.map(|record| Box::new((*record).clone()));
    Difference::Call {
        thread: thread as u64,
        left: own(left),
        right: own(right),
    }
}

/// The calls of each thread; the threads by their first calls.
fn threads(records: &[Record]) -> Vec<Vec<&Record>> {
    let mut by_thread: BTreeMap<u64, Vec<&Record>> = BTreeMap::new();
    for record in records {
        by_thread.entry(record.thread).or_default().push(record);
    }
    let mut threads: Vec<_> = by_thread.into_values().collect();
    threads.sort_by_key(|calls| calls.first().map(|record| record.seq));
    threads
}

fn values(left: &Record, right: &Record, pointers: &mut Pointers) -> Vec<Difference> {
    let mut different: Vec<String> = Vec::new();
    // By position, and as far as both have them: a trace leaves out what it does not know.
    for ((name, a), (_, b)) in left.args.0.iter().zip(&right.args.0) {
        if !pointers.equal(a, b) {
            different.push(name.clone());
        }
    }
    if !pointers.equal(&left.result, &right.result) {
        different.push("result".to_owned());
    }
    let difference = |what| Difference::Value {
        left: Box::new(left.clone()),
        right: Box::new(right.clone()),
        what,
    };
    different.into_iter().map(difference).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn call(seq: u64, thread: u64, call: &str, args: &[(&str, Value)], result: i64) -> Record {
        Record {
            seq,
            thread,
            call: call.to_owned(),
            args: crate::Arguments(
                args.iter()
                    .map(|(n, v)| ((*n).to_owned(), v.clone()))
                    .collect(),
            ),
            result: Value::Integer(result),
            at_us: seq,
            took_ns: seq,
        }
    }

    fn run(base: usize, size: i64, free: i64) -> Vec<Record> {
        let pointer = |offset| ("p", Value::pointer(base + offset));
        vec![
            call(0, 0, "aclInit", &[], 0),
            call(1, 0, "aclrtMalloc", &[("size", Value::Integer(size))], 0),
            call(2, 0, "aclrtFree", &[pointer(64)], free),
            call(3, 1, "aclrtFree", &[pointer(128)], 0),
        ]
    }

    #[test]
    fn runs_that_differ_in_addresses_and_times_alone_are_the_same() {
        assert_eq!(compare(&run(0x1000, 4, 0), &run(0x9000, 4, 0)), []);
    }

    #[test]
    fn arguments_results_and_calls_that_differ_are_named() {
        let texts = |a: &[Record], b: &[Record]| -> Vec<String> {
            compare(a, b).iter().map(ToString::to_string).collect()
        };
        let good = run(0x1000, 4, 0);
        assert_eq!(
            texts(&good, &run(0x1000, 5, 107_000)),
            [
                "aclrtMalloc (calls 1 and 1): size is 4 on the left, 5 on the right",
                "aclrtFree (calls 2 and 2): result is 0 on the left, 107000 on the right"
            ]
        );
        let mut swapped = good.clone();
        swapped[3].args.0[0].1 = Value::pointer(0x1040);
        assert_eq!(
            compare(&good, &swapped).len(),
            0,
            "an address may be used again"
        );
        assert_eq!(
            texts(&good, &good[..3]),
            ["thread 1: aclrtFree (call 3) on the left, the end on the right"]
        );
        let mut other = good.clone();
        other[1].call = "aclrtMallocHost".to_owned();
        assert_eq!(texts(&good, &other).len(), 1);
    }

    #[test]
    fn a_file_that_is_no_trace_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, "{\"seq\":0,").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("a.jsonl:1: no call of a trace"), "{error}");
        let error = read(&folder.path().join("none")).unwrap_err().to_string();
        assert!(error.contains("none"), "{error}");
    }

    #[test]
    fn what_was_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        let writer = crate::Writer::create(&path).unwrap();
        let second = writer.enter(1, "aclFinalize", Vec::new());
        let first = writer.enter(0, "aclInit", vec![("configPath", Value::pointer(0))]);
        writer.leave(second, Value::Integer(0));
        writer.leave(first, Value::Integer(100_002));
        let records = read(&path).unwrap();
        let calls: Vec<_> = records.iter().map(|r| (r.seq, r.call.as_str())).collect();
        assert_eq!(calls, [(0, "aclInit"), (1, "aclFinalize")]);
        assert_eq!(records[0].result, Value::Integer(100_002));
        assert_eq!(records[0].args.get("configPath"), Some(&Value::pointer(0)));
    }
}
