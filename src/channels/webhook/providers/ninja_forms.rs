//! Ninja Forms, Webhooks add-on: names its administrator gave, urlencoded, JSON, or JSON in one value.

use super::Provider;
use crate::normalize::form::Schema;

/// Ninja Forms.
pub(super) static NINJA_FORMS: Provider = Provider {
    // What comes is read as anybody's: the JSON in one value, too.
    schema: Schema::plain("ninja_forms"),
    steps: "Edit the form, open Emails & Actions, and add the action Webhooks (an add-on).\n\
        Ninja Forms sends no headers of yours: add the secret of this channel to the address.\n\
        Remote Url: {url}?token=SECRET\n\
        Remote Method: Post.\n\
        Args: one a field, named name, email, phone, message. It is sent once and not again.",
    sample: (
        "application/x-www-form-urlencoded",
        "json=%7B%22name%22%3A%22Erika+Muster%22%2C%22email%22%3A%22erika%40firma.example%22%2C%22message%22%3A%22Please+send+me+an+offer.%22%7D",
    ),
    ..Provider::like_generic("ninja_forms", "Ninja Forms")
};
