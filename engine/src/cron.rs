//! The C interface of cron expressions (src/nexus/runtime/panels/cron_engine.h). A panic becomes a fault; none
//! crosses it.
use nexus_cron::Schedule;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

/// Receives a fault; the text is UTF-8 and valid during the call only.
type OnFault = unsafe extern "C" fn(context: *mut c_void, message: *const u8, message_size: usize);

/// Null after reporting a fault if the text is not a cron expression or names an unknown zone.
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

/// Writes the first due time after `unix_ms`; false if there is none.
///
/// # Safety
/// `schedule` is from nexus_cron_parse, and `next_unix_ms` is writable.
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
/// `schedule` is from nexus_cron_parse, or null, and is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nexus_cron_free(schedule: *mut Schedule) {
    if !schedule.is_null() {
        drop(unsafe { Box::from_raw(schedule) });
    }
}
