//! `lotse webhook`: how to connect a channel, and a command line that posts a lead to it.

use std::process::ExitCode;

use anyhow::bail;

use super::Outcome;
use super::print::{Format, line, say};
use crate::channels::webhook::{self, Setup};
use crate::config::{ChannelKind, Config, nearest};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The webhook, by its name under [channels].
    channel: String,
    #[command(flatten)]
    format: Format,
}

/// Prints the address, the steps, the snippets and the command line.
pub(super) fn run(wish: &Arguments, settings: &Config) -> Outcome {
    let (setup, minutes) = setup(&wish.channel, settings)?;
    if wish.format.json {
        line(&serde_json::to_value(&setup)?)?;
    } else {
        print(&setup, minutes)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn setup(name: &str, settings: &Config) -> anyhow::Result<(Setup, Option<u64>)> {
    let found = settings.channels.iter().find(|channel| channel.name == *name);
    match found.map(|channel| (&channel.name, &channel.kind)) {
        Some((name, ChannelKind::Webhook(config))) => {
            Ok((webhook::setup(name, settings.http.listen, config), webhook::counts_for(config)))
        }
        Some((_, other)) => bail!("`{name}` is no webhook but of kind `{}`", other.as_str()),
        None => {
            let webhooks = settings.channels.iter().filter(|channel| matches!(channel.kind, ChannelKind::Webhook(_)));
            let names: Vec<&str> = webhooks.map(|channel| channel.name.as_str()).collect();
            match nearest(name, &names) {
                Some(meant) => bail!("there is no channel `{name}`; did you mean `{meant}`?"),
                None if names.is_empty() => {
                    bail!("there is no channel `{name}`; add [channels.{name}] with kind = \"webhook\"")
                }
                None => bail!("there is no channel `{name}`; webhooks are {}", names.join(", ")),
            }
        }
    }
}

fn print(setup: &Setup, minutes: Option<u64>) -> anyhow::Result<()> {
    say(&format!("{} ({}) posts to\n\n  {}\n", setup.title, setup.provider, setup.url))?;
    for note in &setup.notes {
        say(&format!("{note}\n"))?;
    }
    say("To connect it:\n")?;
    for (number, step) in setup.steps.iter().enumerate() {
        say(&format!("  {}. {step}", number + 1))?;
    }
    for (what, snippet) in [("A form for a page:", &setup.html), ("The same from a script:", &setup.fetch)] {
        if let Some(snippet) = snippet {
            say(&format!("\n{what}\n\n{snippet}"))?;
        }
    }
    let Some(curl) = &setup.curl else { return say("\nA lead to try it cannot be posted from this machine.") };
    let most = minutes.map(|minutes| format!(" within {minutes} minutes")).unwrap_or_default();
    say(&format!("\nTo try it on this machine{most} (it makes a lead):\n\n{curl}"))
}
