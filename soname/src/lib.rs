//! Nothing but a build script, which names `libascend_reid.so`; it says why.
#![forbid(unsafe_code)]
