//! Notices as files: one JSON file a notice.

/// Settings of a file notifier (`kind = "file"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Folder; made when missing.
    pub folder: std::path::PathBuf,
}
