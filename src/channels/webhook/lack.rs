//! Why a post proves nothing: for the log, and whoever connects a channel, never for its sender.

use axum::http::header;

use super::Config;
use super::signature::text;
use super::verify::{PARAMETERS, Post, Proof, our_own};

/// What a post that was refused lacks, in words without a secret.
pub(super) fn lack(config: &Config, post: &Post<'_>) -> String {
    let takes_token = !matches!(&config.proof, Proof::Signature(_) | Proof::Jws { .. });
    let missing = if let Proof::Signature(signature) | Proof::SignatureOrToken(signature) = &config.proof {
        signature.lack(post)
    } else if let Proof::Jws { header, .. } = &config.proof {
        text(post.headers, header).is_none().then(|| format!("there is no header `{header}`"))
    } else {
        our_own().lack(post)
    };
    let mut parameters = url::form_urlencoded::parse(post.query.unwrap_or_default().as_bytes());
    let brings_token =
        post.headers.contains_key(header::AUTHORIZATION) || parameters.any(|(name, _)| PARAMETERS.contains(&&*name));
    match missing {
        _ if takes_token && brings_token => "its token does not fit the secret".to_owned(),
        Some(missing) if takes_token => format!("there is no token, and {missing}"),
        Some(missing) => missing,
        None => "its signature does not fit the secret".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use jiff::Timestamp;

    use super::*;
    use crate::channels::webhook::providers::find;
    use crate::channels::webhook::tests::open;
    use crate::config::Secret;

    #[test]
    fn a_post_that_proves_nothing_tells_the_log_what_it_lacks() {
        for (provider, header, query, told) in [
            ("generic", None, None, "there is no token, and there is no header `x-lotse-signature`"),
            ("generic", Some(("authorization", "Bearer s3cret!")), None, "its token does not fit the secret"),
            ("generic", None, Some("token=s3cret!"), "its token does not fit the secret"),
            ("generic", Some(("x-lotse-signature", "sha256=00")), None, "its signature does not fit the secret"),
            ("typeform", None, Some("token=x"), "there is no header `typeform-signature`"),
            ("formspree", Some(("formspree-signature", "v1=00")), None, "there is no `t` with the time"),
            (
                "formspree",
                Some(("formspree-signature", "t=1,v1=00")),
                None,
                "it was signed more than 300 s before or after our time",
            ),
            ("netlify", None, None, "there is no header `x-webhook-signature`"),
        ] {
            let provider = find(provider).unwrap();
            let config = Config { provider, proof: (provider.proof)(), secrets: vec![Secret::new("s3cret")], ..open() };
            let mut headers = HeaderMap::new();
            if let Some((name, value)) = header {
                headers.insert(name, value.parse().unwrap());
            }
            let now = Timestamp::now();
            let post = Post { method: "POST", url: None, query, headers: &headers, body: b"", now };
            assert_eq!(lack(&config, &post), told);
        }
    }
}
