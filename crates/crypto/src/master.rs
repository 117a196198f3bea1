//! The master key: the one that lies apart from the data and wraps all other keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::NotMade;
use crate::error::NotOpened;
use crate::key::Key;
use crate::key::KeyId;
use crate::key::Purpose;
use crate::seal::Context;
use crate::seal::Sealed;
use crate::secret::Secret;

/// Wraps keys and does nothing else.
#[derive(Debug)]
pub struct MasterKey(Key<Wrapping>);

/// Why a text is no master key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadKeyText {
    #[error("it does not begin with the line of a key file")]
    Header,
    #[error("it is incomplete or was changed")]
    Damaged,
}

impl MasterKey {
    pub fn random() -> Result<Self, NotMade> {
        Key::random().map(Self)
    }

    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.0.id()
    }

    /// The key as it stands in a file: a line that says what it is, the key, its id. The id is derived from the key, so
    /// it also tells whether the file is whole.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        let key = Zeroizing::new(STANDARD.encode(self.0.secret().expose()));
        Secret::new(format!("{HEADER}\n{}\nid {}\n", *key, self.id()))
    }

    /// Reads what `to_text` wrote.
    pub fn from_text(text: &str) -> Result<Self, BadKeyText> {
        let body = text.strip_prefix(HEADER).ok_or(BadKeyText::Header)?;
        let mut lines = body.strip_prefix('\n').unwrap_or_default().split('\n');
        let (Some(key), Some(id), Some(""), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(BadKeyText::Damaged);
        };
        let bytes = STANDARD.decode(key).map_err(|_| BadKeyText::Damaged)?;
        let bytes = Zeroizing::new(bytes);
        let secret = bytes
            .as_slice()
            .try_into()
            .map_err(|_| BadKeyText::Damaged)?;
        let key = Key::from_secret(Secret::new(secret)).map_err(|_| BadKeyText::Damaged)?;
        let whole = id.strip_prefix("id ") == Some(&key.id().to_string());
        whole.then_some(Self(key)).ok_or(BadKeyText::Damaged)
    }

    /// A key in the only form in which it may be stored.
    pub fn wrap<P: Purpose>(&self, key: &Key<P>) -> Result<Sealed, NotMade> {
        let row = key.id().to_string();
        self.0.seal(place::<P>(&row), key.secret().expose())
    }

    /// Takes back the key of this id and purpose.
    pub fn unwrap<P: Purpose>(&self, id: KeyId, wrapped: &Sealed) -> Result<Key<P>, NotOpened> {
        let row = id.to_string();
        let bytes = self.0.open(place::<P>(&row), wrapped)?;
        let secret = bytes
            .expose()
            .as_slice()
            .try_into()
            .map_err(|_| NotOpened::Refused)?;
        let key = Key::from_secret(Secret::new(secret)).map_err(|_| NotOpened::Refused)?;
        (key.id() == id).then_some(key).ok_or(NotOpened::Refused)
    }
}

const HEADER: &str =
    "cctelegram key file, version 1. Keep it secret, apart from the data, with a copy elsewhere.";

struct Wrapping;

impl Purpose for Wrapping {
    const LABEL: &'static str = "master";
}

fn place<P: Purpose>(row: &str) -> Context<'_> {
    Context {
        table: "key",
        row,
        column: P::LABEL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Post;
    impl Purpose for Post {
        const LABEL: &'static str = "post";
    }

    struct Parcels;
    impl Purpose for Parcels {
        const LABEL: &'static str = "parcels";
    }

    #[test]
    fn a_key_file_is_read_back_as_it_was_written() {
        let master = MasterKey::random().unwrap();
        let text = master.to_text();
        assert_eq!(text.expose().lines().count(), 3);
        assert_eq!(
            MasterKey::from_text(text.expose()).unwrap().id(),
            master.id()
        );
    }

    #[test]
    fn security_a_torn_or_changed_key_file_is_found() {
        let text = MasterKey::random().unwrap().to_text();
        let text = text.expose();
        for length in 0..text.len() {
            assert!(
                MasterKey::from_text(&text[..length]).is_err(),
                "{length} bytes"
            );
        }
        let key_at = HEADER.len() + 1;
        for at in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            let expected = if at + 1 < key_at {
                BadKeyText::Header
            } else {
                BadKeyText::Damaged
            };
            assert_eq!(
                MasterKey::from_text(&changed).unwrap_err(),
                expected,
                "byte {at}"
            );
        }
        assert!(MasterKey::from_text(&format!("{text}\n")).is_err());
    }

    #[test]
    fn security_a_wrapped_key_comes_back_for_its_id_and_purpose_only() {
        let master = MasterKey::random().unwrap();
        let key = Key::<Post>::random().unwrap();
        let wrapped = master.wrap(&key).unwrap();
        let id = key.id();
        assert_eq!(master.unwrap::<Post>(id, &wrapped).unwrap().id(), id);
        assert!(master.unwrap::<Parcels>(id, &wrapped).is_err());
        let other = Key::<Post>::random().unwrap().id();
        assert!(master.unwrap::<Post>(other, &wrapped).is_err());
        let stranger = MasterKey::random().unwrap();
        let refused = stranger.unwrap::<Post>(id, &wrapped).unwrap_err();
        assert_eq!(refused, NotOpened::UnknownKey(master.id()));
        assert!(
            !wrapped
                .as_bytes()
                .windows(32)
                .any(|window| window == key.secret().expose())
        );
    }
}
