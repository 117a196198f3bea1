//! A key of one person. What it sealed is gone for everybody once the key is: that is how a person is forgotten.

use crate::error::NotMade;
use crate::error::NotOpened;
use crate::key::Key;
use crate::key::Purpose;
use crate::ring::KeyRing;
use crate::seal::Context;
use crate::seal::Sealed;
use crate::secret::Secret;

/// One person's key. It is random and stored only wrapped, so that deleting what is stored destroys it; a key derived
/// from another could always be derived again.
#[derive(Debug)]
pub struct PersonKey(Key<Personal>);

impl PersonKey {
    pub fn random() -> Result<Self, NotMade> {
        Key::random().map(Self)
    }

    /// The key as it may be stored, for this person.
    pub fn wrap<P: Purpose>(&self, ring: &KeyRing<P>, person: &str) -> Result<Sealed, NotMade> {
        ring.seal(place(person), self.0.secret().expose())
    }

    pub fn unwrap<P: Purpose>(
        ring: &KeyRing<P>,
        person: &str,
        wrapped: &Sealed,
    ) -> Result<Self, NotOpened> {
        let bytes = ring.open(place(person), wrapped)?;
        let secret = bytes
            .expose()
            .as_slice()
            .try_into()
            .map_err(|_| NotOpened::Refused)?;
        let key = Key::from_secret(Secret::new(secret));
        key.map(Self).map_err(|_| NotOpened::Refused)
    }

    pub fn seal(&self, context: Context<'_>, value: &[u8]) -> Result<Sealed, NotMade> {
        self.0.seal(context, value)
    }

    pub fn open(
        &self,
        context: Context<'_>,
        sealed: &Sealed,
    ) -> Result<Secret<Vec<u8>>, NotOpened> {
        self.0.open(context, sealed)
    }
}

struct Personal;

impl Purpose for Personal {
    const LABEL: &'static str = "person";
}

fn place(person: &str) -> Context<'_> {
    Context {
        table: "person",
        row: person,
        column: "key",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct People;
    impl Purpose for People {
        const LABEL: &'static str = "people";
    }

    const PLACE: Context<'static> = Context {
        table: "letter",
        row: "17",
        column: "body",
    };

    #[test]
    fn security_a_person_is_forgotten_with_the_key() {
        let ring = KeyRing::<People>::new(Key::random().unwrap(), Vec::new());
        let (anna, ben) = (PersonKey::random().unwrap(), PersonKey::random().unwrap());
        let wrapped = anna.wrap(&ring, "11").unwrap();
        let sealed = anna.seal(PLACE, b"Dear Anna").unwrap();
        drop(anna);
        let back = PersonKey::unwrap(&ring, "11", &wrapped).unwrap();
        assert_eq!(back.open(PLACE, &sealed).unwrap().expose(), b"Dear Anna");
        assert!(PersonKey::unwrap(&ring, "22", &wrapped).is_err());
        // Without what was stored nothing is left that opens it: neither the ring's key nor anybody else's.
        drop(wrapped);
        assert!(ben.open(PLACE, &sealed).is_err());
        assert!(ring.open(PLACE, &sealed).is_err());
    }
}
