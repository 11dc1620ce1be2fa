//! Signing in at a provider with a browser: the authorization code flow (OpenID Connect Core 1.0, 3.1) with PKCE (RFC 7636).
//!
//! What comes back is an identity token, which is held to the same as any token. No access token is kept, and no refresh token.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use url::{Url, form_urlencoded};

use super::claims::{self, ProviderIdentity};
use super::fetch::{self, Endpoints, FetchError};
use super::issuer::Issuer;
use super::token::Token;
use super::{Oidc, Refusal};

/// Longest code that is passed on, in bytes.
const MAX_CODE_BYTES: usize = 2048;

/// A sign-in that has begun, as its browser keeps it, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The provider's identifier.
    pub issuer: String,
    /// What the provider gives back with the code.
    pub state: String,
    nonce: String,
    verifier: String,
}

/// Why nobody is signed in. The browser learns no more than that it was not possible.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// Nobody signs in there.
    #[error("there is no such provider to sign in at")]
    Unknown,
    /// The provider can't be asked, or does not say where people sign in.
    #[error("the provider does not say where people sign in, or can't be asked")]
    Away,
    /// The code is none.
    #[error("the provider gave no code")]
    NoCode,
    /// It gave no token for the code.
    #[error("the code was not traded: {0}")]
    Trade(String),
    /// The token is not accepted.
    #[error("the identity token is refused: {0}")]
    Token(#[from] Refusal),
    /// It is of another sign-in.
    #[error("the identity token is of another sign-in")]
    Nonce,
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    Random,
}

impl From<FetchError> for CodeError {
    fn from(error: FetchError) -> Self {
        Self::Trade(error.to_string())
    }
}

/// What of the answer is read.
#[derive(Deserialize)]
struct Traded {
    id_token: String,
}

impl Oidc {
    /// Providers that people sign in at, by their numbers, with what people call them.
    pub fn to_sign_in_at(&self) -> impl Iterator<Item = (usize, String)> {
        let all = self.issuers.iter().enumerate();
        all.filter(|(_, issuer)| issuer.rules.client_id.is_some()).map(|(number, one)| (number, one.rules.label()))
    }

    /// Begins to sign somebody in: the address to send the browser to, which comes back to `back`.
    ///
    /// # Errors
    /// [`CodeError`].
    pub async fn begin(&self, number: usize, back: &str) -> Result<(Url, Begun), CodeError> {
        let issuer = self.issuers.get(number).ok_or(CodeError::Unknown)?;
        let client = issuer.rules.client_id.as_deref().ok_or(CodeError::Unknown)?;
        let Endpoints { mut authorization, .. } = issuer.sign_in(self.now()).await.ok_or(CodeError::Away)?;
        let begun =
            Begun { issuer: issuer.rules.issuer.clone(), state: random()?, nonce: random()?, verifier: random()? };
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, begun.verifier.as_bytes()));
        let scope = issuer.rules.scopes.join(" ");
        authorization.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", back),
            ("scope", scope.as_str()),
            ("state", begun.state.as_str()),
            ("nonce", begun.nonce.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        Ok((authorization, begun))
    }

    /// Trades a code for what the provider says of whoever signed in there. The caller has compared the state.
    ///
    /// # Errors
    /// [`CodeError`].
    pub async fn finish(&self, begun: &Begun, code: &str, back: &str) -> Result<ProviderIdentity, CodeError> {
        if code.is_empty() || code.len() > MAX_CODE_BYTES {
            return Err(CodeError::NoCode);
        }
        let issuer = self.issuer(&begun.issuer).ok_or(CodeError::Unknown)?;
        let client = issuer.rules.client_id.as_deref().ok_or(CodeError::Unknown)?;
        let endpoints = issuer.sign_in(self.now()).await.ok_or(CodeError::Away)?;
        let answer = fetch::asked(trade(issuer, &endpoints, client, (code, &begun.verifier, back)), &endpoints.token);
        // Its text may hold tokens, so an error of it is not passed on.
        let malformed = |_| CodeError::Trade("the answer holds no identity token".to_owned());
        let traded: Traded = serde_json::from_slice(&answer.await?).map_err(malformed)?;
        let identity = self.identified(issuer, client, &traded.id_token, &begun.nonce).await;
        match &identity {
            Ok(_) => self.note(None),
            Err(CodeError::Token(refusal)) => self.note(Some(refusal)),
            Err(_) => {}
        }
        identity
    }

    /// Holds an identity token to what Core 1.0, 3.1.3.7 asks for.
    async fn identified(
        &self,
        issuer: &std::sync::Arc<Issuer>,
        client: &str,
        text: &str,
        nonce: &str,
    ) -> Result<ProviderIdentity, CodeError> {
        let token = Token::parse(text)?;
        if token.claims["iss"] != issuer.rules.issuer.as_str() {
            return Err(Refusal::Issuer.into());
        }
        claims::check(&issuer.rules, &[client.to_owned()], &token.claims, self.now())?;
        let several = matches!(&token.claims["aud"], Value::Array(all) if all.len() > 1);
        let party = &token.claims["azp"];
        if (several || !party.is_null()) && party != client {
            return Err(Refusal::Audience.into());
        }
        issuer.verify(&token, self.now()).await?;
        let same: bool = token.claims["nonce"].as_str().unwrap_or_default().as_bytes().ct_eq(nonce.as_bytes()).into();
        if !same {
            return Err(CodeError::Nonce);
        }
        Ok(claims::identity(&issuer.rules, &token.claims)?)
    }
}

/// The request that trades a code (RFC 6749, 4.1.3), with the client's secret where it has one (2.3.1).
fn trade(
    issuer: &Issuer,
    endpoints: &Endpoints,
    client: &str,
    (code, verifier, back): (&str, &str, &str),
) -> reqwest::RequestBuilder {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code");
    form.append_pair("code", code).append_pair("redirect_uri", back).append_pair("code_verifier", verifier);
    let mut request = issuer.client.post(endpoints.token.clone());
    match &issuer.rules.client_secret {
        Some(secret) if endpoints.basic => {
            request = request.basic_auth(encoded(client), Some(encoded(secret.expose())));
        }
        Some(secret) => {
            form.append_pair("client_id", client).append_pair("client_secret", secret.expose());
        }
        None => {
            form.append_pair("client_id", client);
        }
    }
    let form_type = "application/x-www-form-urlencoded";
    request
        .header(reqwest::header::CONTENT_TYPE, form_type)
        .header(reqwest::header::ACCEPT, "application/json")
        .body(form.finish())
}

/// 256 random bits.
fn random() -> Result<String, CodeError> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|_| CodeError::Random)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random))
}
