//! Texts that only this installation can read and make: sealed with AES-256-GCM under keys that the operator gives.
//!
//! The first key seals, every key opens, so keys are changed without anybody noticing: the new one is put first, the old one
//! is taken away once nothing is left that it sealed. What a text is for is sealed with it; opened for anything else, it is
//! none.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::config::Secret;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Most keys at the same time.
pub(crate) const MAX_KEYS: usize = 16;

/// Why there are no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A text is no key.
    #[error("a key that seals has {} hexadecimal digits", 2 * KEY_BYTES)]
    NoKey,
    /// The system has no random numbers, or there is no memory.
    #[error("nothing can be sealed")]
    Failed,
}

/// The keys of an installation. Clones share them.
#[derive(Clone)]
pub struct SealKeys(Arc<[RandomizedNonceKey]>);

impl std::fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealKeys({})", self.0.len())
    }
}

impl SealKeys {
    /// Keys by their texts; where there is none, one that ends with the process.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn new(texts: &[Secret]) -> Result<Self, SealError> {
        let mut keys = Vec::new();
        for text in texts {
            keys.push(key(&bytes(text.expose()).ok_or(SealError::NoKey)?)?);
        }
        if keys.is_empty() {
            keys.push(key(&random()?)?);
        }
        Ok(Self(keys.into()))
    }

    /// Seals a text for one purpose.
    ///
    /// # Errors
    /// [`SealError::Failed`].
    pub fn seal(&self, purpose: &str, text: &[u8]) -> Result<String, SealError> {
        let key = self.0.first().ok_or(SealError::Failed)?;
        let mut sealed = text.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(purpose), &mut sealed).map_err(|_| SealError::Failed)?;
        let whole = [nonce.as_ref().as_slice(), &sealed].concat();
        Ok(BASE64_URL_SAFE_NO_PAD.encode(whole))
    }

    /// What was sealed for this purpose; nothing for whatever else was sent.
    #[must_use]
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let whole = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = whole.split_first_chunk::<NONCE_LEN>()?;
        self.0.iter().find_map(|key| {
            let mut text = sealed.to_vec();
            let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(purpose), &mut text).ok()?;
            Some(opened.to_vec())
        })
    }
}

/// A new key's text.
///
/// # Errors
/// [`SealError::Failed`].
pub fn new_key() -> Result<Secret, SealError> {
    Ok(Secret::new(schemas::settings::hex(&random()?)))
}

/// Whether a text is a key.
pub(crate) fn is_key(text: &Secret) -> bool {
    bytes(text.expose()).is_some()
}

fn random() -> Result<[u8; KEY_BYTES], SealError> {
    let mut random = [0; KEY_BYTES];
    getrandom::fill(&mut random).map_err(|_| SealError::Failed)?;
    Ok(random)
}

fn key(bytes: &[u8; KEY_BYTES]) -> Result<RandomizedNonceKey, SealError> {
    RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::Failed)
}

fn bytes(text: &str) -> Option<[u8; KEY_BYTES]> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    if digits.len() == 2 * KEY_BYTES { bytes.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(texts: &[&str]) -> SealKeys {
        SealKeys::new(&texts.iter().map(|text| Secret::new(*text)).collect::<Vec<_>>()).unwrap()
    }

    fn text(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        for bad in ["", "ab", &"g".repeat(64), &"a".repeat(63), &"a".repeat(66), &"á".repeat(32)] {
            assert!(!is_key(&Secret::new(bad)), "{bad}");
            assert_eq!(SealKeys::new(&[Secret::new(bad)]).unwrap_err(), SealError::NoKey);
        }
        let made = new_key().unwrap();
        assert!(is_key(&made) && made != new_key().unwrap());
        assert!(!format!("{:?}", keys(&[&text('a')])).contains("aaaa"));
    }

    /// C2: keys are changed without anybody noticing; a key that is gone opens nothing.
    #[test]
    fn keys_rotate() {
        let (a, b) = (text('a'), text('b'));
        let old = keys(&[&a]).seal("p", b"text").unwrap();
        let both = keys(&[&b, &a]);
        assert_eq!(both.open("p", &old).as_deref(), Some(&b"text"[..]));
        let new = both.seal("p", b"text").unwrap();
        assert_eq!(keys(&[&b]).open("p", &new).as_deref(), Some(&b"text"[..]));
        assert_eq!(keys(&[&b]).open("p", &old), None);
        assert_eq!(keys(&[&a]).open("p", &new), None);
        // Keys of their own, where none is given.
        assert_eq!(keys(&[]).open("p", &keys(&[]).seal("p", b"text").unwrap()), None);
    }

    proptest! {
        /// C2: what was sealed is opened for its purpose alone, and looks each time like another text.
        #[test]
        fn what_is_sealed_is_opened(content in proptest::collection::vec(any::<u8>(), 0..300), purpose in "[a-z]{1,9}") {
            let keys = keys(&[&text('a')]);
            let sealed = keys.seal(&purpose, &content).unwrap();
            prop_assert_eq!(keys.open(&purpose, &sealed), Some(content.clone()));
            prop_assert_eq!(keys.open(&format!("{purpose}x"), &sealed), None);
            prop_assert!(sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
            prop_assert_ne!(keys.seal(&purpose, &content).unwrap(), sealed);
        }

        /// C2: one bit that is changed, a piece that is missing, anything else: none of it opens.
        #[test]
        fn what_is_tampered_with_is_none(content in ".{0,60}", bit in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>()) {
            let keys = keys(&[&text('a')]);
            let sealed = keys.seal("p", content.as_bytes()).unwrap();
            let mut whole = BASE64_URL_SAFE_NO_PAD.decode(&sealed).unwrap();
            let bit = bit.index(whole.len() * 8);
            whole[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(keys.open("p", &BASE64_URL_SAFE_NO_PAD.encode(&whole)), None);
            prop_assert_eq!(keys.open("p", &sealed[..cut.index(sealed.len())]), None);
            prop_assert_eq!(keys.open("p", &format!("{sealed}AAAA")), None);
            prop_assert_eq!(keys.open("p", &content), None);
        }
    }
}
