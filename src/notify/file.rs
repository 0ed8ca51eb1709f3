//! Notices as files: one JSON file a notice.
//!
//! `NOTICEID.json` appears whole or not at all; the same notice again overwrites it with the same
//! content, so that what is delivered at least once is one file exactly.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{AlarmLetter, Failure, Letter, Message, Notifier, Probing, Sending, letter};

/// Settings of a file notifier (`kind = "file"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Folder; made when missing.
    pub folder: PathBuf,
}

/// A folder that notices are written to.
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// A notifier with these settings.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self { folder: config.folder.clone() }
    }

    async fn write(&self, name: String, content: Vec<u8>, keep: Keep) -> Result<(), Failure> {
        let folder = self.folder.clone();
        let work = move || write(&folder, &name, &content, keep).map_err(|error| (folder, error));
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err((folder, error))) => {
                Err(Failure::destination(format!("cannot write to the folder `{}`: {error}", folder.display())))
            }
            Err(error) => Err(Failure::letter(format!("writing a notice broke off: {error}"))),
        }
    }
}

impl Notifier for Files {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            let mut content = serde_json::to_vec_pretty(&document(message))
                .map_err(|error| Failure::permanent(format!("the notice cannot be written as JSON: {error}")))?;
            content.push(b'\n');
            self.write(format!("{}.json", message.notice().id), content, Keep::Yes).await
        })
    }

    fn probe(&self) -> Probing<'_> {
        Box::pin(async {
            self.write(format!("lotse-check-{}", std::process::id()), Vec::new(), Keep::No).await?;
            Ok(format!("the folder `{}` can be written", self.folder.display()))
        })
    }
}

/// Whether a written file stays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Yes,
    No,
}

/// Writes beside the final name, syncs, renames, syncs the folder.
fn write(folder: &Path, name: &str, content: &[u8], keep: Keep) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{name}.tmp"));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    drop(file);
    if written.is_err() || keep == Keep::No {
        std::fs::remove_file(&unfinished)?;
        return written;
    }
    std::fs::rename(&unfinished, folder.join(name))?;
    std::fs::File::open(folder)?.sync_all()
}

/// What the file says.
fn document(message: &Message) -> Value {
    match message {
        Message::Lead(letter) => about_lead(letter),
        Message::Alarm(letter) => about_alarm(letter),
    }
}

fn about_alarm(letter: &AlarmLetter) -> Value {
    json!({
        "id": letter.notice.id,
        "event": letter.notice.event,
        "at": letter.notice.created_at,
        "owner": null,
        "lead": null,
        "alarm": letter.alarm,
        "subject": letter::alarm::subject(letter),
        "text": letter::alarm::text(letter),
    })
}

fn about_lead(letter: &Letter) -> Value {
    let notice = &letter.notice;
    json!({
        "id": notice.id,
        "event": notice.event,
        "at": notice.created_at,
        "owner": letter.owner.as_ref().map(|owner| json!({"id": owner.id, "name": owner.name, "email": owner.email})),
        "lead": letter.lead,
        "touch": letter.touch.as_ref().map(|touch| json!({
            "id": touch.id,
            "channel": touch.channel,
            "kind": touch.kind,
            "received_at": touch.received_at,
            "subject": touch.content.subject,
            "text": touch.content.text,
            "from": touch.content.from,
            "fields": touch.content.fields,
            "attachments": touch.content.attachments,
            "intake": touch.id,
        })),
        "why": letter::why(letter),
        "subject": letter::subject(letter),
        "text": letter::text(letter),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::letter::samples;

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn the_same_notice_twice_is_one_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let files_in = folder.path().join("a/b");
        let notifier = Files::new(&Config { folder: files_in.clone() });
        let letter = samples::letter();
        let message = Message::from(letter.clone());
        notifier.send(&message).await.unwrap();
        notifier.send(&message).await.unwrap();
        assert_eq!(files(&files_in), [format!("{}.json", letter.notice.id)]);
        let read: Value =
            serde_json::from_slice(&std::fs::read(files_in.join(format!("{}.json", letter.notice.id))).unwrap())
                .unwrap();
        assert_eq!(read["event"], "lead.created");
        assert_eq!(read["owner"], json!({"id": "anna", "name": "Anna Schmidt", "email": "anna@example.com"}));
        assert_eq!(read["lead"]["emails"][0], "max@firma.example");
        assert_eq!(read["touch"]["text"], "Bitte ein Angebot über 20 Stück");
        assert_eq!(read["at"], "2026-11-23T09:12:44Z");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_named_and_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        let notifier = Files::new(&Config { folder: blocked.clone() });
        let letter = samples::letter();
        for failure in [notifier.probe().await.unwrap_err(), notifier.send(&letter.into()).await.unwrap_err()] {
            assert!(failure.is_destination());
            assert!(failure.message.contains(blocked.to_str().unwrap()), "{failure}");
        }
    }

    #[tokio::test]
    async fn a_probe_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        Files::new(&Config { folder: folder.path().to_owned() }).probe().await.unwrap();
        assert!(files(folder.path()).is_empty());
    }
}
