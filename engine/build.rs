//! Writes the include folder of Wasmtime's C API to a file: Cargo passes it only to this crate's build script.
fn main() {
    let include = std::env::var("DEP_WASMTIME_C_API_INCLUDE").expect("wasmtime-c-api-impl names its headers");
    let out = std::env::var("OUT_DIR").expect("Cargo sets OUT_DIR");
    std::fs::write(format!("{out}/wasmtime-include"), include).expect("OUT_DIR is writable");
}
