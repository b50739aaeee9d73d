//! Re-exports Wasmtime's C API, so that one static library holds everything that is Rust, and adds the checking of
//! arguments against JSON Schema and the reading of cron expressions.
mod allocator;
mod cron;
mod schema;

pub use cron::*;
pub use schema::exports::*;
pub use wasmtime_c_api::*;
