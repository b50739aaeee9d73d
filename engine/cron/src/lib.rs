//! The times at which cron expressions are due.
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const ZONE: &str = "CRON_TZ=";

/// An expression in its time zone. Immutable.
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Parses five fields, or six with seconds first, in UTC or in the zone of a leading `CRON_TZ=Zone `. The error
    /// is the end of a sentence: "is never due".
    pub fn parse(text: &[u8]) -> Result<Schedule, String> {
        let text = std::str::from_utf8(text).map_err(|_| "must be valid Unicode".to_string())?.trim();
        let (zone, fields) = match text.strip_prefix(ZONE) {
            None => (TimeZone::UTC, text),
            Some(rest) => {
                let (name, fields) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                let zone = TimeZone::get(name).map_err(|_| format!("knows no time zone \"{name}\""))?;
                (zone, fields)
            }
        };
        // A year field would allow expressions that are never due again.
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser.parse(fields).map_err(|error| format!("is no cron expression: {error}"))?;
        let schedule = Schedule { cron, zone };
        // Without years, an expression that is due once is due again.
        if schedule.next_after(0).is_none() {
            return Err("is never due".into());
        }
        Ok(schedule)
    }

    /// The first time after `unix_ms`.
    pub fn next_after(&self, unix_ms: i64) -> Option<i64> {
        let start = Timestamp::from_millisecond(unix_ms).ok()?.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&start, false).ok()?;
        Some(next.timestamp().as_millisecond())
    }
}
