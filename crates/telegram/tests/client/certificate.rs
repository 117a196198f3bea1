//! A self-signed certificate for 127.0.0.1, made at run time (X.509 in DER, by hand).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
use aws_lc_rs::signature::EcdsaKeyPair;
use aws_lc_rs::signature::KeyPair as _;

/// Certificate and PKCS#8 key, both DER.
pub(crate) struct SelfSigned {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;

const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const EC_PUBLIC_KEY: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 0x11];

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut out = vec![tag];
    match length {
        [0, short @ 0..0x80] => out.push(short),
        [0, long] => out.extend([0x81, long]),
        both => out.extend([0x82, both[0], both[1]]),
    }
    out.extend(content);
    out
}

fn bits(content: &[u8]) -> Vec<u8> {
    der(BIT_STRING, &[&[0], content])
}

pub(crate) fn self_signed() -> SelfSigned {
    signed_for([127, 0, 0, 1], LATER)
}

/// Its time is over.
pub(crate) fn expired() -> SelfSigned {
    signed_for([127, 0, 0, 1], b"200201000000Z")
}

/// It is another server's.
pub(crate) fn of_another() -> SelfSigned {
    signed_for([127, 0, 0, 2], LATER)
}

const LATER: &[u8] = b"491231235959Z";

/// A certificate for this address until then (`YYMMDDhhmmssZ`).
fn signed_for(address: [u8; 4], until: &[u8]) -> SelfSigned {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref()).unwrap();
    let algorithm = der(SEQUENCE, &[&der(OID, &[&ECDSA_WITH_SHA256])]);
    let common_name = [der(OID, &[&COMMON_NAME]), der(UTF8_STRING, &[b"emulator"])].concat();
    let name = der(SEQUENCE, &[&der(SET, &[&der(SEQUENCE, &[&common_name])])]);
    let times = [der(UTC_TIME, &[b"200101000000Z"]), der(UTC_TIME, &[until])].concat();
    let key_kind = [der(OID, &[&EC_PUBLIC_KEY]), der(OID, &[&PRIME256V1])].concat();
    let public_key = bits(pair.public_key().as_ref());
    let address = der(SEQUENCE, &[&der(0x87, &[&address])]);
    let alt_name = [
        der(OID, &[&SUBJECT_ALT_NAME]),
        der(OCTET_STRING, &[&address]),
    ]
    .concat();
    let to_be_signed = der(
        SEQUENCE,
        &[
            &der(0xa0, &[&[0x02, 0x01, 0x02]]),
            &[0x02, 0x01, 0x01],
            &algorithm,
            &name,
            &der(SEQUENCE, &[&times]),
            &name,
            &der(SEQUENCE, &[&der(SEQUENCE, &[&key_kind]), &public_key]),
            &der(0xa3, &[&der(SEQUENCE, &[&der(SEQUENCE, &[&alt_name])])]),
        ],
    );
    let signature = pair.sign(&random, &to_be_signed).unwrap();
    let certificate = der(
        SEQUENCE,
        &[&to_be_signed, &algorithm, &bits(signature.as_ref())],
    );
    SelfSigned {
        certificate,
        key: key.as_ref().to_vec(),
    }
}
