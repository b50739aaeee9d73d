//! The C interface of JSON Schema (src/nexus/runtime/panels/schema_engine.h). A panic becomes a fault; none crosses
//! it.
use nexus_schema::{Fault, Schema};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

/// Receives each fault; the texts are UTF-8 and valid during the call only.
type OnFault = unsafe extern "C" fn(
    context: *mut c_void,
    path: *const u8,
    path_size: usize,
    message: *const u8,
    message_size: usize,
);

unsafe fn tell(fault: &Fault, context: *mut c_void, on_fault: OnFault) {
    let Fault { path, message } = fault;
    unsafe { on_fault(context, path.as_ptr(), path.len(), message.as_ptr(), message.len()) }
}

fn of_a_panic() -> Fault {
    Fault { path: String::new(), message: "cannot be checked: a fault of the server".into() }
}

/// Null after reporting faults if the text is not a schema that can be checked.
///
/// # Safety
/// `text` has `size` bytes and is JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nexus_schema_compile(
    text: *const u8,
    size: usize,
    context: *mut c_void,
    on_fault: OnFault,
) -> *mut Schema {
    let text = unsafe { slice::from_raw_parts(text, size) };
    let mut told = |fault: Fault| unsafe { tell(&fault, context, on_fault) };
    let compiled = catch_unwind(AssertUnwindSafe(|| Schema::compile(text, &mut told))).unwrap_or_else(|_| {
        told(of_a_panic());
        None
    });
    compiled.map_or(std::ptr::null_mut(), |schema| Box::into_raw(Box::new(schema)))
}

/// The approximate memory of the schema.
///
/// # Safety
/// `schema` is from nexus_schema_compile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nexus_schema_bytes(schema: *const Schema) -> usize {
    unsafe { &*schema }.bytes()
}

/// Reports the faults of a value; their number is bounded as in Schema::check.
///
/// # Safety
/// `schema` is from nexus_schema_compile; `text` has `size` bytes and is JSON of bounded nesting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nexus_schema_check(
    schema: *const Schema,
    text: *const u8,
    size: usize,
    context: *mut c_void,
    on_fault: OnFault,
) {
    let (schema, text) = unsafe { (&*schema, slice::from_raw_parts(text, size)) };
    let faults = catch_unwind(AssertUnwindSafe(|| schema.check(text))).unwrap_or_else(|_| vec![of_a_panic()]);
    for fault in &faults {
        unsafe { tell(fault, context, on_fault) };
    }
}

/// # Safety
/// `schema` is from nexus_schema_compile, or null, and is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nexus_schema_free(schema: *mut Schema) {
    if !schema.is_null() {
        drop(unsafe { Box::from_raw(schema) });
    }
}
