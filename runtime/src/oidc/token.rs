//! A signed token (JWS compact form, RFC 7515), taken apart but not yet believed.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::{Algorithm, Refusal};

/// Longest token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8192;

/// What of a header is read. Keys that a token brings along (`jwk`, `jku`, `x5c`) are not.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// A token's parts.
pub(super) struct Token<'a> {
    /// How it says that it is signed.
    pub(super) algorithm: Algorithm,
    /// By which key it says that it is.
    pub(super) kid: String,
    /// What is signed.
    pub(super) message: &'a [u8],
    /// The signature.
    pub(super) signature: Vec<u8>,
    /// A JSON object.
    pub(super) claims: Value,
}

impl<'a> Token<'a> {
    /// Takes a token apart. Nothing in it can be relied upon before its signature is verified.
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::Malformed);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(Refusal::Malformed)?;
        let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| Refusal::Malformed)?;
        let algorithm = Algorithm::parse(&header.alg).ok_or(Refusal::Algorithm)?;
        if !header.typ.as_deref().is_none_or(is_access) {
            return Err(Refusal::Type);
        }
        // What it says must be understood (RFC 7515, 4.1.11), and nothing of the kind is.
        if header.crit.is_some() {
            return Err(Refusal::Critical);
        }
        let claims: Value = serde_json::from_slice(&decoded(claims)?).map_err(|_| Refusal::Malformed)?;
        if !claims.is_object() {
            return Err(Refusal::Malformed);
        }
        let (message, signature) = (message.as_bytes(), decoded(signature)?);
        Ok(Self { algorithm, kid: header.kid.ok_or(Refusal::UnknownKey)?, message, signature, claims })
    }
}

/// `JWT` (RFC 7519) and `at+jwt` (RFC 9068), but not what is signed for something else: a log-out, a proof, an event.
fn is_access(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    matches!(kind.strip_prefix("application/").unwrap_or(&kind), "jwt" | "at+jwt")
}

/// Base64url as RFC 7515 has it: without padding, and in one way alone.
fn decoded(text: &str) -> Result<Vec<u8>, Refusal> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(header: &str, claims: &str) -> String {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.AAAA", part(header), part(claims))
    }

    fn refusal(text: &str) -> Option<Refusal> {
        Token::parse(text).err()
    }

    /// P11: everything that a header can ask for and must not get.
    #[test]
    fn the_header_decides_nothing() {
        assert_eq!(refusal(&token(r#"{"alg":"RS256","kid":"k","typ":"at+JWT"}"#, "{}")), None);
        assert_eq!(refusal(&token(r#"{"alg":"ES256","kid":"k"}"#, "{}")), None);
        for alg in ["none", "None", "", "HS256", "HS512", "RS384", "rs256", "ES256K", "Ed448", "RSA-OAEP"] {
            let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
            assert_eq!(refusal(&token(&header, "{}")), Some(Refusal::Algorithm), "{alg}");
        }
        for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", "JOSE", ""] {
            let header = format!(r#"{{"alg":"RS256","kid":"k","typ":"{typ}"}}"#);
            assert_eq!(refusal(&token(&header, "{}")), Some(Refusal::Type), "{typ}");
        }
        assert_eq!(refusal(&token(r#"{"alg":"RS256","kid":"k","crit":["b64"]}"#, "{}")), Some(Refusal::Critical));
        assert_eq!(refusal(&token(r#"{"alg":"RS256"}"#, "{}")), Some(Refusal::UnknownKey));
        assert_eq!(refusal(&token(r#"{"alg":"RS256","alg":"none","kid":"k"}"#, "{}")), Some(Refusal::Malformed));
    }

    #[test]
    fn what_has_not_the_form_is_refused() {
        let good = token(r#"{"alg":"RS256","kid":"k"}"#, "{}");
        let padded = good.replace("AAAA", "AAA=");
        let long = format!("{good}{}", "A".repeat(MAX_TOKEN_BYTES));
        let list = token(r#"{"alg":"RS256","kid":"k"}"#, "[]");
        for text in ["", "a", "a.b", "..", "a.b.c.d", &format!("{good}.AAAA"), &padded, &long, &list] {
            assert_eq!(refusal(text), Some(Refusal::Malformed), "{text:.40}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[A-Za-z0-9._-]{0,200}", header in ".{0,60}", claims in ".{0,60}") {
            let _ = Token::parse(&text);
            let _ = Token::parse(&token(&header, &claims));
        }
    }
}
