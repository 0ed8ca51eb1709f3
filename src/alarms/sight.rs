//! What is seen of each channel and of the outbox. Pure: in come their states and the time, out go
//! sightings for the judge.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::judge::{Of, Sighting, Standing};
use super::mailbox::Seen;
use super::usual::Arrivals;
use crate::calendars::{self, State};
use crate::channels::health::ChannelState;
use crate::channels::imap::oauth2::{Expiry, expiry};
use crate::lead::{Alarms, Cause, Name, Notice, Trip};

/// A channel gets this long after a start before anything is held against it.
const GRACE: SignedDuration = SignedDuration::from_mins(1);
/// A watched folder is in trouble after this time: one file may hiccup.
const FOLDER: SignedDuration = SignedDuration::from_mins(1);
/// A calendar that cannot be read is told of after this time: a server may be down for a while.
const CALENDAR: SignedDuration = SignedDuration::from_hours(1);
/// A notice that waits longer than this is late.
const LATE: SignedDuration = SignedDuration::from_mins(15);

/// A channel that is watched.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Watched {
    pub(super) name: Name,
    pub(super) way: Way,
    /// The folders of a mailbox.
    pub(super) folders: Vec<String>,
}

/// What is expected of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// To be checked with success at least this often; its client secret may end with a day, and a
    /// canary may be late after some time.
    Mailbox { silence_after: Duration, secret_expires: Option<Date>, canary_late_after: Option<Duration> },
    /// To be readable.
    Folder,
}

/// One look.
pub(super) struct Look<'a> {
    pub(super) now: Timestamp,
    /// Since when the watch has been awake: before that nobody could see anything.
    pub(super) awake_since: Timestamp,
    /// What is amiss so far.
    pub(super) known: &'a Alarms,
}

impl Look<'_> {
    /// How one channel stands.
    pub(super) fn channel(
        &self,
        watched: &Watched,
        state: &ChannelState,
        arrivals: Option<&Arrivals>,
    ) -> Vec<Sighting> {
        let name = &watched.name;
        let see = |cause, standing| Sighting { of: Of::channel(cause, name), standing };
        match watched.way {
            Way::Mailbox { silence_after, secret_expires, .. } => {
                let alone = watched.folders.first().map_or("INBOX", String::as_str);
                let patience = SignedDuration::try_from(silence_after).unwrap_or(SignedDuration::MAX);
                let mailbox = Seen::new(name, state, alone, patience);
                let mut seen = self.silences(&mailbox);
                seen.extend(self.refusals(&mailbox));
                seen.extend(self.renewal(&mailbox));
                seen.push(see(Cause::NoMail, self.no_mail(&mailbox, state, arrivals)));
                seen.push(see(Cause::Undone, Self::undone(&mailbox, state)));
                if secret_expires.is_some() || self.is_known(Cause::SecretExpires, name) {
                    seen.push(see(Cause::SecretExpires, self.secret(secret_expires)));
                }
                seen
            }
            Way::Folder => vec![see(Cause::Folder, self.folder(state)), see(Cause::Refused, self.refused(state))],
        }
    }

    /// What cannot be done to mails while they are read.
    fn undone(mailbox: &Seen<'_>, state: &ChannelState) -> Standing {
        match &state.undone {
            Some(undone) => {
                let (patience, error) = (mailbox.patience, Some(undone.error.clone()));
                Standing::Amiss { since: undone.since, patience, error }
            }
            None if mailbox.is_read() => Standing::Well,
            None => Standing::Unknown,
        }
    }

    fn refused(&self, state: &ChannelState) -> Standing {
        match (state.state, state.refused) {
            ("ok", _) => Standing::Well,
            (_, true) => self.amiss(state, SignedDuration::ZERO),
            _ => Standing::Unknown,
        }
    }

    /// How the canary of a mailbox stands, where it has one or had one that was late.
    pub(super) fn canary(&self, watched: &Watched, trip: Option<&Trip>) -> Option<Sighting> {
        let late_after = match watched.way {
            Way::Mailbox { canary_late_after, .. } => canary_late_after,
            Way::Folder => None,
        };
        if late_after.is_none() && !self.is_known(Cause::CanaryLate, &watched.name) {
            return None;
        }
        let waits = trip.and_then(Trip::waits_since);
        let standing = match (late_after, waits) {
            (Some(_), None) if trip.is_none() => Standing::Unknown,
            (None, _) | (Some(_), None) => Standing::Well,
            (Some(late_after), Some(since)) => self.late(late_after, since, trip.and_then(|trip| trip.error.as_ref())),
        };
        Some(Sighting { of: Of::channel(Cause::CanaryLate, &watched.name), standing })
    }

    fn late(&self, late_after: Duration, since: Timestamp, error: Option<&String>) -> Standing {
        let late_after = SignedDuration::try_from(late_after).unwrap_or(SignedDuration::MAX);
        // While nobody was awake nothing could come in.
        if self.now.duration_since(since.max(self.awake_since)) < late_after {
            return Standing::Unknown;
        }
        let sent = since.strftime("%Y-%m-%d %H:%M:%S UTC");
        let told = match error {
            Some(error) => format!("none can be sent since {sent}: {error}"),
            None => format!("the one that was sent at {sent} has not arrived"),
        };
        Standing::Amiss { since, patience: SignedDuration::ZERO, error: Some(told) }
    }

    fn secret(&self, expires: Option<Date>) -> Standing {
        match expires.and_then(|expires| expiry(expires, self.now)) {
            Some(Expiry { since, told }) => {
                Standing::Amiss { since, patience: SignedDuration::ZERO, error: Some(told) }
            }
            None => Standing::Well,
        }
    }

    fn folder(&self, state: &ChannelState) -> Standing {
        match (state.state, state.refused) {
            ("ok", _) => Standing::Well,
            ("trouble", false) => self.amiss(state, FOLDER),
            _ => Standing::Unknown,
        }
    }

    fn amiss(&self, state: &ChannelState, patience: SignedDuration) -> Standing {
        let since = state.last_error_at.unwrap_or(self.now);
        Standing::Amiss { since, patience, error: state.last_error.clone() }
    }

    fn no_mail(&self, mailbox: &Seen<'_>, state: &ChannelState, arrivals: Option<&Arrivals>) -> Standing {
        let last = arrivals.and_then(Arrivals::last).max(state.last_item);
        let (Some(arrivals), Some(last), true) = (arrivals, last, mailbox.is_read()) else { return Standing::Unknown };
        let of = Of::channel(Cause::NoMail, mailbox.name);
        match self.known.amiss.iter().find(|alarm| of.is(alarm)) {
            // What was unusual by day is still unusual when night falls: only mail ends it.
            Some(alarm) if last <= alarm.since => Standing::Unknown,
            None if arrivals.is_unusual(last, self.now) => {
                Standing::Amiss { since: last, patience: SignedDuration::ZERO, error: None }
            }
            _ => Standing::Well,
        }
    }

    /// What is amiss with channels that are no longer in the settings is over.
    pub(super) fn gone(&self, watched: &[Watched]) -> Vec<Sighting> {
        let named = self.known.amiss.iter().filter_map(|alarm| Some((alarm, alarm.channel.as_ref()?)));
        let gone = named.filter(|(alarm, name)| {
            let named = watched.iter().find(|watched| watched.name == **name);
            named.is_none_or(|watched| alarm.folder.as_ref().is_some_and(|folder| !watched.folders.contains(folder)))
        });
        gone.map(|(alarm, name)| Sighting {
            of: Of { folder: alarm.folder.clone(), ..Of::channel(alarm.cause, name) },
            standing: Standing::Well,
        })
        .collect()
    }

    /// How the templates in force fit the mails that came; one that is gone is well.
    pub(super) fn templates(
        &self,
        in_force: &[Name],
        fits: &BTreeMap<Name, (Timestamp, Vec<String>)>,
    ) -> Vec<Sighting> {
        let known = self.known.amiss.iter().filter_map(|alarm| alarm.template.as_ref());
        let gone = known.filter(|name| !in_force.contains(name));
        let gone = gone.map(|name| Sighting { of: Of::template(name), standing: Standing::Well });
        let seen = fits.iter().filter(|(name, _)| in_force.contains(name)).map(|(name, (since, missing))| {
            let standing = if missing.is_empty() {
                Standing::Well
            } else {
                let told = format!("its mails lack {}", missing.join(", "));
                Standing::Amiss { since: *since, patience: SignedDuration::ZERO, error: Some(told) }
            };
            Sighting { of: Of::template(name), standing }
        });
        seen.chain(gone).collect()
    }

    /// Whether the newest settings and rules are in force, or why not.
    pub(super) fn settings(&self, error: Option<String>) -> Sighting {
        let amiss = |error| Standing::Amiss { since: self.now, patience: SignedDuration::ZERO, error: Some(error) };
        Sighting { of: Of::all(Cause::Settings), standing: error.map_or(Standing::Well, amiss) }
    }

    /// How the calendars of those who have one are doing; `None`: nobody has looked yet.
    pub(super) fn calendars(&self, calendars: &[(Name, Option<calendars::State>)]) -> Vec<Sighting> {
        let known = self.known.amiss.iter().filter_map(|alarm| alarm.owner.as_ref());
        let gone = known.filter(|owner| !calendars.iter().any(|(id, _)| id == *owner));
        let gone = gone.map(|owner| Sighting { of: Of::calendar(owner), standing: Standing::Well });
        let seen = calendars.iter().map(|(owner, state)| {
            let standing = match state {
                Some(State { trouble_since: Some(since), error, .. }) => {
                    Standing::Amiss { since: *since, patience: CALENDAR, error: error.clone() }
                }
                Some(State { read_at: Some(_), .. }) => Standing::Well,
                _ => Standing::Unknown,
            };
            Sighting { of: Of::calendar(owner), standing }
        });
        seen.chain(gone).collect()
    }

    /// Which notifiers leave notices waiting.
    pub(super) fn outbox(&self, pending: &[Notice]) -> Vec<Sighting> {
        let mut late: BTreeMap<&Name, &Notice> = BTreeMap::new();
        for notice in pending.iter().filter(|notice| self.now.duration_since(notice.created_at) >= LATE) {
            let oldest = late.entry(&notice.notifier).or_insert(notice);
            if notice.created_at < oldest.created_at {
                *oldest = notice;
            }
        }
        let known = self.known.amiss.iter().filter(|alarm| alarm.cause == Cause::NoticesWait);
        let over = known.filter_map(|alarm| alarm.notifier.as_ref()).filter(|name| !late.contains_key(name));
        let over = over.map(|name| Sighting { of: Of::notifier(Cause::NoticesWait, name), standing: Standing::Well });
        let amiss = late.iter().map(|(name, oldest)| {
            let (since, error) = (oldest.created_at, oldest.error.clone());
            let standing = Standing::Amiss { since, patience: SignedDuration::ZERO, error };
            Sighting { of: Of::notifier(Cause::NoticesWait, name), standing }
        });
        amiss.chain(over).collect()
    }

    fn is_known(&self, cause: Cause, name: &Name) -> bool {
        self.knows(&Of::channel(cause, name))
    }

    pub(super) fn knows(&self, of: &Of) -> bool {
        self.known.amiss.iter().any(|alarm| of.is(alarm))
    }

    /// Whether it was started, or the watch awake, too short a time ago to tell.
    pub(super) fn is_unsettled(&self, started_at: Option<Timestamp>, patience: SignedDuration) -> bool {
        let began = started_at.unwrap_or(self.awake_since).max(self.awake_since);
        self.now.duration_since(began) < GRACE.min(patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::health::FolderState;
    use crate::lead::{Event, Id, NoticeState};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn mailbox() -> Watched {
        Watched {
            name: name("sales"),
            way: Way::Mailbox { silence_after: Duration::from_mins(15), secret_expires: None, canary_late_after: None },
            folders: vec!["INBOX".to_owned()],
        }
    }

    fn state(word: &'static str, started: i64, ok: Option<i64>) -> ChannelState {
        let error = (word == "trouble").then(|| "down".to_owned());
        summed(ChannelState {
            started_at: Some(at(started)),
            whole: FolderState {
                state: word,
                last_ok: ok.map(at),
                last_error_at: error.as_ref().map(|_| at(started)),
                last_error: error,
                ..FolderState::default()
            },
            ..ChannelState::default()
        })
    }

    fn summed(mut state: ChannelState) -> ChannelState {
        state.sum_up();
        state
    }

    fn refused(started: i64) -> ChannelState {
        let mut state = state("trouble", started, None);
        state.whole.refused = true;
        summed(state)
    }

    fn standing(sightings: &[Sighting], cause: Cause) -> &Standing {
        &sightings.iter().find(|sighting| sighting.of.cause == cause).unwrap().standing
    }

    fn word(standing: &Standing) -> String {
        match standing {
            Standing::Well => "well".into(),
            Standing::Unknown => "unknown".into(),
            Standing::Amiss { since, .. } => format!("amiss since {}", since.as_second() - 1_795_000_000),
            Standing::Counted(count) => format!("{count}"),
        }
    }

    #[test]
    fn a_mailbox_is_silent_since_its_last_successful_check() {
        let known = Alarms::default();
        for (what, now, awake, state, expected) in [
            ("checked a minute ago", 1000, 0, state("ok", 0, Some(940)), "well"),
            ("not checked for 15 minutes", 1900, 0, state("ok", 0, Some(1000)), "amiss since 1000"),
            ("in trouble", 1010, 0, state("trouble", 0, Some(1000)), "amiss since 1000"),
            ("in trouble since the start", 30, 0, state("trouble", 0, None), "amiss since 0"),
            ("just started", 59, 0, state("starting", 0, None), "unknown"),
            ("starting for long", 61, 0, state("starting", 0, None), "amiss since 0"),
            ("restarted by new settings", 5059, 0, state("starting", 5000, None), "unknown"),
            ("the machine slept", 9000, 8990, state("ok", 0, Some(1000)), "unknown"),
        ] {
            let look = Look { now: at(now), awake_since: at(awake), known: &known };
            let seen = look.channel(&mailbox(), &state, None);
            assert_eq!(word(standing(&seen, Cause::Silent)), expected, "{what}");
        }
    }

    #[test]
    fn a_refusal_is_told_at_once_and_instead_of_the_silence() {
        let known = Alarms::default();
        let look = Look { now: at(10), awake_since: at(0), known: &known };
        let refused = refused(5);
        for watched in [mailbox(), Watched { way: Way::Folder, ..mailbox() }] {
            let seen = look.channel(&watched, &refused, None);
            let Standing::Amiss { patience, error, .. } = standing(&seen, Cause::Refused) else { panic!("{seen:?}") };
            assert_eq!((*patience, error.as_deref()), (SignedDuration::ZERO, Some("down")));
            let others = seen.iter().filter(|sighting| sighting.of.cause != Cause::Refused);
            assert!(others.into_iter().all(|sighting| sighting.standing == Standing::Unknown), "{seen:?}");
        }
        let (known, _) = super::super::judge::judge(&known, &look.channel(&mailbox(), &refused, None), at(10));
        let later = Look { now: at(20), awake_since: at(0), known: &known };
        let seen = later.channel(&mailbox(), &state("trouble", 15, None), None);
        assert!(seen.iter().all(|sighting| sighting.standing == Standing::Unknown), "now it is down as well: {seen:?}");
        let seen = later.channel(&mailbox(), &state("ok", 15, Some(20)), None);
        assert_eq!(*standing(&seen, Cause::Refused), Standing::Well);
    }

    #[test]
    fn a_mailbox_whose_mails_cannot_be_moved_is_not_silent_and_that_is_told_after_its_time() {
        let undone = crate::channels::health::Undone { since: at(100), error: "over quota".into() };
        let mut stuck = state("trouble", 0, Some(990));
        stuck.whole.undone = Some(undone);
        let stuck = summed(stuck);
        let none = Alarms::default();
        let look = |now| Look { now: at(now), awake_since: at(0), known: &none };
        let seen = look(999).channel(&mailbox(), &stuck, None);
        assert_eq!(
            (word(standing(&seen, Cause::Silent)), word(standing(&seen, Cause::Undone))),
            ("well".into(), "amiss since 100".into())
        );
        let (known, turns) = super::super::judge::judge(&Alarms::default(), &seen, at(999));
        assert_eq!(turns, [], "it may pass by itself");
        let (known, turns) =
            super::super::judge::judge(&known, &look(1000).channel(&mailbox(), &stuck, None), at(1000));
        assert_eq!((turns.len(), turns[0].alarm.error.as_deref()), (1, Some("over quota")));
        let seen = look(1900).channel(&mailbox(), &stuck, None);
        assert_eq!(word(standing(&seen, Cause::Silent)), "amiss since 990", "nor is it read any more");
        let down = look(1100).channel(&mailbox(), &state("trouble", 0, Some(990)), None);
        assert_eq!(*standing(&down, Cause::Undone), Standing::Unknown);
        let seen = look(1100).channel(&mailbox(), &state("ok", 0, Some(1100)), None);
        let (_, turns) = super::super::judge::judge(&known, &seen, at(1100));
        assert_eq!(turns.iter().map(|turn| turn.event).collect::<Vec<_>>(), [Event::AlarmOver]);
    }

    #[test]
    fn a_secret_is_amiss_from_thirty_days_before_its_end_until_another_is_set() {
        let with = |expires: Option<&str>| {
            let secret_expires = expires.map(|day| day.parse().unwrap());
            Watched {
                way: Way::Mailbox { silence_after: Duration::from_mins(15), secret_expires, canary_late_after: None },
                ..mailbox()
            }
        };
        let see = |known: &Alarms, now: &str, watched: &Watched| {
            let look = Look { now: now.parse().unwrap(), awake_since: at(0), known };
            look.channel(watched, &state("ok", 0, Some(0)), None)
        };
        let (old, new) = (with(Some("2027-05-01")), with(Some("2029-05-01")));
        let none = Alarms::default();
        assert_eq!(*standing(&see(&none, "2027-03-31T00:00:00Z", &old), Cause::SecretExpires), Standing::Well);
        let seen = see(&none, "2027-04-02T00:00:00Z", &old);
        let (known, turns) = super::super::judge::judge(&none, &seen, "2027-04-02T00:00:00Z".parse().unwrap());
        assert!(turns.iter().any(|turn| turn.alarm.cause == Cause::SecretExpires), "{turns:?}");
        for renewed in [new, with(None)] {
            let seen = see(&known, "2027-04-03T00:00:00Z", &renewed);
            assert_eq!(*standing(&seen, Cause::SecretExpires), Standing::Well);
        }
    }

    #[test]
    fn a_canary_is_late_since_the_first_that_did_not_arrive_and_only_while_somebody_is_awake() {
        let with = |late: Option<u64>| {
            let (silence_after, canary_late_after) = (Duration::from_mins(15), late.map(Duration::from_secs));
            Watched { way: Way::Mailbox { silence_after, secret_expires: None, canary_late_after }, ..mailbox() }
        };
        let key = crate::lead::SealKey::fresh();
        let sent = Trip::begin(&key.seal(crate::lead::Own::Canary), at(1000));
        let arrived = Trip { arrived_at: Some(at(1003)), ..sent.clone() };
        let second = Trip { waiting_since: Some(at(400)), error: Some("refused".into()), ..sent.clone() };
        let known = Alarms::default();
        let see = |known: &Alarms, now: i64, awake: i64, late: Option<u64>, trip: Option<&Trip>| {
            let look = Look { now: at(now), awake_since: at(awake), known };
            look.canary(&with(late), trip).map(|seen| word(&seen.standing))
        };
        for (what, now, awake, late, trip, expected) in [
            ("no canary", 9000, 0, None, Some(&sent), None),
            ("none sent yet", 1000, 0, Some(600), None, Some("unknown")),
            ("on its way", 1599, 0, Some(600), Some(&sent), Some("unknown")),
            ("late", 1600, 0, Some(600), Some(&sent), Some("amiss since 1000")),
            ("arrived", 1600, 0, Some(600), Some(&arrived), Some("well")),
            ("the second that cannot be sent", 1000, 0, Some(600), Some(&second), Some("amiss since 400")),
            ("just started again", 9000, 8500, Some(600), Some(&sent), Some("unknown")),
        ] {
            assert_eq!(see(&known, now, awake, late, trip).as_deref(), expected, "{what}");
        }
        let look = Look { now: at(1600), awake_since: at(0), known: &known };
        let (known, turns) =
            super::super::judge::judge(&known, &[look.canary(&with(Some(600)), Some(&sent)).unwrap()], at(1600));
        assert!(turns[0].alarm.error.as_ref().unwrap().ends_with("has not arrived"), "{turns:?}");
        assert_eq!(see(&known, 1700, 0, None, None).as_deref(), Some("well"), "a canary that left the settings");
    }

    #[test]
    fn a_calendar_that_cannot_be_read_is_told_of_after_an_hour_and_over_when_it_can_or_is_gone() {
        let state = |trouble: Option<i64>| State {
            read_at: Some(at(0)),
            trouble_since: trouble.map(at),
            error: trouble.map(|_| "it answered 503".to_owned()),
        };
        let look = |known: &Alarms, now: i64, calendars: &[(Name, Option<State>)]| {
            let look = Look { now: at(now), awake_since: at(0), known };
            super::super::judge::judge(known, &look.calendars(calendars), at(now))
        };
        let of = |state: Option<State>| vec![(name("anna"), state)];
        let (known, turns) = look(&Alarms::default(), 100, &of(Some(state(Some(100)))));
        assert!(turns.is_empty());
        let (known, turns) = look(&known, 3700, &of(Some(state(Some(100)))));
        assert_eq!(
            (turns.len(), turns[0].alarm.owner.clone(), turns[0].event),
            (1, Some(name("anna")), Event::AlarmRaised)
        );
        let (restarted, turns) = look(&known, 3701, &of(None));
        assert_eq!((&restarted, turns.len()), (&known, 0), "nobody has looked yet");
        for after in [of(Some(state(None))), vec![]] {
            let (_, turns) = look(&known, 3702, &after);
            assert_eq!(turns.iter().map(|turn| turn.event).collect::<Vec<_>>(), [Event::AlarmOver]);
        }
    }

    #[test]
    fn a_missing_mail_ends_only_with_mail() {
        let mut arrivals = Arrivals::default();
        for half in 0..1000 {
            arrivals.note(at(half * 1800));
        }
        let last = 999 * 1800;
        let see = |known: &Alarms, now: i64, item: i64| {
            let look = Look { now: at(now), awake_since: at(0), known };
            let ok = ChannelState { last_item: Some(at(item)), ..state("ok", 0, Some(now)) };
            look.channel(&mailbox(), &ok, Some(&arrivals))
        };
        let known = Alarms::default();
        assert_eq!(*standing(&see(&known, last + 5400, last), Cause::NoMail), Standing::Well);
        let seen = see(&known, last + 5401, last);
        assert_eq!(word(standing(&seen, Cause::NoMail)), format!("amiss since {last}"));
        let (known, turns) = super::super::judge::judge(&known, &seen, at(last + 5401));
        assert_eq!(turns.len(), 1);
        assert_eq!(*standing(&see(&known, last + 9000, last), Cause::NoMail), Standing::Unknown);
        assert_eq!(*standing(&see(&known, last + 9000, last + 8000), Cause::NoMail), Standing::Well);
        let down = ChannelState { last_item: Some(at(last)), ..state("trouble", 0, None) };
        let look = Look { now: at(last + 5401), awake_since: at(0), known: &Alarms::default() };
        let seen = look.channel(&mailbox(), &down, Some(&arrivals));
        assert_eq!(*standing(&seen, Cause::NoMail), Standing::Unknown, "nobody knows whether there is mail");
    }

    #[test]
    fn a_notifier_is_late_when_its_oldest_notice_waits_too_long() {
        let notice = |notifier: &str, created: i64| Notice {
            id: Id::MIN,
            lead: None,
            alarm: None,
            owner: None,
            notifier: name(notifier),
            event: Event::Created,
            touch: None,
            decision: None,
            created_at: at(created),
            state: NoticeState::Pending,
            attempts: 3,
            next_at: None,
            error: Some("down".into()),
            overtaken: false,
        };
        let pending = [notice("mail", 100), notice("mail", 0), notice("out", 500)];
        let known = Alarms::default();
        let look = Look { now: at(900), awake_since: at(0), known: &known };
        let seen = look.outbox(&pending);
        assert_eq!(seen.len(), 1);
        assert_eq!(
            (seen[0].of.notifier.as_ref().unwrap().as_str(), word(&seen[0].standing).as_str()),
            ("mail", "amiss since 0")
        );
        let (known, _) = super::super::judge::judge(&known, &seen, at(900));
        let look = Look { now: at(901), awake_since: at(0), known: &known };
        assert_eq!(look.outbox(&pending[2..])[0].standing, Standing::Well);
    }

    #[test]
    fn what_left_the_settings_is_over() {
        let refused = refused(5);
        let look = Look { now: at(10), awake_since: at(0), known: &Alarms::default() };
        let (known, _) = super::super::judge::judge(look.known, &look.channel(&mailbox(), &refused, None), at(10));
        let look = Look { now: at(20), awake_since: at(0), known: &known };
        assert_eq!(look.gone(&[mailbox()]), []);
        assert_eq!(look.gone(&[])[0].standing, Standing::Well);
    }
}
