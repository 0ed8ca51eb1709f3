//! How a mailbox stands, by its folders: what is amiss with one of them hides nothing of the others.
//!
//! What all folders share, the login and a server that is away, is one alarm of the mailbox; what one
//! of them has alone is an alarm of its own, which names it.

use jiff::{SignedDuration, Timestamp};

use super::judge::{Of, Sighting, Standing};
use super::sight::Look;
use crate::channels::health::{ChannelState, FolderState, Unrenewed};
use crate::lead::{Cause, Name};

/// A renewal that fails is told of after this time, unless it succeeds meanwhile: a provider may hiccup.
const HICCUP: SignedDuration = SignedDuration::from_secs(10);

/// A mailbox as it is seen: its folders, as the settings name them.
pub(super) struct Seen<'a> {
    pub(super) name: &'a Name,
    pub(super) folders: Vec<(&'a str, &'a FolderState)>,
    /// Why its access token cannot be renewed.
    unrenewed: Option<&'a Unrenewed>,
    /// When it was started.
    pub(super) started_at: Option<Timestamp>,
    /// How long it may go unchecked.
    pub(super) patience: SignedDuration,
}

impl<'a> Seen<'a> {
    pub(super) fn new(name: &'a Name, state: &'a ChannelState, alone: &'a str, patience: SignedDuration) -> Self {
        let (folders, unrenewed) = (state.named(alone), state.unrenewed.as_ref());
        Self { name, folders, unrenewed, started_at: state.started_at, patience }
    }

    /// Whether all that can be read is.
    pub(super) fn is_read(&self) -> bool {
        self.is_let_in() && self.parts().any(FolderState::is_read)
    }

    /// Whether every folder has got past the login.
    fn is_let_in(&self) -> bool {
        self.parts().all(|part| part.shut || part.is_read())
    }

    fn parts(&self) -> impl Iterator<Item = &'a FolderState> {
        self.folders.iter().map(|(_, part)| *part)
    }
}

impl Look<'_> {
    /// What refuses us: the login, or single folders.
    pub(super) fn refusals(&self, mailbox: &Seen<'_>) -> Vec<Sighting> {
        let told = |part: &FolderState| Standing::Amiss {
            since: part.last_error_at.unwrap_or(self.now),
            patience: SignedDuration::ZERO,
            error: part.last_error.clone(),
        };
        let withdrawn = mailbox.unrenewed.filter(|unrenewed| unrenewed.refused);
        let login = mailbox.parts().filter(|part| part.refused && !part.shut).max_by_key(|part| part.last_error_at);
        let login = match (withdrawn, login) {
            (Some(Unrenewed { since, error, .. }), _) => {
                Standing::Amiss { since: *since, patience: SignedDuration::ZERO, error: Some(error.clone()) }
            }
            (None, Some(part)) => told(part),
            (None, None) if mailbox.is_let_in() && mailbox.unrenewed.is_none() => Standing::Well,
            (None, None) => Standing::Unknown,
        };
        let folder = |part: &FolderState| match () {
            () if part.shut => told(part),
            () if part.is_read() => Standing::Well,
            () => Standing::Unknown,
        };
        let folders = mailbox.folders.iter().map(|(name, part)| (Some(*name), folder(part)));
        let all = std::iter::once((None, login)).chain(folders);
        all.map(|(folder, standing)| Sighting { of: of(Cause::Refused, mailbox.name, folder), standing }).collect()
    }

    /// Whether its access token can be renewed, where it could not; a refusal is [told](Self::refusals) as one.
    pub(super) fn renewal(&self, mailbox: &Seen<'_>) -> Option<Sighting> {
        let of = Of::channel(Cause::Unrenewed, mailbox.name);
        let was_read = mailbox.parts().any(|part| part.last_ok > Some(self.awake_since));
        let standing = match mailbox.unrenewed {
            None if !self.knows(&of) => return None,
            None if mailbox.is_read() => Standing::Well,
            Some(Unrenewed { since, error, refused: false, .. })
                if was_read || !self.is_unsettled(mailbox.started_at, mailbox.patience) =>
            {
                Standing::Amiss { since: *since, patience: HICCUP, error: Some(error.clone()) }
            }
            _ => Standing::Unknown,
        };
        Some(Sighting { of, standing })
    }

    /// What is not checked: the whole mailbox where no folder is, else single folders.
    pub(super) fn silences(&self, mailbox: &Seen<'_>) -> Vec<Sighting> {
        let see = |folder, standing| Sighting { of: of(Cause::Silent, mailbox.name, folder), standing };
        let each: Vec<(&str, Option<Standing>)> =
            mailbox.folders.iter().map(|(folder, part)| (*folder, self.check(mailbox, folder, part))).collect();
        if let [(folder, standing)] = each.as_slice() {
            let standing = standing.clone().unwrap_or(Standing::Unknown);
            // It may have been one of several.
            let before = self.knows(&of(Cause::Silent, mailbox.name, Some(folder)));
            return std::iter::once(see(None, standing.clone()))
                .chain(before.then(|| see(Some(folder), standing)))
                .collect();
        }
        let some_well = each.iter().any(|(_, standing)| *standing == Some(Standing::Well));
        // While the whole is known to be silent, one that does not come back with the others is told of
        // after its time: they need not all come back at once.
        let lasts = self.has_told(&of(Cause::Silent, mailbox.name, None));
        let single = |standing: Option<&Standing>| match standing {
            Some(Standing::Amiss { patience, error, .. }) if some_well && lasts => {
                Standing::Amiss { since: self.now, patience: *patience, error: error.clone() }
            }
            Some(Standing::Amiss { .. }) if !some_well => Standing::Unknown,
            standing => standing.cloned().unwrap_or(Standing::Unknown),
        };
        let whole = self.whole(mailbox.name, &each, some_well, lasts);
        let folders = each.iter().map(|(folder, standing)| see(Some(folder), single(standing.as_ref())));
        std::iter::once(see(None, whole)).chain(folders).collect()
    }

    /// Whether no folder is checked that could be. The last check of any counts: one that has been
    /// silent for long makes no silence of what the others do now and then.
    fn whole(&self, name: &Name, each: &[(&str, Option<Standing>)], some_well: bool, lasts: bool) -> Standing {
        let counted = || each.iter().filter_map(|(_, standing)| standing.as_ref());
        if !some_well {
            let all = counted().all(|standing| matches!(standing, Standing::Amiss { .. }));
            let last = counted().max_by_key(|standing| match standing {
                Standing::Amiss { since, .. } => Some(*since),
                _ => None,
            });
            return last.filter(|_| all).cloned().unwrap_or(Standing::Unknown);
        }
        let told = |folder: &str| self.has_told(&of(Cause::Silent, name, Some(folder)));
        let over = |(folder, standing): &(&str, Option<Standing>)| match standing {
            None | Some(Standing::Well) => true,
            Some(_) => told(folder),
        };
        if !lasts || each.iter().all(over) { Standing::Well } else { Standing::Unknown }
    }

    /// How one folder stands; `None` where its refusal, or that of the login, is told already: nobody
    /// need be told then that it is not read.
    fn check(&self, mailbox: &Seen<'_>, folder: &str, part: &FolderState) -> Option<Standing> {
        let (name, patience) = (mailbox.name, mailbox.patience);
        let checked = part.last_ok.or(mailbox.started_at).unwrap_or(self.now);
        let fresh = self.now.duration_since(checked) < patience;
        let amiss = |error| Some(Standing::Amiss { since: checked, patience, error });
        match part.state {
            "ok" if fresh => Some(Standing::Well),
            "trouble" if fresh && part.undone.is_some() => Some(Standing::Well),
            _ if part.refused => None,
            _ if [None, Some(folder)].into_iter().any(|folder| self.knows(&of(Cause::Refused, name, folder))) => None,
            "ok" | "starting" if self.is_unsettled(mailbox.started_at, patience) => Some(Standing::Unknown),
            "trouble" => amiss(part.last_error.clone()),
            _ => amiss(None),
        }
    }

    fn has_told(&self, of: &Of) -> bool {
        self.known.raised().any(|alarm| of.is(alarm))
    }
}

fn of(cause: Cause, name: &Name, folder: Option<&str>) -> Of {
    folder.map_or_else(|| Of::channel(cause, name), |folder| Of::folder(cause, name, folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::judge::judge;
    use crate::lead::{Alarms, Event};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    /// What a folder is like at a moment.
    #[derive(Clone, Copy, Debug)]
    enum Is {
        Read,
        /// Missing.
        Shut,
        /// The login is refused.
        Refused,
        /// The server does not answer.
        Down,
    }
    use Is::{Down, Read, Refused, Shut};

    /// Lives through `steps`, each of them for a minute, with a look every ten seconds and a restart of
    /// the watch between any two; gives what is told, as `second:event cause folder`.
    fn told(steps: &[&[Is]]) -> String {
        let name = Name::parse("sales").unwrap();
        let folders = ["INBOX", "Fair", "Junk"];
        let mut state = ChannelState { started_at: Some(at(0)), ..ChannelState::default() };
        let (mut alarms, mut all) = (Alarms::default(), Vec::new());
        for second in (0..60 * i64::try_from(steps.len()).unwrap()).step_by(10) {
            for (folder, is) in folders.iter().zip(steps[usize::try_from(second / 60).unwrap()]) {
                let part = state.folders.entry((*folder).to_owned()).or_default();
                part.state = if matches!(is, Read) { "ok" } else { "trouble" };
                (part.refused, part.shut) = (matches!(is, Refused | Shut), matches!(is, Shut));
                if matches!(is, Read) {
                    part.last_ok = Some(at(second));
                } else {
                    (part.last_error, part.last_error_at) = (Some(format!("{is:?}")), Some(at(second)));
                }
            }
            let look = Look { now: at(second), awake_since: at(0), known: &alarms };
            let mailbox = Seen::new(&name, &state, "INBOX", SignedDuration::from_secs(120));
            let seen = [look.refusals(&mailbox), look.silences(&mailbox)].concat();
            let (after, turns) = judge(&alarms, &seen, at(second));
            alarms = serde_json::from_value(serde_json::to_value(&after).unwrap()).unwrap();
            all.extend(turns.iter().map(|turn| {
                let word = if turn.event == Event::AlarmRaised { "" } else { " over" };
                let folder = turn.alarm.folder.as_deref().unwrap_or("all");
                format!("{second}: {} {folder}{word}", turn.alarm.cause.as_str())
            }));
        }
        all.join(", ")
    }

    #[test]
    fn a_token_that_cannot_be_renewed_is_told_as_what_it_is_while_mail_is_read() {
        // Whether the provider refuses, at each look; without a word it issues a token.
        let told = |looks: &[Option<bool>]| {
            let name = Name::parse("sales").unwrap();
            let (mut alarms, mut all) = (Alarms::default(), Vec::new());
            let mut state = ChannelState { started_at: Some(at(0)), ..ChannelState::default() };
            for (second, refused) in (0..).step_by(5).zip(looks) {
                state.whole = FolderState { state: "ok", last_ok: Some(at(second)), ..FolderState::default() };
                let since = state.unrenewed.take().map_or(at(second), |before| before.since);
                let error = "as the provider says".to_owned();
                state.unrenewed = refused.map(|refused| Unrenewed {
                    since,
                    error,
                    refused,
                    last_error_at: at(second),
                    next_try: None,
                });
                let look = Look { now: at(second), awake_since: at(-1), known: &alarms };
                let mailbox = Seen::new(&name, &state, "INBOX", SignedDuration::from_secs(7));
                let mut seen = [look.refusals(&mailbox), look.silences(&mailbox)].concat();
                seen.extend(look.renewal(&mailbox));
                let (after, turns) = judge(&alarms, &seen, at(second));
                alarms = after;
                all.extend(turns.iter().map(|turn| {
                    let word = if turn.event == Event::AlarmRaised { "" } else { " over" };
                    format!("{second}: {}{word}", turn.alarm.cause.as_str())
                }));
            }
            all.join(", ")
        };
        let (down, no) = (Some(false), Some(true));
        for (what, looks, expected) in [
            ("a hiccup", &[None, down, down, None][..], ""),
            ("out of order", &[None, down, down, down, down, None, None], "15: unrenewed, 25: unrenewed over"),
            ("withdrawn", &[None, no, no, no, no, None], "5: refused, 25: refused over"),
            ("withdrawn, out of order meanwhile", &[None, no, down, no, None], "5: refused, 20: refused over"),
            (
                "out of order, then withdrawn",
                &[down, down, down, no, no, None],
                "10: unrenewed, 15: refused, 25: refused over, 25: unrenewed over",
            ),
        ] {
            assert_eq!(told(looks), expected, "{what}");
        }
    }

    #[test]
    fn what_is_amiss_with_one_folder_hides_nothing_of_the_others() {
        for (what, steps, expected) in [
            (
                "a missing folder",
                &[&[Read, Shut][..], &[Read, Shut], &[Read, Read]][..],
                "0: refused Fair, 120: refused Fair over",
            ),
            (
                "a missing folder, then no server",
                &[&[Read, Shut], &[Down, Down], &[Down, Down], &[Down, Down], &[Read, Shut], &[Read, Shut]],
                "0: refused Fair, 170: silent all, 240: silent all over",
            ),
            (
                "a missing folder, then no login",
                &[&[Read, Shut], &[Refused, Refused], &[Refused, Refused], &[Refused, Refused], &[Read, Shut]],
                "0: refused Fair, 60: refused all, 240: refused all over",
            ),
            (
                "a missing folder, then another one",
                &[&[Read, Shut], &[Shut, Shut], &[Down, Down], &[Shut, Shut], &[Read, Read]],
                "0: refused Fair, 60: refused INBOX, 240: refused Fair over, 240: refused INBOX over",
            ),
            (
                "a server that is away and back",
                &[&[Read, Read], &[Down, Down], &[Down, Down], &[Down, Down], &[Read, Down], &[Read, Read]],
                "170: silent all, 300: silent all over",
            ),
            (
                "one folder does not come back with the others",
                &[
                    &[Read, Read],
                    &[Down, Down],
                    &[Down, Down],
                    &[Read, Down],
                    &[Read, Down],
                    &[Read, Down],
                    &[Read, Read],
                ],
                "170: silent all, 300: silent Fair, 310: silent all over, 360: silent Fair over",
            ),
            (
                "one folder is silent, then all are",
                &[
                    &[Read, Down],
                    &[Read, Down],
                    &[Read, Down],
                    &[Down, Down],
                    &[Read, Down],
                    &[Down, Down],
                    &[Down, Down],
                    &[Down, Down],
                    &[Read, Read],
                ],
                "120: silent Fair, 410: silent all, 480: silent all over, 480: silent Fair over",
            ),
            (
                "a login that is refused now and then",
                &[&[Read, Refused], &[Read, Down], &[Read, Refused], &[Read, Read]],
                "0: refused all, 180: refused all over",
            ),
        ] {
            assert_eq!(told(steps), expected, "{what}");
        }
    }
}
