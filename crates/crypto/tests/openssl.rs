//! What we make, another implementation reads, and the other way round: the `openssl` command.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that panics has failed, in its helpers too"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cctelegram_crypto::Key;
use cctelegram_crypto::MacKey;
use cctelegram_crypto::Purpose;
use cctelegram_crypto::Recipient;
use cctelegram_crypto::RecipientKey;
use cctelegram_crypto::Rounds;
use cctelegram_crypto::RsaSigner;
use cctelegram_crypto::RsaVerifyingKey;
use cctelegram_crypto::Secret;
use cctelegram_crypto::Signer;
use cctelegram_crypto::VerifyingKey;
use cctelegram_crypto::from_passphrase;
use tempfile::TempDir;

struct Notary;
impl Purpose for Notary {
    const LABEL: &'static str = "notary";
}

const MESSAGE: &[u8] = b"Deploy to production?";
/// What stands before the 32 bytes of an Ed25519 key in `SubjectPublicKeyInfo` (RFC 8410).
const ED25519_PREFIX: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// A folder with the message in it.
fn desk() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("message"), MESSAGE).unwrap();
    folder
}

fn openssl(folder: &Path, words: &str) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(words.split(' ')).current_dir(folder);
    let output = command
        .output()
        .expect("the openssl command is installed: scripts/test.sh does it");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {words}: {told}");
    output.stdout
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn security_openssl_makes_the_same_hmac() {
    let desk = desk();
    let theirs = openssl(
        desk.path(),
        "dgst -sha256 -mac HMAC -macopt key:shared -binary message",
    );
    let ours = MacKey::from_bytes(b"shared");
    assert_eq!(ours.mac(MESSAGE).as_bytes()[..], theirs);
    assert!(ours.is_right(MESSAGE, &theirs));
}

#[test]
fn security_openssl_stretches_a_passphrase_to_the_same_key() {
    let desk = desk();
    let theirs = openssl(
        desk.path(),
        "kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:horse -kdfopt salt:sixteen-bytes-it -kdfopt iter:600000 -binary PBKDF2",
    );
    let passphrase = Secret::new("horse".to_owned());
    let rounds = Rounds::new(600_000).unwrap();
    let ours = from_passphrase(&passphrase, b"sixteen-bytes-it", rounds);
    assert_eq!(ours.expose()[..], theirs);
}

#[test]
fn security_openssl_and_we_check_each_others_ed25519_signatures() {
    let desk = desk();
    let signer = Signer::of(&Key::<Notary>::random().unwrap()).unwrap();
    let der = [ED25519_PREFIX, signer.verifying_key().as_bytes()].concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der)
    );
    fs::write(desk.path().join("ours.pem"), pem).unwrap();
    fs::write(desk.path().join("ours.sig"), signer.sign(MESSAGE).unwrap()).unwrap();
    openssl(
        desk.path(),
        "pkeyutl -verify -pubin -inkey ours.pem -rawin -in message -sigfile ours.sig",
    );
    openssl(desk.path(), "genpkey -algorithm ed25519 -out theirs.pem");
    let theirs = openssl(
        desk.path(),
        "pkeyutl -sign -inkey theirs.pem -rawin -in message",
    );
    let public = openssl(desk.path(), "pkey -in theirs.pem -pubout -outform DER");
    let public = public.strip_prefix(ED25519_PREFIX).unwrap();
    let public = VerifyingKey::from_bytes(public.try_into().unwrap());
    assert!(public.is_right(MESSAGE, &theirs));
    assert!(!public.is_right(b"Deploy to production!", &theirs));
}

#[test]
fn security_openssl_and_we_open_what_the_other_wrapped_with_rsa() {
    let desk = desk();
    let label = hex(b"backup");
    let oaep = format!(
        "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 -pkeyopt rsa_oaep_label:{label}"
    );
    openssl(
        desk.path(),
        "genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out private.pem",
    );
    openssl(desk.path(), "pkey -in private.pem -pubout -out public.pem");
    let read = |name: &str| fs::read_to_string(desk.path().join(name)).unwrap();
    let key = [9; 32];
    fs::write(desk.path().join("key"), key).unwrap();
    let theirs = openssl(
        desk.path(),
        &format!("pkeyutl -encrypt -pubin -inkey public.pem -in key {oaep}"),
    );
    let private = RecipientKey::from_pem(&Secret::new(read("private.pem"))).unwrap();
    assert_eq!(private.unwrap(&theirs, "backup").unwrap().expose(), &key);
    let recipient = Recipient::from_pem(&read("public.pem")).unwrap();
    let ours = recipient.wrap(&Secret::new(key), "backup").unwrap();
    fs::write(desk.path().join("wrapped"), ours).unwrap();
    let opened = openssl(
        desk.path(),
        &format!("pkeyutl -decrypt -inkey private.pem -in wrapped {oaep}"),
    );
    assert_eq!(opened, key);
}

#[test]
fn security_openssl_and_we_check_each_others_rsa_signatures() {
    let desk = desk();
    let pss = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";
    let signer = RsaSigner::random().unwrap();
    let public = signer.verifying_key().unwrap();
    for (name, bytes) in [
        ("public.pem", public.to_pem().into_bytes()),
        (
            "private.pem",
            signer.to_pem().unwrap().expose().clone().into_bytes(),
        ),
        ("ours.sig", signer.sign(MESSAGE).unwrap()),
    ] {
        fs::write(desk.path().join(name), bytes).unwrap();
    }
    openssl(
        desk.path(),
        &format!("dgst {pss} -verify public.pem -signature ours.sig message"),
    );
    let theirs = openssl(
        desk.path(),
        &format!("dgst {pss} -sign private.pem message"),
    );
    let read = RsaVerifyingKey::from_pem(&public.to_pem()).unwrap();
    assert!(read.is_right(MESSAGE, &theirs));
}
