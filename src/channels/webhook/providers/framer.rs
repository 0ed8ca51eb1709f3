//! Framer (<https://www.framer.com/help/articles/framer-form-webhook-setup>): inputs by name. Signed over the
//! body with the submission's id behind it.

use super::Provider;
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;

/// The header with the submission's id.
const ID: &str = "framer-webhook-submission-id";

/// Framer.
pub(super) static FRAMER: Provider = Provider {
    proof: || {
        Proof::Signature(Signature {
            prefix: "sha256=".to_owned(),
            signed: vec![Piece::Body, Piece::Id],
            id: Some(ID.to_owned()),
            ..Signature::of_body("framer-signature")
        })
    },
    delivery: Some(ID),
    steps: "Select the form, and under Send To choose Webhook.\n\
        URL: {url} (https only)\n\
        Copy the secret that Framer shows, and set it as the secret of this channel.\n\
        Publish the site: forms in the preview do not send.",
    ..Provider::like_generic("framer", "Framer")
};
