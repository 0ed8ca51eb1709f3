//! Cloudflare Email Routing: a worker of one's own posts the raw mail
//! (<https://developers.cloudflare.com/email-routing/email-workers/runtime-api/>).

use super::{Provider, raw_mail, rfc822};

/// Cloudflare.
pub(super) static CLOUDFLARE: Provider = Provider {
    mail: Some(raw_mail),
    steps: "In the Cloudflare dashboard, open Email, Email Routing, Email Workers, and create a worker with this code:\n\
        export default { async email(message, env) { const answer = await fetch(\"{url}\", { method: \"POST\", \
        headers: { \"Content-Type\": \"message/rfc822\", \"Authorization\": `Bearer ${env.LOTSE_SECRET}`, \
        \"X-Envelope-From\": message.from, \"X-Envelope-To\": message.to }, body: await new \
        Response(message.raw).arrayBuffer() }); if (!answer.ok) throw new Error(`lotse answered ${answer.status}`); } }\n\
        Add the secret of this channel to the worker as LOTSE_SECRET.\n\
        Route the address to the worker. When the worker throws, the mail server that sent the mail tries again.",
    sample: rfc822::RAW_SAMPLE,
    ..Provider::of_mails("cloudflare", "Cloudflare Email Workers")
};
