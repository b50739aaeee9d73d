//! When cron expressions are due; what C++ calls of it is in src/nexus/runtime/panels/cron_engine.h.
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::ffi::c_void;
use std::panic::catch_unwind;
use std::slice;

pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

/// Told what is wrong; the text is UTF-8 and valid during the call only.
type OnFault = unsafe extern "C" fn(context: *mut c_void, message: *const u8, message_size: usize);

const ZONE: &str = "CRON_TZ=";

fn parse(text: &[u8]) -> Result<Schedule, String> {
    let text = std::str::from_utf8(text).map_err(|_| "must be valid Unicode".to_string())?.trim();
    let (zone, fields) = match text.strip_prefix(ZONE) {
        None => (TimeZone::UTC, text),
        Some(rest) => {
            let (name, fields) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let zone = TimeZone::get(name).map_err(|_| format!("knows no time zone \"{name}\""))?;
            (zone, fields)
        }
    };
    // Years would only make it possible to write what is never due again.
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
    let cron = parser.parse(fields).map_err(|error| format!("is no cron expression: {error}"))?;
    let schedule = Schedule { cron, zone };
    // What is due once is due again: there are no years.
    if schedule.next_after(0).is_none() {
        return Err("is never due".into());
    }
    Ok(schedule)
}

impl Schedule {
    fn next_after(&self, unix_ms: i64) -> Option<i64> {
        let start = Timestamp::from_millisecond(unix_ms).ok()?.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&start, false).ok()?;
        Some(next.timestamp().as_millisecond())
    }
}

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
    let parsed = catch_unwind(|| parse(text)).unwrap_or_else(|_| Err("cannot be read".into()));
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
pub unsafe extern "C" fn nexus_cron_next(
    schedule: *const Schedule,
    unix_ms: i64,
    next_unix_ms: *mut i64,
) -> bool {
    let schedule = unsafe { &*schedule };
    let next = catch_unwind(std::panic::AssertUnwindSafe(|| schedule.next_after(unix_ms))).unwrap_or(None);
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
