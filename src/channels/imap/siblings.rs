//! What the folders of one mailbox, each with a connection of its own, know of each other.
//!
//! A wrong password is tried by one of them and not by all, because more attempts would lock the
//! account; and no folder is read twice, however often and in whatever spelling the settings name it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::after::is_same_folder;
use super::connect::Denied;
use crate::channels::Error;

/// For so long the others take over a refusal: less than the shortest pause after one, so that all of
/// them try again together.
const SHARED: Duration = Duration::from_secs(15);

/// The folders of one mailbox.
#[derive(Debug)]
pub(super) struct Siblings {
    /// The folders, as the settings name them.
    pub(super) named: Vec<String>,
    /// Which folder of the server each of them reads.
    read: std::sync::Mutex<BTreeMap<String, String>>,
    login: Mutex<Login>,
}

/// How the last login went.
#[derive(Debug)]
enum Login {
    Untried,
    Good,
    Refused { at: Instant, doing: String, answer: String, taken_by: BTreeSet<String> },
}

impl Siblings {
    /// Nobody has logged in yet.
    pub(super) fn new(named: Vec<String>) -> Self {
        Self { named, read: std::sync::Mutex::default(), login: Mutex::new(Login::Untried) }
    }

    /// Notes which folder of the server is read for the one that the settings name; gives the name in
    /// the settings under which it is read already.
    pub(super) fn claim(&self, named: &str, opened: &str) -> Option<String> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let other = read.iter().find(|(other, taken)| *other != named && is_same_folder(taken, opened));
        if let Some((other, _)) = other {
            return Some(other.clone());
        }
        read.insert(named.to_owned(), opened.to_owned());
        None
    }

    /// Logs in for a folder; one after the other until one of them succeeds. One that has had a
    /// refusal before was called to try again.
    pub(super) async fn log_in<T>(
        &self,
        folder: &str,
        attempt: impl Future<Output = Option<Result<T, Denied>>>,
    ) -> Option<Result<T, Denied>> {
        let mut login = self.login.lock().await;
        match &mut *login {
            Login::Good => {
                drop(login);
                let result = attempt.await;
                Self::note(&mut *self.login.lock().await, folder, result.as_ref());
                result
            }
            Login::Refused { at, doing, answer, taken_by } if at.elapsed() < SHARED && !taken_by.contains(folder) => {
                taken_by.insert(folder.to_owned());
                let (doing, answer) = (doing.clone(), answer.clone());
                Some(Err(Denied::Proof(Error::Refused { doing, answer })))
            }
            Login::Untried | Login::Refused { .. } => {
                let result = attempt.await;
                Self::note(&mut login, folder, result.as_ref());
                result
            }
        }
    }

    fn note<T>(login: &mut Login, folder: &str, result: Option<&Result<T, Denied>>) {
        match result {
            Some(Ok(_)) => *login = Login::Good,
            Some(Err(Denied::Proof(Error::Refused { doing, answer }))) => {
                let taken_by = BTreeSet::from([folder.to_owned()]);
                *login = Login::Refused { at: Instant::now(), doing: doing.clone(), answer: answer.clone(), taken_by };
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[test]
    fn a_folder_is_read_once_whatever_it_is_called() {
        let siblings = Siblings::new(Vec::new());
        assert_eq!(siblings.claim("Archive/Leads", "Archive.Leads"), None);
        assert_eq!(siblings.claim("Archive.Leads", "Archive.Leads").as_deref(), Some("Archive/Leads"));
        assert_eq!(siblings.claim("Archive/Leads", "Archive.Leads"), None, "it connects again");
        assert_eq!(siblings.claim("INBOX", "INBOX"), None);
        assert_eq!(siblings.claim("\\All", "inbox").as_deref(), Some("INBOX"));
        assert_eq!(siblings.claim("Archive/Leads", "Archive.Other"), None);
        assert_eq!(siblings.claim("Archive.Leads", "Archive.Leads"), None, "the other one has moved on");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_password_is_tried_once_by_all_and_again_after_a_pause_or_a_call() {
        let (siblings, tried) = (Siblings::new(Vec::new()), AtomicUsize::new(0));
        let wrong = async || {
            tried.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some(Err::<(), _>(Denied::Proof(Error::Refused { doing: "logging in".into(), answer: "no".into() })))
        };
        let right = async || {
            tried.fetch_add(1, Ordering::SeqCst);
            Some(Ok::<(), Denied>(()))
        };
        let folders = ["a", "b", "c", "d", "e", "f", "g", "h"];
        // A second time before the pause is over: they were called.
        for round in 1..=2 {
            let refused = join_all(folders.map(|folder| siblings.log_in(folder, wrong()))).await;
            assert!(refused.iter().all(|result| matches!(result, Some(Err(Denied::Proof(Error::Refused { .. }))))));
            assert_eq!(tried.load(Ordering::SeqCst), round);
        }
        tokio::time::sleep(SHARED).await;
        let good = join_all(folders.map(|folder| siblings.log_in(folder, right()))).await;
        assert!(good.iter().all(|result| matches!(result, Some(Ok(())))));
        assert_eq!(tried.load(Ordering::SeqCst), 10);
    }
}
