//! The keys of an identity provider (JWK, RFC 7517), and the four ways of signing that are believed (JWA, RFC 7518; EdDSA,
//! RFC 8037). There is no code for `none` or for a shared secret, so no token can ask for them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::Refusal;

/// Most keys of a provider that are read.
const MAX_KEYS: usize = 64;
/// Length of an RSA key: 2048 to 8192 bits.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// Longest name of a key, in bytes.
const MAX_KID_BYTES: usize = 256;

/// A way of signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; keys of 2048 to 8192 bits.
    RS256,
    /// RSASSA-PSS with SHA-256; keys of 2048 to 8192 bits.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl Algorithm {
    /// Every one that is believed.
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// Reads `alg` of a header; names are case-sensitive.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::RS256),
            "PS256" => Some(Self::PS256),
            "ES256" => Some(Self::ES256),
            // RFC 9864 gives it a name that includes the curve.
            "EdDSA" | "Ed25519" => Some(Self::EdDSA),
            _ => None,
        }
    }
}

/// What a provider publishes at its `jwks_uri`.
#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// A key, for one way of signing. An RSA key that does not say which one it is for is there twice.
struct Key {
    kid: String,
    algorithm: Algorithm,
    public: ParsedPublicKey,
}

/// The keys that a provider published last.
pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    /// Reads a document. Keys that are not for signing, not of a known kind or without a name are left out, as RFC 7517
    /// asks.
    pub(super) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(json)?;
        let keys = document.keys.into_iter().take(MAX_KEYS);
        Ok(Self(keys.filter_map(|key| serde_json::from_value(key).ok()).flat_map(|key| usable(&key)).collect()))
    }

    /// How many keys there are, for the log.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is a key of that name.
    pub(super) fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid == kid)
    }

    /// Whether the key of that name made the signature in that way.
    pub(super) fn verify(
        &self,
        (kid, algorithm): (&str, Algorithm),
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Refusal> {
        let mut named = self.0.iter().filter(|key| key.kid == kid).peekable();
        if named.peek().is_none() {
            return Err(Refusal::UnknownKey);
        }
        // Two keys of one name are the provider's mistake; either is its key.
        let mut fitting = named.filter(|key| key.algorithm == algorithm).peekable();
        if fitting.peek().is_none() {
            return Err(Refusal::Algorithm);
        }
        let made = fitting.any(|key| key.public.verify_sig(message, signature).is_ok());
        made.then_some(()).ok_or(Refusal::Signature)
    }
}

fn usable(jwk: &Jwk) -> Vec<Key> {
    let Some(kid) = jwk.kid.as_ref().filter(|kid| !kid.is_empty() && kid.len() <= MAX_KID_BYTES) else {
        return Vec::new();
    };
    let signs = jwk.purpose.as_ref().is_none_or(|purpose| purpose == "sig");
    let verifies = jwk.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"));
    if !signs || !verifies {
        return Vec::new();
    }
    let fits = |algorithm: &Algorithm| jwk.alg.as_deref().is_none_or(|name| Algorithm::parse(name) == Some(*algorithm));
    let key = |algorithm: Algorithm| Some(Key { kid: kid.clone(), algorithm, public: public(jwk, algorithm)? });
    Algorithm::ALL.into_iter().filter(fits).filter_map(key).collect()
}

/// The key for one way of signing, if it is of that kind.
fn public(jwk: &Jwk, algorithm: Algorithm) -> Option<ParsedPublicKey> {
    let curve = jwk.crv.as_deref();
    match (algorithm, jwk.kty.as_str(), curve) {
        (Algorithm::RS256, "RSA", _) => rsa(jwk, &RSA_PKCS1_2048_8192_SHA256),
        (Algorithm::PS256, "RSA", _) => rsa(jwk, &RSA_PSS_2048_8192_SHA256),
        (Algorithm::ES256, "EC", Some("P-256")) => {
            // An uncompressed point (SEC 1, 2.3.3).
            let point = [vec![4], of_length(jwk.x.as_deref(), 32)?, of_length(jwk.y.as_deref(), 32)?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).parse().ok()
        }
        (Algorithm::EdDSA, "OKP", Some("Ed25519")) => {
            UnparsedPublicKey::new(&ED25519, of_length(jwk.x.as_deref(), 32)?).parse().ok()
        }
        _ => None,
    }
}

fn rsa(jwk: &Jwk, how: &'static RsaParameters) -> Option<ParsedPublicKey> {
    let n = decoded(jwk.n.as_deref()).filter(|n| RSA_BYTES.contains(&n.len()))?;
    let components = RsaPublicKeyComponents { n, e: decoded(jwk.e.as_deref())? };
    components.to_parsed_public_key(how).ok()
}

fn of_length(text: Option<&str>, bytes: usize) -> Option<Vec<u8>> {
    decoded(text).filter(|decoded| decoded.len() == bytes)
}

fn decoded(text: Option<&str>) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 8037, appendix A: a key, and a signature by it.
    const ED25519_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const MESSAGE: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    const SIGNATURE: &str = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn set(keys: &serde_json::Value) -> KeySet {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn try_with(keys: &serde_json::Value, algorithm: Algorithm) -> Result<(), Refusal> {
        let signature = BASE64_URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
        set(keys).verify(("k", algorithm), MESSAGE.as_bytes(), &signature)
    }

    /// P11: a key does what it is for, and nothing else.
    #[test]
    fn a_key_verifies_as_it_says() {
        let good = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": ED25519_X });
        let with = |field: &str, value: serde_json::Value| {
            let mut key = good.clone();
            key[field] = value;
            json!([key])
        };
        assert_eq!(try_with(&json!([good]), Algorithm::EdDSA), Ok(()));
        assert_eq!(try_with(&with("alg", json!("EdDSA")), Algorithm::EdDSA), Ok(()));
        assert_eq!(try_with(&with("key_ops", json!(["verify"])), Algorithm::EdDSA), Ok(()));
        assert_eq!(try_with(&json!([good]), Algorithm::ES256), Err(Refusal::Algorithm));
        for (field, value) in [
            ("alg", json!("ES256")),
            ("use", json!("enc")),
            ("key_ops", json!(["encrypt"])),
            ("kid", json!("other")),
            ("crv", json!("Ed448")),
            ("kty", json!("oct")),
            ("x", json!("AAAA")),
        ] {
            assert_eq!(try_with(&with(field, value), Algorithm::EdDSA), Err(Refusal::UnknownKey), "{field}");
        }
        let other = with("x", json!("PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"));
        assert_eq!(try_with(&other, Algorithm::EdDSA), Err(Refusal::Signature));
    }

    #[test]
    fn what_is_no_key_is_left_out_and_what_is_no_set_is_refused() {
        let weak = BASE64_URL_SAFE_NO_PAD.encode([0xff_u8; 128]);
        let keys = json!([
            3,
            { "kty": "RSA", "kid": "weak", "n": weak, "e": "AQAB" },
            { "kty": "oct", "kid": "shared", "k": "AAAA", "alg": "HS256" },
            { "kty": "OKP", "crv": "Ed25519", "x": ED25519_X },
            { "kty": "RSA", "kid": "p", "n": BASE64_URL_SAFE_NO_PAD.encode([0xff_u8; 256]), "e": "AQAB" },
        ]);
        let set = set(&keys);
        // RS256 and PS256: it does not say which.
        assert!(set.has("p") && set.len() == 2);
        assert!(KeySet::read(b"[]").is_err() && KeySet::read(b"{").is_err());
    }
}
