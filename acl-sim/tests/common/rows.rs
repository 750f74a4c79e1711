//! Tables of misuse: what is done, the call, the code that answers it.
#![allow(dead_code, unused_macros)]

use crate::call::messages;
use crate::op::{Attr, By, Tensor, execute};

/// An operator's call: what is wrong, the name, inputs, outputs, attributes, the expected code.
pub(crate) type Run<'a> = (
    &'static str,
    &'static str,
    Vec<&'a Tensor>,
    Vec<&'a Tensor>,
    &'a Attr,
    i32,
);

pub(crate) type Row<'a> = (String, Box<dyn Fn() -> i32 + 'a>, i32);

/// Makes the rows of a table: what is done, the call, the expected code.
macro_rules! rows {
    ($($what:literal, $name:ident($($argument:expr),* $(,)?) => $code:literal;)*) => {
        vec![$((
            concat!(stringify!($name), ": ", $what).to_owned(),
            Box::new(move || call!($name($($argument),*))) as Box<dyn Fn() -> i32>,
            $code,
        )),*]
    };
}

pub(crate) fn check(rows: Vec<Row<'_>>) -> usize {
    messages();
    let mut wrong = Vec::new();
    for (what, misuse, expected) in &rows {
        let code = misuse();
        let text = messages();
        if code != *expected {
            wrong.push(format!("{what}: {code}, wanted {expected}; {text}"));
        } else if code != 0 && !text.contains(&what[..what.find(':').unwrap()]) {
            wrong.push(format!(
                "{what}: the text does not name the function: {text:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    rows.len()
}

/// Rows of calls that run one operator with tensors.
pub(crate) fn executed<'a>(by: By, all: Vec<Run<'a>>) -> Vec<Row<'a>> {
    let name = match by {
        By::Execute => "aclopExecute",
        By::ExecuteV2 => "aclopExecuteV2",
        By::CompileAndExecute => "aclopCompileAndExecute",
        By::CompileAndExecuteV2 => "aclopCompileAndExecuteV2",
    };
    let row = move |(what, op, inputs, outputs, attr, code): Run<'a>| {
        let run = move || execute(by, op, &inputs, &outputs, attr.0);
        (
            format!("{name}: {op}: {what}"),
            Box::new(run) as Box<dyn Fn() -> i32>,
            code,
        )
    };
    all.into_iter().map(row).collect()
}
