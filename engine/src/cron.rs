//! Cron expressions as C++ calls them (src/nexus/runtime/panels/cron_engine.h). No panic leaves: it is a fault like any other.
use nexus_cron::Schedule;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

/// Told what is wrong; the text is UTF-8 and valid during the call only.
type OnFault = unsafe extern "C" fn(context: *mut c_void, message: *const u8, message_size: usize);

/// Null, and a fault, when it is no expression, or of no known zone.
///
/// # Safety
/// `text` is `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nexus_cron_parse(
    text: *const u8,
    size: usize,
    context: *mut c_void,
    on_fault: OnFault,
) -> *mut Schedule {
    let text = unsafe { slice::from_raw_parts(text, size) };
    let parsed = catch_unwind(|| Schedule::parse(text)).unwrap_or_else(|_| Err("cannot be read".into()));
    match parsed {
        Ok(schedule) => Box::into_raw(Box::new(schedule)),
        Err(message) => {
            unsafe { on_fault(context, message.as_ptr(), message.len()) };
            std::ptr::null_mut()
        }
    }
}

/// The first time after `unix_ms`; false: there is none.
///
/// # Safety
/// `schedule` is one that nexus_cron_parse has made, and `next_unix_ms` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nexus_cron_next(schedule: *const Schedule, unix_ms: i64, next_unix_ms: *mut i64) -> bool {
    let schedule = unsafe { &*schedule };
    let next = catch_unwind(AssertUnwindSafe(|| schedule.next_after(unix_ms))).unwrap_or(None);
    if let Some(next) = next {
        unsafe { *next_unix_ms = next };
    }
    next.is_some()
}

/// # Safety
/// `schedule` is one that nexus_cron_parse has made, or null; nobody uses it afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nexus_cron_free(schedule: *mut Schedule) {
    if !schedule.is_null() {
        drop(unsafe { Box::from_raw(schedule) });
    }
}
