//! Re-exports Wasmtime's C API, so that one static library holds everything that is Rust, and adds the checking of
//! arguments against JSON Schema.
mod schema;

pub use schema::exports::*;
pub use wasmtime_c_api::*;
