//! What has begun and what is over. Pure: in come what was amiss before, what is seen now and the
//! time; out comes what is amiss now, and each alarm that has to be told.

use jiff::{SignedDuration, Timestamp};

use crate::lead::{Alarm, Alarms, Cause, Event, Name};

/// What is counted (quarantined items, dead notices) is over after this time without another.
const LASTING: SignedDuration = SignedDuration::from_hours(1);

/// What was seen of one thing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sighting {
    pub(super) of: Of,
    pub(super) standing: Standing,
}

/// A thing that can be amiss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Of {
    pub(super) cause: Cause,
    pub(super) channel: Option<Name>,
    pub(super) folder: Option<String>,
    pub(super) notifier: Option<Name>,
    pub(super) template: Option<Name>,
    pub(super) owner: Option<Name>,
}

/// How it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    /// All is well.
    Well,
    /// It cannot be told now: what was amiss stays amiss, and nothing begins.
    Unknown,
    /// Something is wrong; an alarm once it has been so for `patience`.
    Amiss { since: Timestamp, patience: SignedDuration, error: Option<String> },
    /// So many more items since the last look.
    Counted(u64),
}

/// An alarm to be told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Turn {
    pub(super) event: Event,
    pub(super) alarm: Alarm,
}

impl Of {
    pub(super) fn channel(cause: Cause, name: &Name) -> Self {
        Self { channel: Some(name.clone()), ..Self::all(cause) }
    }

    pub(super) fn folder(cause: Cause, name: &Name, folder: &str) -> Self {
        Self { folder: Some(folder.to_owned()), ..Self::channel(cause, name) }
    }

    pub(super) fn notifier(cause: Cause, name: &Name) -> Self {
        Self { notifier: Some(name.clone()), ..Self::all(cause) }
    }

    pub(super) fn all(cause: Cause) -> Self {
        Self { cause, channel: None, folder: None, notifier: None, template: None, owner: None }
    }

    pub(super) fn template(name: &Name) -> Self {
        Self { template: Some(name.clone()), ..Self::all(Cause::TemplateDrift) }
    }

    pub(super) fn calendar(owner: &Name) -> Self {
        Self { owner: Some(owner.clone()), ..Self::all(Cause::Calendar) }
    }

    /// Whether the alarm is about this.
    pub(super) fn is(&self, alarm: &Alarm) -> bool {
        (self.cause, &self.channel, &self.folder, &self.notifier, &self.template, &self.owner)
            == (alarm.cause, &alarm.channel, &alarm.folder, &alarm.notifier, &alarm.template, &alarm.owner)
    }

    fn begins(&self, since: Timestamp, now: Timestamp) -> Alarm {
        Alarm {
            cause: self.cause,
            channel: self.channel.clone(),
            folder: self.folder.clone(),
            notifier: self.notifier.clone(),
            template: self.template.clone(),
            owner: self.owner.clone(),
            // A clock that went back must not make an alarm wait for it.
            since: since.min(now),
            raised_at: None,
            count: 0,
            last_at: now,
            error: None,
        }
    }
}

/// What is amiss after these sightings, and what has to be told. What is not mentioned stays as it is.
pub(super) fn judge(before: &Alarms, sightings: &[Sighting], now: Timestamp) -> (Alarms, Vec<Turn>) {
    let (mut after, mut turns) = (before.clone(), Vec::new());
    for Sighting { of, standing } in sightings {
        let known = after.amiss.iter().position(|alarm| of.is(alarm));
        match standing {
            Standing::Unknown => {}
            Standing::Well => over(&mut after, known, &mut turns),
            Standing::Amiss { since, patience, error } => {
                let alarm = known_or_new(&mut after, known, || of.begins(*since, now));
                if alarm.raised_at.is_none() && now.duration_since(alarm.since) >= *patience {
                    alarm.error.clone_from(error);
                    raise(alarm, now, &mut turns);
                } else if of.cause == Cause::SecretExpires {
                    // Soon becomes too late, and the status says so; nobody is told twice.
                    alarm.error.clone_from(error);
                }
            }
            Standing::Counted(0) => {
                let lasting = |alarm: &Alarm| now.duration_since(alarm.last_at) < LASTING;
                let ended = known.filter(|at| after.amiss.get(*at).is_some_and(|alarm| !lasting(alarm)));
                over(&mut after, ended, &mut turns);
            }
            Standing::Counted(more) => {
                let alarm = known_or_new(&mut after, known, || of.begins(now, now));
                alarm.count = alarm.count.saturating_add(*more);
                alarm.last_at = now;
                if alarm.raised_at.is_none() {
                    raise(alarm, now, &mut turns);
                }
            }
        }
    }
    (after, turns)
}

fn known_or_new(alarms: &mut Alarms, known: Option<usize>, new: impl FnOnce() -> Alarm) -> &mut Alarm {
    let at = known.unwrap_or_else(|| {
        alarms.amiss.push(new());
        alarms.amiss.len() - 1
    });
    &mut alarms.amiss[at]
}

fn raise(alarm: &mut Alarm, now: Timestamp, turns: &mut Vec<Turn>) {
    alarm.raised_at = Some(now);
    turns.push(Turn { event: Event::AlarmRaised, alarm: alarm.clone() });
}

/// Forgets what was amiss; who was told of it is told that it is over.
fn over(alarms: &mut Alarms, known: Option<usize>, turns: &mut Vec<Turn>) {
    let Some(at) = known else { return };
    let alarm = alarms.amiss.remove(at);
    if alarm.raised_at.is_some() {
        turns.push(Turn { event: Event::AlarmOver, alarm });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn silent(standing: Standing) -> Sighting {
        Sighting { of: Of::channel(Cause::Silent, &Name::parse("sales").unwrap()), standing }
    }

    fn amiss(since: i64) -> Standing {
        Standing::Amiss { since: at(since), patience: SignedDuration::from_secs(60), error: Some("down".into()) }
    }

    /// The events at each step, as `second:event`.
    fn told(steps: &[(i64, Sighting)]) -> String {
        let mut state = Alarms::default();
        let mut told = Vec::new();
        for (second, sighting) in steps {
            let (after, turns) = judge(&state, std::slice::from_ref(sighting), at(*second));
            // A restart between any two steps changes nothing.
            state = serde_json::from_value(serde_json::to_value(&after).unwrap()).unwrap();
            told.extend(turns.iter().map(|turn| format!("{second}:{}", turn.event.as_str())));
        }
        told.join(" ")
    }

    #[test]
    fn an_alarm_is_told_once_when_it_begins_and_once_when_it_is_over() {
        let steps = |list: &[(i64, Standing)]| -> Vec<(i64, Sighting)> {
            list.iter().map(|(second, standing)| (*second, silent(standing.clone()))).collect()
        };
        for (what, list, expected) in [
            ("short trouble", vec![(0, amiss(0)), (59, amiss(0)), (60, Standing::Well)], ""),
            (
                "long trouble",
                vec![(0, amiss(0)), (60, amiss(0)), (90, amiss(80)), (99, Standing::Well), (100, Standing::Well)],
                "60:alarm.raised 99:alarm.over",
            ),
            ("the first sign counts", vec![(0, amiss(0)), (30, amiss(30)), (60, amiss(60))], "60:alarm.raised"),
            (
                "not knowing keeps it",
                vec![(0, amiss(-60)), (1, Standing::Unknown), (2, amiss(2)), (3, Standing::Well)],
                "0:alarm.raised 3:alarm.over",
            ),
            ("not knowing begins nothing", vec![(0, amiss(0)), (90, Standing::Unknown)], ""),
            ("a clock that went back", vec![(0, amiss(500)), (60, amiss(500))], "60:alarm.raised"),
        ] {
            assert_eq!(told(&steps(&list)), expected, "{what}");
        }
    }

    #[test]
    fn what_is_counted_is_told_once_with_its_number_and_over_after_a_quiet_hour() {
        let of = Of::all(Cause::Quarantined);
        let step = |second: i64, more: u64| (second, Sighting { of: of.clone(), standing: Standing::Counted(more) });
        let steps = [step(0, 0), step(1, 2), step(2, 0), step(1800, 5), step(5399, 0), step(5400, 0), step(5401, 1)];
        assert_eq!(told(&steps), "1:alarm.raised 5400:alarm.over 5401:alarm.raised");
        let (first, _) = judge(&Alarms::default(), &[step(1, 2).1], at(1));
        let (second, turns) = judge(&first, &[step(9, 5).1], at(9));
        assert_eq!((second.amiss[0].count, turns.len()), (7, 0));
    }

    #[test]
    fn a_secret_is_told_of_once_and_the_alarm_says_when_it_is_too_late() {
        let of = Of::channel(Cause::SecretExpires, &Name::parse("sales").unwrap());
        let look = |state: &Alarms, second: i64, text: &str| {
            let (patience, error) = (SignedDuration::ZERO, Some(text.to_owned()));
            let standing = Standing::Amiss { since: at(0), patience, error };
            judge(state, &[Sighting { of: of.clone(), standing }], at(second))
        };
        let (soon, turns) = look(&Alarms::default(), 1, "soon");
        assert_eq!(turns.len(), 1);
        let (late, turns) = look(&soon, 2, "too late");
        assert_eq!((late.amiss[0].error.as_deref(), turns.len()), (Some("too late"), 0));
        let (_, turns) = judge(&late, &[Sighting { of, standing: Standing::Well }], at(3));
        assert_eq!(turns[0].event, Event::AlarmOver);
    }

    #[test]
    fn alarms_of_different_channels_do_not_mix() {
        let of = |name: &str| Of::channel(Cause::Refused, &Name::parse(name).unwrap());
        let now = Standing::Amiss { since: at(0), patience: SignedDuration::ZERO, error: None };
        let seen = |name: &str, standing: Standing| Sighting { of: of(name), standing };
        let (state, turns) = judge(&Alarms::default(), &[seen("a", now.clone()), seen("b", now)], at(0));
        assert_eq!((state.raised().count(), turns.len()), (2, 2));
        let (state, turns) = judge(&state, &[seen("a", Standing::Well)], at(1));
        assert_eq!((state.amiss[0].channel.as_ref().unwrap().as_str(), turns.len()), ("b", 1));
    }
}
