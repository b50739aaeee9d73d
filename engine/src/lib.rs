//! One static library for everything that is Rust: Wasmtime's C API, and what C++ calls of the checker of JSON Schema
//! (`schema/`) and of the reader of cron expressions (`cron/`).
mod allocator;
mod cron;
mod schema;

pub use cron::*;
pub use schema::*;
pub use wasmtime_c_api::*;
