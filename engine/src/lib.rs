//! Re-exports Wasmtime's C API, so that one static library holds everything that is Rust.
pub use wasmtime_c_api::*;
