//! TLS 1.3 with a certificate that the system trusts, or nothing.
//!
//! Which certificates the system trusts is read from the file named by `SSL_CERT_FILE`, so the test that needs a trusted
//! one runs in a process of its own.

use std::fs;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cctelegram_telegram::Bot;
use cctelegram_telegram::CallError;
use rustls::ServerConfig;
use rustls::ServerConnection;
use rustls::StreamOwned;
use rustls::SupportedProtocolVersion;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::version::TLS12;
use rustls::version::TLS13;

use crate::certificate::SelfSigned;
use crate::certificate::expired;
use crate::certificate::of_another;
use crate::certificate::self_signed;
use crate::server::CANARY;
use crate::server::client;
use crate::server::ok;

/// A server with one TLS version that answers one call.
fn serve(identity: &SelfSigned, version: &'static SupportedProtocolVersion) -> String {
    let certificate = CertificateDer::from(identity.certificate.clone());
    let key = PrivatePkcs8KeyDer::from(identity.key.clone());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut tls = StreamOwned::new(connection, stream);
        let mut request = [0; 4_096];
        if tls.read(&mut request).is_ok() {
            // A client that refused the certificate is gone.
            drop(tls.write_all(ok(r#"{"id":5}"#).as_bytes()));
            tls.conn.send_close_notify();
            drop(tls.flush());
        }
    });
    url
}

async fn call(
    identity: &SelfSigned,
    version: &'static SupportedProtocolVersion,
) -> Result<Bot, CallError> {
    client(&serve(identity, version)).get_me().await
}

#[tokio::test]
async fn security_a_certificate_that_nobody_vouches_for_is_refused() {
    let error = call(&self_signed(), &TLS13).await.unwrap_err().to_string();
    assert!(
        error.contains("certificate") && !error.contains(CANARY),
        "{error}"
    );
}

/// All three are trusted in the other process, so that nothing but their flaw can be what is refused.
#[test]
fn security_tls_1_3_is_needed_and_enough() {
    let directory = tempfile::tempdir().unwrap();
    let mut trusted = Vec::new();
    for (name, identity) in [
        ("right", self_signed()),
        ("expired", expired()),
        ("of_another", of_another()),
    ] {
        let pem = STANDARD.encode(&identity.certificate);
        trusted.push(format!(
            "-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n"
        ));
        let file = |end| directory.path().join(format!("{name}.{end}"));
        fs::write(file("certificate"), &identity.certificate).unwrap();
        fs::write(file("key"), &identity.key).unwrap();
    }
    fs::write(directory.path().join("trusted.pem"), trusted.concat()).unwrap();
    let run = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "tls::security_tls_1_3_works_where_the_certificate_is_trusted_and_nowhere_else",
        ])
        .current_dir(directory.path())
        .env("SSL_CERT_FILE", directory.path().join("trusted.pem"))
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

/// Runs twice: in the ordinary process, where nobody vouches for the certificate, and in one that trusts it.
#[tokio::test]
async fn security_tls_1_3_works_where_the_certificate_is_trusted_and_nowhere_else() {
    if !Path::new("right.certificate").exists() {
        let error = call(&self_signed(), &TLS13).await.unwrap_err().to_string();
        assert!(error.contains("certificate"), "{error}");
        return;
    }
    let read = |name: &str, end: &str| fs::read(Path::new(&format!("{name}.{end}"))).unwrap();
    let identity = |name| SelfSigned {
        certificate: read(name, "certificate"),
        key: read(name, "key"),
    };
    let right = identity("right");
    assert_eq!(call(&right, &TLS13).await.map(|bot| bot.id), Ok(5));
    for (what, identity, version, said) in [
        ("an older version", right, &TLS12, "rotocol"),
        ("an expired one", identity("expired"), &TLS13, "expired"),
        (
            "another server's",
            identity("of_another"),
            &TLS13,
            "not valid for",
        ),
    ] {
        let error = call(&identity, version).await.unwrap_err().to_string();
        assert!(error.contains(said), "{what}: {error}");
        assert!(!error.contains(CANARY), "{what}: {error}");
    }
}

/// A server that speaks no TLS at all, at an address that asks for it.
#[tokio::test]
async fn security_plain_text_is_refused_where_tls_is_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut greeting = [0; 4_096];
        let length = stream.read(&mut greeting).unwrap();
        drop(stream.write_all(ok(r#"{"id":5}"#).as_bytes()));
        greeting[..length].to_vec()
    });
    let error = client(&url).get_me().await.unwrap_err().to_string();
    assert!(!error.contains(CANARY), "{error}");
    let greeting = server.join().unwrap();
    let sent = String::from_utf8_lossy(&greeting);
    assert!(!sent.contains("bot") && !sent.contains(CANARY), "{sent}");
}
