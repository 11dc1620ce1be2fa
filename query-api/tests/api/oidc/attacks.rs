//! What people try with real tokens.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::provider::{Moved, Provider};
use super::{ACME, status};
use crate::support::with_providers;

/// A token's header, claims and signature.
struct Parts(Value, Value, String);

fn taken_apart(token: &str) -> Parts {
    let [header, claims, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let read = |part: &str| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    Parts(read(header), read(claims), signature.to_owned())
}

fn signed_part(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn put_together(Parts(header, claims, signature): &Parts) -> String {
    format!("{}.{signature}", signed_part(header, claims))
}

/// The token, as if another provider had issued it.
pub(super) fn renamed(token: &str, issuer: &str) -> String {
    let mut parts = taken_apart(token);
    parts.1["iss"] = issuer.into();
    put_together(&parts)
}

fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = signed_part(header, claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The public key as people find it: PEM of its SubjectPublicKeyInfo (RFC 5280) for a modulus of 2048 bits.
fn pem(key: &Value) -> String {
    const HEAD: &str = "30820122300d06092a864886f70d01010105000382010f003082010a0282010100";
    let digit = |at: usize| u8::from_str_radix(&HEAD[at..at + 2], 16).unwrap();
    let modulus = BASE64_URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap();
    let der: Vec<u8> = [(0..HEAD.len()).step_by(2).map(digit).collect(), modulus, vec![2, 3, 1, 0, 1]].concat();
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

/// P11: none of these gets in, and none learns more than a wrong key does.
#[test]
fn forgeries_are_refused() {
    let (provider, evil) = (Provider::start(), Provider::start());
    with_providers("oidc_attacks", vec![provider.believed(ACME)], Moved::default().clock(), async |world| {
        world.tenant("acme", |_| {}).await;
        let token = provider.token("jana", "").await;
        assert_eq!(status(&world, &token).await, 200);
        let keys = provider.get("/jwks").await["keys"].clone();
        let rsa = keys.as_array().unwrap().iter().find(|key| key["kty"] == "RSA").unwrap();
        let ec = keys.as_array().unwrap().iter().find(|key| key["kty"] == "EC").unwrap();
        let with = |change: &dyn Fn(&mut Parts)| {
            let mut parts = taken_apart(&token);
            change(&mut parts);
            put_together(&parts)
        };
        let Parts(header, claims, signature) = taken_apart(&token);
        let shared = |secret: &[u8]| {
            let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": header["kid"] });
            hs256(&header, &claims, secret)
        };
        let evil_keys = evil.get("/jwks").await["keys"].clone();
        let evil_token = renamed(&evil.token("boss", "").await, &provider.issuer());
        let forged = |extra: Value| {
            let mut parts = taken_apart(&evil_token);
            parts.0["kid"] = header["kid"].clone();
            parts.0.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            put_together(&parts)
        };
        let attacks = [
            ("no algorithm", with(&|parts| (parts.0["alg"], parts.2) = (json!("none"), String::new()))),
            ("no algorithm, shouted", with(&|parts| (parts.0["alg"], parts.2) = (json!("NONE"), String::new()))),
            ("no algorithm, but a signature", with(&|parts| parts.0["alg"] = json!("none"))),
            ("no signature", with(&|parts| parts.2.clear())),
            ("the public key as a secret", shared(pem(rsa).as_bytes())),
            ("the public key without its last line end", shared(pem(rsa).trim_end().as_bytes())),
            ("the key's document as a secret", shared(rsa.to_string().as_bytes())),
            ("the modulus as a secret", shared(&BASE64_URL_SAFE_NO_PAD.decode(rsa["n"].as_str().unwrap()).unwrap())),
            ("an empty secret", shared(b"")),
            ("another role", with(&|parts| parts.1["realm"]["roles"] = json!(["run"]))),
            ("another person", with(&|parts| parts.1["sub"] = json!("boss"))),
            ("a longer life", with(&|parts| parts.1["exp"] = json!(99_999_999_999_i64))),
            ("another way of signing", with(&|parts| parts.0["alg"] = json!("PS256"))),
            ("a way that the key is not for", with(&|parts| parts.0["alg"] = json!("ES256"))),
            ("another key of the provider", with(&|parts| parts.0["kid"] = ec["kid"].clone())),
            ("a key of no name", with(&|parts| drop(parts.0.as_object_mut().unwrap().remove("kid")))),
            ("a key like a path", with(&|parts| parts.0["kid"] = json!("../../../../dev/null"))),
            ("another provider's signature", evil_token.clone()),
            ("another provider's, under a known key's name", forged(json!({}))),
            ("a key of its own", forged(json!({ "jwk": evil_keys[0] }))),
            ("keys of its own", forged(json!({ "jku": format!("{}/jwks", evil.issuer()) }))),
            ("something critical", with(&|parts| parts.0["crit"] = json!(["exp"]))),
            ("for log-out", with(&|parts| parts.0["typ"] = json!("logout+jwt"))),
            ("two signatures", format!("{token}.{signature}")),
            ("white space inside", token.replace('.', ". ")),
            ("a zero signature", with(&|parts| parts.2 = BASE64_URL_SAFE_NO_PAD.encode([0; 64]))),
            ("too long", format!("{token}{}", "A".repeat(8192))),
            ("nothing like a token", "eyJ".to_owned()),
        ];
        let expected = world.get("/v1/catalogue", "ut_aaaaaaaaaaaa_wrong").await.json;
        for (what, forged) in attacks {
            let answer = world.get("/v1/catalogue", &forged).await;
            assert_eq!((answer.status, &answer.json), (401, &expected), "{what}");
            assert!(answer.headers.contains_key("www-authenticate"), "{what}");
        }
        assert_eq!(status(&world, &token).await, 200);
    });
}
