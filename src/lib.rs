//! Lotse brings every inbound lead to exactly one owner, exactly once, and can say why.
//!
//! # One lead's walk through the house
//!
//! *channels → normalize → dedupe → qualify → assign → store → notify*
//!
//! A mail arrives in the sales inbox. The mailbox's **channel** hears of it, fetches it without
//! marking it, and hands it over as an *inbound*: the bytes as they came, where they stood, how a
//! repetition would be recognised, and the mailbox's place after it. It waits for a receipt; only a
//! receipt lets it say "got it" to its source. A form's post and a row of a spreadsheet come in the
//! same way, through channels of their own.
//!
//! The **front door** first has the item *normalized*, on a thread with room for any nesting that
//! the bounds let pass: bytes become a person, a message and fields, or noise with a reason, or
//! something unclear. Nothing a person typed is dropped. Then the item waits for the writer.
//!
//! The writer takes all that waits into one unit of work, and each item goes down the **pipeline**,
//! plain code without waiting. Seen before? Then it is *redelivered*, and that is all. Noise is
//! *ignored*, what is unclear *quarantined*, both with their originals; an absence, a mail that came
//! back or a colleague's answer is noted on the lead it is about. Otherwise **dedupe** finds the
//! lead it belongs to, by address, conversation or number, or opens a new one; **qualify** asks the rules;
//! **assign** takes the next turn of the team's rotation. Ledger row, lead, keys, decision, turn,
//! the mailbox's place and the owner's notice are written together: one commit of the **store**
//! makes all of it true, or none.
//!
//! Now the receipts go out, and the sources may forget. The **outbox** is rung, finds the notice,
//! and has a notifier tell the owner, again and again until somebody took it or five days are over.
//!
//! People look and change things through the **service**, which the private API and the command
//! line share; a change is one more task for the same writer. Owners' **calendars** are read again and
//! again, so that nobody gets a lead while away. The **daemon** is the only place
//! that knows all of this at once: it starts, supervises, reloads and drains.

pub mod lead;

pub mod clock;
pub mod config;
pub mod mistakes;
pub mod tls;

mod call;

pub mod channels;
pub mod intake;
pub mod normalize;
pub mod pipeline;

pub mod dedupe;

pub mod qualify;

pub mod assign;

pub mod store;

pub mod notify;

pub mod service;

pub mod calendars;

pub mod alarms;

pub mod canary;

pub mod web;

pub mod cli;
pub mod daemon;
