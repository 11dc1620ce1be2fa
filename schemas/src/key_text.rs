//! The text of an API key: `ut_<id>_<secret>`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const PREFIX: &str = "ut_";
const ID_CHARS: usize = 12;
const SECRET_BYTES: usize = 32;
const SECRET_CHARS: usize = 43;
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Shortest text of an operator's own making, in bytes.
const MIN_FREE_TEXT: usize = 16;
/// Longest text looked at, in bytes.
const MAX_TEXT: usize = 512;

/// The text of an API key, taken apart. `Debug` shows the id alone.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText {
    id: String,
    secret: String,
}

impl KeyText {
    /// A new key from 40 random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; 40]) -> Self {
        let (id, secret) = random.split_at(40 - SECRET_BYTES);
        Self { id: id_of(id), secret: URL_SAFE_NO_PAD.encode(secret) }
    }

    /// Reads `ut_<id>_<secret>`.
    ///
    /// Any other text of 16 to 512 bytes without blanks is a key as well, for operators who choose the administrator's
    /// key themselves: its id is made of its hash, and all of it is the secret.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((id, secret)) = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_'))
            && Self::is_id(id)
            && secret.len() == SECRET_CHARS
        {
            return Some(Self { id: id.to_owned(), secret: secret.to_owned() });
        }
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || !(MIN_FREE_TEXT..=MAX_TEXT).contains(&text.len()) {
            return None;
        }
        let digest = Sha256::new().chain_update(b"usertrail key id\0").chain_update(text).finalize();
        Some(Self { id: id_of(&digest), secret: text.to_owned() })
    }

    /// Whether `id` has the form of a key's id.
    #[must_use]
    pub fn is_id(id: &str) -> bool {
        id.len() == ID_CHARS && id.bytes().all(|byte| BASE32.contains(&byte))
    }

    /// The public part, fit for logs.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Hex SHA-256 of the secret. A fast hash is enough: the secret has 256 random bits.
    #[must_use]
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.secret.as_bytes()))
    }

    /// The whole text, to be shown once.
    #[must_use]
    pub fn expose(&self) -> String {
        if self.secret.len() == SECRET_CHARS && self.is_own_form() {
            format!("{PREFIX}{}_{}", self.id, self.secret)
        } else {
            self.secret.clone()
        }
    }

    /// A key of free text whose secret happens to have our secret's length must not be taken for one of our form.
    fn is_own_form(&self) -> bool {
        Self::parse(&self.secret).is_none_or(|free| free.id != self.id)
    }
}

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyText").field("id", &self.id).finish_non_exhaustive()
    }
}

/// 12 characters of 5 bits from the first 8 bytes.
fn id_of(bytes: &[u8]) -> String {
    let number = bytes.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (0..ID_CHARS).map(|at| char::from(BASE32[(number >> (5 * at) & 31) as usize])).collect()
}

/// Lower-case hexadecimal digits of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_key_is_read_back() {
        let mut random = [0_u8; 40];
        for (at, byte) in random.iter_mut().enumerate() {
            *byte = u8::try_from(at * 7 % 256).unwrap();
        }
        let made = KeyText::from_random(&random);
        let text = made.expose();
        assert_eq!(text.len(), 3 + 12 + 1 + 43);
        assert_eq!(KeyText::parse(&text), Some(made.clone()));
        assert!(!format!("{made:?}").contains(&made.secret));
    }

    #[test]
    fn an_operators_own_text_is_a_key_too() {
        for text in ["correct-horse-battery", &"x".repeat(43), &"y".repeat(512)] {
            let key = KeyText::parse(text).unwrap();
            assert!(KeyText::is_id(key.id()));
            assert_eq!(key.expose(), text);
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in ["", "short", "has a blank in the middle", "тайный-тайный-ключ", &"z".repeat(513)] {
            assert_eq!(KeyText::parse(text), None, "{text}");
        }
    }
}
