//! Bodies that come packed.

use super::*;

/// The bytes, compressed.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packer, bytes).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_body_is_read_up_to_the_size_of_a_plain_one() {
    let plan = Plan::one(open());
    let bounds = Bounds { text: 100_000, in_flight: 1_000_000, ..Bounds::default() };
    let side = Plan { bounds, ..plan }.start().await;
    let kind = ("content-type", "application/json");
    let zipped = [kind, ("content-encoding", "gzip")];
    let text = br#"{"email":"a@x.example"}"#;
    side.post(&zipped, gzip(text)).await.receipt();
    assert_eq!(side.stored()[0].original.bytes, text);
    // Two members are one body.
    side.post(&zipped, [gzip(&text[..9]), gzip(&text[9..])].concat()).await.receipt();
    assert_eq!(side.stored()[1].original.bytes, text);
    side.post(&zipped, gzip(format!("\"{}\"", "x".repeat(99_998)).as_bytes())).await.receipt();
    side.post(&zipped, gzip(format!("\"{}\"", "x".repeat(99_999)).as_bytes())).await.refuses(413);
    // 50 MB in 50 KB.
    side.post(&zipped, gzip(&vec![b' '; 50_000_000])).await.refuses(413);
    for broken in [&gzip(text)[..20], text] {
        side.post(&zipped, broken).await.refuses(400);
    }
    for coding in ["br", "gzip, gzip", "deflate"] {
        let answer = side.post(&[kind, ("content-encoding", coding)], gzip(text)).await;
        answer.refuses(415);
        assert_eq!(answer.header("accept-encoding"), Some("gzip"));
    }
    assert_eq!(side.stored().len(), 3);
}

#[tokio::test]
async fn a_compressed_body_proves_itself_before_or_after_unpacking() {
    let side = Side::with(secured()).await;
    let text = br#"{"email":"a@x.example"}"#;
    let packed = gzip(text);
    let sign = |bytes: &[u8]| {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"s3cret").unwrap();
        mac.update(bytes);
        format!("sha256={}", crate::normalize::hex(&mac.finalize().into_bytes()))
    };
    let post = async |signature: &str, body: &[u8]| {
        let headers =
            [("content-type", "application/json"), ("content-encoding", "gzip"), ("x-lotse-signature", signature)];
        side.post(&headers, body).await
    };
    post(&sign(text), &packed).await.receipt();
    post(&sign(&packed), &packed).await.receipt();
    post(&sign(b"other"), &packed).await.refuses(401);
    // Who proves nothing learns nothing about the body.
    post(&sign(b"other"), text).await.refuses(401);
    post(&sign(b"other"), &gzip(&vec![b' '; 50_000_000])).await.refuses(401);
}
