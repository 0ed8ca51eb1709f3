//! Reads what every connection to a mail server has: `host`, `port`, `tls`, `ca_file`.

use std::path::{Path, PathBuf};

use super::problem::{Wrong, quote};
use super::section::Section;
use super::{Tls, values};

/// The words under `tls`.
const TLS: [(&str, Tls); 3] = [("implicit", Tls::Implicit), ("starttls", Tls::StartTls), ("none", Tls::None)];

/// Reads the host, `usual` where it is not set, and how the connection to it is protected.
pub(crate) fn protected(
    section: &mut Section<'_>,
    usual: Option<&str>,
    default: Tls,
) -> (String, Tls, Option<PathBuf>) {
    let host = match (section.key("host"), usual) {
        (host, Some(usual)) if !host.is_present() => Some(usual.to_owned()),
        (host, _) => host.required().parse(values::host),
    };
    let field = section.key("tls");
    let spot = field.place();
    let tls = field.one_of(&TLS).unwrap_or(default);
    if let Some(host) = host.as_ref().filter(|host| tls == Tls::None && !values::is_loopback(host)) {
        let wrong = Wrong::new(format!("without TLS the password crosses the network to {} in the clear", quote(host)));
        section
            .report()
            .error(&spot, wrong.hint("use \"implicit\" or \"starttls\"; \"none\" is for this machine itself"));
    }
    (host.unwrap_or_default(), tls, ca_file(section))
}

/// Reads the port; `usual` is the one for each protection.
pub(crate) fn port(section: &mut Section<'_>, tls: Tls, usual: fn(Tls) -> u16) -> u16 {
    let field = section.key("port");
    let spot = field.place();
    let port = field.integer(1..=65_535).and_then(|port| u16::try_from(port).ok()).unwrap_or(usual(tls));
    if let Some((word, _)) = TLS.iter().find(|(_, other)| *other != tls && *other != Tls::None && port == usual(*other))
        && port != usual(tls)
    {
        let wrong = Wrong::new(format!("{port} is the port for tls = \"{word}\""));
        section.report().warning(&spot, wrong.hint(format!("set tls = \"{word}\", or port = {}", usual(tls))));
    }
    port
}

/// An extra root, or the server's own certificate, PEM.
pub(crate) fn ca_file(section: &mut Section<'_>) -> Option<PathBuf> {
    let field = section.key("ca_file");
    let spot = field.place();
    let path = field.path()?;
    if let Err(wrong) = certificates(&path) {
        section.report().error(&spot, wrong);
    }
    Some(path)
}

/// Proves that a file holds certificates.
fn certificates(path: &Path) -> Result<(), Wrong> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    let shown = quote(&path.display().to_string());
    let bytes = std::fs::read(path)
        .map_err(|error| Wrong::new(format!("cannot read {shown}: {error}")).hint("name a certificate in PEM form"))?;
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        certificate.map_err(|error| Wrong::new(format!("{shown} holds a broken certificate: {error}")))?;
        found += 1;
    }
    if found == 0 {
        return Err(
            Wrong::new(format!("{shown} holds no certificate")).hint("PEM begins with -----BEGIN CERTIFICATE-----")
        );
    }
    Ok(())
}
