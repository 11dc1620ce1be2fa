//! Signatures of Standard Webhooks: HMAC-SHA256 of `{id}.{timestamp}.{body}`, one for each secret that is valid.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use schemas::alerts::SECRET_PREFIX;
use sha2::Sha256;

/// A secret that can't sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadSecret;

/// The value of `webhook-signature`; `timestamp` is in seconds since 1970.
pub(super) fn signatures(secrets: &[String], id: &str, timestamp: i64, body: &[u8]) -> Result<String, BadSecret> {
    let each: Result<Vec<String>, BadSecret> =
        secrets.iter().map(|secret| signature(secret, id, timestamp, body)).collect();
    each.map(|each| each.join(" "))
}

fn signature(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Result<String, BadSecret> {
    let key = secret.strip_prefix(SECRET_PREFIX).ok_or(BadSecret)?;
    let key = STANDARD.decode(key).map_err(|_| BadSecret)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| BadSecret)?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// P5: the vector of the Standard Webhooks libraries.
    #[test]
    fn the_vector_of_the_standard() {
        let signed =
            signatures(&[SECRET.to_owned()], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn each_secret_signs() {
        let other = format!("{SECRET_PREFIX}{}", STANDARD.encode([7; 24]));
        let both = signatures(&[SECRET.to_owned(), other.clone()], "id", 1, b"x").unwrap();
        let one = signatures(&[SECRET.to_owned()], "id", 1, b"x").unwrap();
        let two = signatures(&[other], "id", 1, b"x").unwrap();
        assert_eq!(both, format!("{one} {two}"));
        assert_eq!(signatures(&["whsec_***".to_owned()], "id", 1, b"x"), Err(BadSecret));
    }
}
