//! The certificates that Amazon signs with: fetched once a day, and what they have signed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use tokio::sync::Mutex;
use webpki::EndEntityCert;
use webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256;

use super::client;

/// How long a certificate is taken for what it is,
const GOOD_FOR: Duration = Duration::from_hours(24);
/// and how long one that could not be fetched is not asked for again.
const PAUSE: Duration = Duration::from_secs(10);
/// Addresses that are remembered.
const MOST: usize = 16;

/// A certificate, or why there is none.
type Fetched = Result<Arc<CertificateDer<'static>>, String>;

/// The certificates that were fetched, by address. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(in crate::channels::webhook) struct Certificates(Arc<Mutex<HashMap<String, (Instant, Fetched)>>>);

impl Certificates {
    /// The certificate at an address. One is fetched at a time: whoever sends many addresses waits for each.
    pub(super) async fn get(&self, url: &str) -> Fetched {
        let mut known = self.0.lock().await;
        let now = Instant::now();
        known.retain(|_, (at, fetched)| now.duration_since(*at) < if fetched.is_ok() { GOOD_FOR } else { PAUSE });
        if let Some((_, fetched)) = known.get(url) {
            return fetched.clone();
        }
        let fetched = fetch(url).await;
        if known.len() >= MOST {
            let good = |(_, (at, fetched)): &(&String, &(Instant, Fetched))| (fetched.is_ok(), *at);
            let oldest = known.iter().min_by_key(good).map(|(url, _)| url.clone());
            oldest.and_then(|url| known.remove(&url));
        }
        known.insert(url.to_owned(), (Instant::now(), fetched.clone()));
        fetched
    }
}

async fn fetch(url: &str) -> Fetched {
    let (status, bytes) = client::get_bytes(url).await?;
    if !status.is_success() {
        return Err(format!("it answered {status}"));
    }
    CertificateDer::from_pem_slice(&bytes).map(Arc::new).map_err(|error| format!("it is no certificate: {error}"))
}

/// Whether the holder of a certificate signed this: version 1 by SHA-1, version 2 by SHA-256.
pub(super) fn has_signed(certificate: &CertificateDer<'_>, version: &str, signed: &[u8], signature: &str) -> bool {
    let algorithm: &dyn SignatureVerificationAlgorithm = match version {
        "1" => &Sha1,
        "2" => RSA_PKCS1_2048_8192_SHA256,
        _ => return false,
    };
    let (Ok(signature), Ok(certificate)) = (STANDARD.decode(signature), EndEntityCert::try_from(certificate)) else {
        return false;
    };
    certificate.verify_signature(algorithm, signed, &signature).is_ok()
}

/// RSA with SHA-1, which Amazon's first version of signatures is: no longer good for certificates, so it is not
/// among the usual ones.
#[derive(Debug)]
struct Sha1;

impl SignatureVerificationAlgorithm for Sha1 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, key);
        key.verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        // Only certificates are asked for this, and none is signed so here.
        alg_id::RSA_PKCS1_SHA256
    }
}
