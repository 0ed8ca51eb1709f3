//! TLS for everything that calls out: which server certificates are believed.
//!
//! In comes an optional file of extra certificates, out goes a [`ClientConfig`] that believes the
//! platform's roots and, when a file is given, what stands in it: extra roots, or the server's own
//! certificate, which is then accepted for the host names it carries while it is valid, whoever
//! issued it and even when it calls itself an authority (as self-signed ones often do).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// Why no TLS configuration could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of extra certificates cannot be read or is no PEM.
    #[error("cannot read certificates from `{file}` (PEM is expected)")]
    File {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The file holds no certificate.
    #[error("there is no certificate in `{0}`: it needs at least one `BEGIN CERTIFICATE` block")]
    Empty(PathBuf),
    /// A certificate of the file, or the platform's roots as a whole, cannot be used.
    #[error("the trusted certificates cannot be used (are `ca-certificates` installed?)")]
    Roots(#[source] rustls::Error),
}

/// A client configuration that believes the platform's roots and the certificates in `ca_file`.
/// The files are read at each call, so a renewed certificate counts from the next connection on.
pub fn client(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let extra = ca_file.map_or_else(|| Ok(Vec::new()), certificates)?;
    let trust = Trust::new(extra, &provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::Roots)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The certificates in a PEM file, at least one.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unreadable = |source| Error::File { file: file.to_owned(), source };
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if certificates.is_empty() { Err(Error::Empty(file.to_owned())) } else { Ok(certificates) }
}

/// What somebody can do about a handshake that failed; nothing where the error says it all.
/// `begins` is the port on which the protocol usually begins with TLS, `changes` the one on which it
/// changes to TLS (STARTTLS).
#[must_use]
pub fn advice(error: &std::io::Error, begins: u16, changes: u16) -> Option<String> {
    use CertificateError as E;
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        let closed = error.kind() == std::io::ErrorKind::UnexpectedEof;
        return closed.then(|| "it closed the connection where TLS should begin: are port and `tls` right?".to_owned());
    };
    Some(match error {
        rustls::Error::InvalidMessage(_) => format!(
            "it does not begin with TLS on this port: set tls = \"starttls\" (usually port {changes}), or the port on which it does (usually {begins})"
        ),
        rustls::Error::InvalidCertificate(E::NotValidForNameContext { presented, .. }) if !presented.is_empty() => {
            let names: Vec<&str> = presented.iter().map(|name| readable(name)).collect();
            format!("its certificate is for another name; set `host` to one of those it is for: {}", names.join(", "))
        }
        rustls::Error::InvalidCertificate(E::NotValidForName | E::NotValidForNameContext { .. }) => {
            "its certificate is for another name; set `host` to the name that it is for".to_owned()
        }
        rustls::Error::InvalidCertificate(E::Expired | E::ExpiredContext { .. }) => {
            "its certificate has expired: whoever runs the server must renew it (or this machine's clock is wrong)"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(E::NotValidYet | E::NotValidYetContext { .. }) => {
            "its certificate is not valid yet: is this machine's clock right?".to_owned()
        }
        rustls::Error::InvalidCertificate(_) => {
            "its certificate is signed by nobody whom this machine trusts; if the server is your own, save its certificate into a file and name that as `ca_file` (if you did: it is another one by now, save it anew)"
                .to_owned()
        }
        _ => return None,
    })
}

/// The name in rustls' `DnsName("mail.example.com")`.
fn readable(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

/// Believes the platform, extra roots, and servers whose very certificate was given.
#[derive(Debug)]
struct Trust {
    /// The platform's roots and the extra ones.
    platform: Verifier,
    /// The extra certificates with a verifier that knows only them.
    given: Option<(Vec<CertificateDer<'static>>, Arc<WebPkiServerVerifier>)>,
}

impl Trust {
    fn new(extra: Vec<CertificateDer<'static>>, provider: &Arc<CryptoProvider>) -> Result<Self, Error> {
        let platform =
            Verifier::new_with_extra_roots(extra.iter().cloned(), Arc::clone(provider)).map_err(Error::Roots)?;
        if extra.is_empty() {
            return Ok(Self { platform, given: None });
        }
        let mut roots = RootCertStore::empty();
        for certificate in &extra {
            roots.add(certificate.clone()).map_err(Error::Roots)?;
        }
        let only_extra = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|e| Error::Roots(rustls::Error::General(e.to_string())))?;
        Ok(Self { platform, given: Some((extra, only_extra)) })
    }
}

/// Accepts a server that shows exactly a certificate we were given. Who issued it and what it says
/// about itself does not matter then; its dates and host names do. The verifier looks at the dates
/// before anything else, so any other complaint of it means that they are fine.
fn accept_given(
    verifier: &WebPkiServerVerifier,
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, rustls::Error> {
    use CertificateError as E;
    match verifier.verify_server_cert(certificate, &[], name, &[], now) {
        Err(rustls::Error::InvalidCertificate(
            why @ (E::Expired
            | E::ExpiredContext { .. }
            | E::NotValidYet
            | E::NotValidYetContext { .. }
            | E::BadEncoding
            | E::NotValidForName
            | E::NotValidForNameContext { .. }),
        )) => Err(rustls::Error::InvalidCertificate(why)),
        Err(rustls::Error::InvalidCertificate(_)) => {
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            Ok(ServerCertVerified::assertion())
        }
        verdict => verdict,
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.given {
            Some((given, verifier)) if given.contains(end_entity) => {
                accept_given(verifier, end_entity, server_name, now)
            }
            _ => self.platform.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.platform.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.platform.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    /// Runs openssl in `folder`.
    fn openssl(folder: &Path, command: &str) {
        let words = command.split_whitespace();
        let out = Command::new("openssl").args(words).current_dir(folder).output().expect("openssl is installed");
        assert!(out.status.success(), "openssl {command}: {}", String::from_utf8_lossy(&out.stderr));
    }

    const SELF: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -days 30 \
                        -addext subjectAltName=DNS:mail.example,IP:127.0.0.1 -subj /CN=mail.example";

    /// What a client with `ca_file` says of a server that shows `shown` under `name`, `days` from now.
    fn verdict(folder: &Path, ca_file: &str, shown: &str, name: &str, days: u64) -> Result<(), rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let trust = Trust::new(certificates(&folder.join(ca_file)).unwrap(), &provider).unwrap();
        let shown = certificates(&folder.join(shown)).unwrap().remove(0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = UnixTime::since_unix_epoch(now + Duration::from_hours(24 * days));
        trust.verify_server_cert(&shown, &[], &ServerName::try_from(name.to_owned()).unwrap(), &[], now).map(|_| ())
    }

    #[test]
    fn a_servers_own_certificate_is_accepted_for_its_names_while_it_is_valid() {
        let folder = tempfile::tempdir().unwrap();
        for (file, kind) in [("authority.pem", "CA:TRUE"), ("plain.pem", "CA:FALSE")] {
            openssl(folder.path(), &format!("{SELF} -out {file} -addext basicConstraints=critical,{kind}"));
            let say = |name, days| verdict(folder.path(), file, file, name, days);
            assert!(say("mail.example", 0).is_ok(), "{kind}");
            assert!(say("127.0.0.1", 0).is_ok(), "{kind}");
            assert!(say("other.example", 0).is_err(), "{kind}");
            assert!(say("mail.example", 60).is_err(), "{kind}: expired");
        }
    }

    #[test]
    fn a_root_vouches_for_the_servers_it_signed_and_for_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        openssl(path, &format!("{SELF} -out stranger.pem -addext basicConstraints=critical,CA:FALSE"));
        openssl(
            path,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Root",
        );
        openssl(
            path,
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out req.pem -subj /CN=mail.example -addext subjectAltName=DNS:mail.example",
        );
        openssl(
            path,
            "x509 -req -in req.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -copy_extensions copy -out leaf.pem",
        );
        assert!(verdict(path, "ca.pem", "leaf.pem", "mail.example", 0).is_ok());
        assert!(
            verdict(path, "leaf.pem", "leaf.pem", "mail.example", 0).is_ok(),
            "its issuer is unknown but it was given"
        );
        assert!(verdict(path, "ca.pem", "leaf.pem", "other.example", 0).is_err());
        assert!(verdict(path, "ca.pem", "stranger.pem", "mail.example", 0).is_err());
        assert!(verdict(path, "leaf.pem", "stranger.pem", "mail.example", 0).is_err());
    }

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "hello").unwrap();
        assert!(client(Some(&file)).unwrap_err().to_string().contains("ca.pem"));
        assert!(client(Some(&folder.path().join("missing.pem"))).unwrap_err().to_string().contains("missing.pem"));
    }
}
