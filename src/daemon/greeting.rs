//! What a first start prints: where to post, and what to try.

use super::sockets::Addresses;
use crate::config::{ChannelKind, Config};

/// Prints the greeting of the demo settings; with a settings file the log says enough.
pub(super) fn print(config: &Config, addresses: &Addresses) {
    if config.file.is_some() {
        return;
    }
    println!("{}", text(config, addresses));
}

fn text(config: &Config, addresses: &Addresses) -> String {
    let mut text = format!(
        "Lotse runs with its built-in demo settings (loopback only). Leads are kept in {}.\n\n",
        config.store.display()
    );
    let public = addresses.public;
    for channel in &config.channels {
        match &channel.kind {
            ChannelKind::Webhook(_) => {
                text += &format!(
                    "Send a lead by form:\n\n  curl http://{public}/hooks/{} \\\n    -d 'name=Max Mustermann' -d 'email=max@firma.example' \\\n    -d 'phone=030 12345678' -d 'message=Bitte ein Angebot für 20 Lizenzen'\n\n",
                    channel.name
                );
            }
            ChannelKind::Csv(csv) => {
                text += &format!(
                    "or by spreadsheet:\n\n  printf 'Name;E-Mail;Nachricht\\nEva Muster;eva@muster.example;Wir bitten um Rückruf\\n' > {}/leads.csv\n\n",
                    csv.folder.display()
                );
            }
            ChannelKind::Imap(_) => {}
        }
    }
    let program = std::env::args().next().unwrap_or_else(|| "lotse".into());
    text += &format!(
        "then look, in another terminal:\n\n  {program} leads list\n  {program} leads why ID\n  {program} status\n  ls {}/outbox\n\nYour own settings go into lotse.toml; `lotse check` proves them.",
        config.store.display()
    );
    text
}
