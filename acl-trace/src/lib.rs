//! Traces of AscendCL calls.
//!
//! A trace is a text file with one JSON object per line and call, in the order in which the calls
//! returned. The simulator writes one (`ACL_SIM_TRACE`), and so does the library `libacl_trace_preload.so`,
//! which stands in front of any other `libascendcl.so`; [`compare`] says in what two traces differ.
//!
//! ```text
//! {"seq":7,"thread":0,"call":"aclrtMalloc","args":{"pointer":{"ptr":"0x7ffd"},"size":4096,"policy":0},
//!  "result":0,"at_us":1520,"took_ns":830}
//! ```
//!
//! * `seq`: number of the call, by when it was entered, from 0.
//! * `thread`: number of the thread, by its first call, from 0.
//! * `args`: in order, under the names that the writer of the trace has for them; integers and enumerators are numbers, addresses and handles are
//!   `{"ptr":"0x…"}`, strings are strings. Arguments of functions that are not simulated have no
//!   names and are left out.
//! * `result`: the status, or what the function returned.
//! * `at_us`: when it was entered, in microseconds since the first call; `took_ns`: how long it took.

mod compare;
mod record;
mod value;
mod writer;

pub use compare::{Difference, TraceError, compare, read};
pub use record::{Arguments, Record};
pub use value::{Value, show};
pub use writer::{Started, Writer};
