//! One static library with all Rust code: Wasmtime's C API, and the C interfaces of JSON Schema (`schema/`) and cron
//! expressions (`cron/`).
mod allocator;
mod cron;
mod schema;

pub use cron::*;
pub use schema::*;
pub use wasmtime_c_api::*;
