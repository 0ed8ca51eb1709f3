//! Reads `[channels.NAME]` with `kind = "csv"`.

use std::time::Duration;

use super::Config;
use crate::config::problem::{Wrong, quote};
use crate::config::section::Section;
use crate::config::spelling::spelling;

/// Reads one watched folder. Where a mistake was reported, an empty value stands for what could not be read.
pub(crate) fn read(section: &mut Section<'_>) -> Config {
    let folder = section.key("folder").required();
    let spot = folder.place();
    let folder = folder.path();
    if let Some(file) = folder.as_ref().filter(|path| path.exists() && !path.is_dir()) {
        let wrong = Wrong::new(format!("{} is no folder", quote(&file.display().to_string())));
        section
            .report()
            .error(&spot, wrong.hint("name the folder that files are put into; `lotse import` takes a single file"));
    }
    let settle = section.key("settle").duration(Duration::from_millis(100)..=Duration::from_hours(1));
    let spelling = spelling(section);
    let folder = folder.unwrap_or_default();
    Config { folder, settle: settle.unwrap_or(Duration::from_secs(2)), spelling }
}
