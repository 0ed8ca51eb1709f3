//! A calendar file (iCalendar): busy times in order, none of them over before it has begun, or what is wrong.
#![no_main]

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lotse::assign::ics::busy;

static ZONE: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Berlin").expect("a zone"));
static NOW: LazyLock<Timestamp> = LazyLock::new(|| "2026-11-23T09:00:00Z".parse().expect("a time"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match busy(bytes, &ZONE, *NOW) {
        Ok(times) => {
            assert!(times.is_sorted());
            assert!(times.iter().all(|time| time.from < time.until && time.until > *NOW));
        }
        Err(why) => lotse_fuzz::is_line(Some(&why)),
    }
});
