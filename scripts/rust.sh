# shellcheck shell=bash
# Sourced, not run: chooses the Rust toolchain without downloading one that is already here under
# another name ("stable" is often the very version that rust-toolchain.toml pins).
# Needs root, the folder of the sources. Sets rust_wanted; may export RUSTUP_TOOLCHAIN. Takes about 50 ms.
rust_wanted=$(sed -n 's/^channel = "\(.*\)"/\1/p' "${root:?}/rust-toolchain.toml")

if command -v rustup >/dev/null && [ -z "${RUSTUP_TOOLCHAIN:-}" ]; then
    rust_host=$(uname -m)-unknown-linux-gnu
    rust_home=${RUSTUP_HOME:-$HOME/.rustup}/toolchains
    if [ ! -x "$rust_home/$rust_wanted-$rust_host/bin/rustc" ]; then
        for rust_name in "$rust_home"/*; do
            if [ ! -x "$rust_name/bin/rustc" ] || [ ! -x "$rust_name/bin/cargo" ]; then continue; fi
            case $("$rust_name/bin/rustc" -V) in
                "rustc $rust_wanted "*) export RUSTUP_TOOLCHAIN=${rust_name##*/} && break ;;
            esac
        done
    fi
fi
