//! The times of expressions. tests/unit/runtime/panels/cron_schedule_test.cpp tests the cases that C++ relies on.
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use nexus_cron::Schedule;

/// "2026-01-01T00:00" in UTC, as Unix time in milliseconds.
fn at(time: &str) -> i64 {
    let time: DateTime = time.parse().expect("a time");
    time.to_zoned(TimeZone::UTC).expect("a time in UTC").timestamp().as_millisecond()
}

fn schedule(expression: &str) -> Schedule {
    Schedule::parse(expression.as_bytes()).unwrap_or_else(|fault| panic!("{expression}: {fault}"))
}

fn fault(expression: &[u8]) -> String {
    match Schedule::parse(expression) {
        Ok(_) => panic!("{} is an expression", String::from_utf8_lossy(expression)),
        Err(fault) => fault,
    }
}

#[track_caller]
fn is_due(expression: &str, after: &str, then: &str) {
    assert_eq!(schedule(expression).next_after(at(after)), Some(at(then)), "{expression} after {after}");
}

#[test]
fn five_fields_are_minutes_to_weekdays_in_utc() {
    is_due("* * * * *", "2026-01-01T00:00:30", "2026-01-01T00:01");
    is_due("*/15 * * * *", "2026-01-01T00:15", "2026-01-01T00:30");
    is_due("30 9 * * MON-FRI", "2026-01-02T10:00", "2026-01-05T09:30");
    is_due("0 0 * * 7", "2026-01-01T00:00", "2026-01-04T00:00");
    is_due("  0 0 1 1 *\t", "2026-01-01T00:00", "2027-01-01T00:00");
    is_due("@hourly", "2026-01-01T05:59:59", "2026-01-01T06:00");
}

#[test]
fn a_sixth_field_before_them_is_seconds() {
    is_due("*/10 * * * * *", "2026-01-01T00:00:05", "2026-01-01T00:00:10");
    is_due("59 59 23 31 12 *", "2026-01-01T00:00", "2026-12-31T23:59:59");
}

#[test]
fn a_part_of_a_second_counts() {
    let every_second = schedule("* * * * * *");
    let midnight = at("2026-01-01T00:00");
    assert_eq!(every_second.next_after(midnight - 1), Some(midnight));
    assert_eq!(every_second.next_after(midnight), Some(midnight + 1000));
}

#[test]
fn a_leap_day_is_waited_for_over_a_century_without_one() {
    is_due("0 0 29 2 *", "2026-01-01T00:00", "2028-02-29T00:00");
    is_due("0 0 29 2 *", "2096-03-01T00:00", "2104-02-29T00:00");
}

#[test]
fn either_day_field_is_enough() {
    is_due("0 0 13 * FRI", "2026-01-01T00:00", "2026-01-02T00:00");
    is_due("0 0 13 * FRI", "2026-01-09T00:00", "2026-01-13T00:00");
}

#[test]
fn a_prefix_names_a_zone() {
    is_due("CRON_TZ=Europe/Berlin 0 9 * * *", "2026-01-01T00:00", "2026-01-01T08:00");
    is_due("CRON_TZ=Europe/Berlin 0 9 * * *", "2026-07-01T00:00", "2026-07-01T07:00");
    is_due("CRON_TZ=Asia/Kolkata\t0 0 * * *", "2026-01-01T00:00", "2026-01-01T18:30");
    assert_eq!(fault(b"CRON_TZ=Nowhere/Land * * * * *"), "knows no time zone \"Nowhere/Land\"");
    assert!(fault(b"CRON_TZ=UTC").starts_with("is no cron expression"));
}

#[test]
fn a_repeated_local_time_is_due_once() {
    let berlin = "CRON_TZ=Europe/Berlin 30 2 * * *";
    is_due(berlin, "2026-10-24T12:00", "2026-10-25T00:30");
    is_due(berlin, "2026-10-25T00:30", "2026-10-26T01:30");
}

#[test]
fn invalid_expressions_are_reported() {
    for bad in
        ["", "*", "* * * *", "60 * * * *", "* * * * * * *", "a b c d e", "* * 32 * *", "*/0 * * * *", "5-1 * * * *"]
    {
        assert!(fault(bad.as_bytes()).starts_with("is no cron expression: "), "{bad}");
    }
    assert_eq!(fault(b"\xff * * * *"), "must be valid Unicode");
    for never in ["0 0 30 2 *", "0 0 31 4 *"] {
        assert_eq!(fault(never.as_bytes()), "is never due");
    }
}

#[test]
fn nothing_is_due_beyond_the_last_year() {
    assert_eq!(schedule("* * * * *").next_after(i64::MAX), None);
    assert_eq!(schedule("* * * * *").next_after(i64::MIN), None);
}
