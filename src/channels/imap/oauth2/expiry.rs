//! How near the end of a client secret is. Pure: the day is an argument.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// So long before the end somebody is told of it.
const BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The end of a client secret, near or past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Since when somebody should act.
    pub since: Timestamp,
    /// What is the matter and what to do; the same as long as the secret is good.
    pub told: String,
}

/// What there is to say of a secret that ends with the beginning (in UTC) of the day `expires`;
/// nothing as long as there are more than 30 days to go.
#[must_use]
pub fn expiry(expires: Date, now: Timestamp) -> Option<Expiry> {
    let end = expires.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
    let since = end.saturating_sub(BEFORE).ok()?;
    if now < since {
        return None;
    }
    let told = if now < end {
        format!(
            "the client secret is good until {expires}: make a new one at the provider before that day, set it as `client_secret`, and its end as `client_secret_expires`"
        )
    } else {
        format!(
            "the client secret has expired on {expires}, and the mailbox cannot be read without another: make a new one at the provider, set it as `client_secret`, and its end as `client_secret_expires`"
        )
    };
    Some(Expiry { since, told })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_secret_is_told_from_thirty_days_before_and_when_it_is_past() {
        let end: Date = "2027-05-01".parse().unwrap();
        let told = |at: &str| expiry(end, at.parse().unwrap()).map(|expiry| expiry.told);
        assert_eq!(told("2027-03-31T23:59:59Z"), None);
        let soon = told("2027-04-01T00:00:00Z").unwrap();
        assert!(soon.starts_with("the client secret is good until 2027-05-01: make a new one"), "{soon}");
        assert_eq!(told("2027-04-30T23:59:59Z").unwrap(), soon, "one alarm, one text");
        assert!(told("2027-05-01T00:00:00Z").unwrap().starts_with("the client secret has expired on 2027-05-01"));
        assert!(told("2030-01-01T00:00:00Z").is_some());
    }
}
