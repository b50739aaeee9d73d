//! Passes on where the C API's headers are: the build script of the C API says so to its dependents only.
fn main() {
    let include = std::env::var("DEP_WASMTIME_C_API_INCLUDE").expect("wasmtime-c-api-impl names its headers");
    let out = std::env::var("OUT_DIR").expect("Cargo sets OUT_DIR");
    std::fs::write(format!("{out}/wasmtime-include"), include).expect("OUT_DIR is writable");
}
