//! All keys of one purpose: the newest seals, every one of them opens.

use crate::error::NotMade;
use crate::error::NotOpened;
use crate::key::Key;
use crate::key::KeyId;
use crate::key::Purpose;
use crate::seal::Context;
use crate::seal::Sealed;
use crate::secret::Secret;

/// The keys of one purpose that are not retired. There is always one to seal with.
#[derive(Debug)]
pub struct KeyRing<P: Purpose> {
    newest: Key<P>,
    older: Vec<Key<P>>,
}

impl<P: Purpose> KeyRing<P> {
    #[must_use]
    pub const fn new(newest: Key<P>, older: Vec<Key<P>>) -> Self {
        Self { newest, older }
    }

    /// The key that seals.
    #[must_use]
    pub const fn newest(&self) -> &Key<P> {
        &self.newest
    }

    pub fn seal(&self, context: Context<'_>, value: &[u8]) -> Result<Sealed, NotMade> {
        self.newest.seal(context, value)
    }

    /// Opens with the key that the value was sealed with.
    pub fn open(
        &self,
        context: Context<'_>,
        sealed: &Sealed,
    ) -> Result<Secret<Vec<u8>>, NotOpened> {
        let id = sealed.key().ok_or(NotOpened::Refused)?;
        let key = self.key(id).ok_or(NotOpened::UnknownKey(id))?;
        key.open(context, sealed)
    }

    fn key(&self, id: KeyId) -> Option<&Key<P>> {
        std::iter::once(&self.newest)
            .chain(&self.older)
            .find(|key| key.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Post;
    impl Purpose for Post {
        const LABEL: &'static str = "post";
    }

    const PLACE: Context<'static> = Context {
        table: "letter",
        row: "17",
        column: "body",
    };

    #[test]
    fn security_a_retired_key_opens_nothing_any_more() {
        let old = Key::random().unwrap();
        let id = old.id();
        let sealed = old.seal(PLACE, b"Dear Anna").unwrap();
        let ring = KeyRing::<Post>::new(Key::random().unwrap(), vec![old]);
        assert_eq!(ring.open(PLACE, &sealed).unwrap().expose(), b"Dear Anna");
        assert_eq!(
            ring.seal(PLACE, b"").unwrap().key(),
            Some(ring.newest().id())
        );
        let without = KeyRing::new(ring.newest, Vec::new());
        let refused = without.open(PLACE, &sealed).unwrap_err();
        assert_eq!(refused, NotOpened::UnknownKey(id));
    }
}
