//! What handlers take out of a request: ids of its path, its query string, and the tenant that it reads. What can't be had is
//! answered with the problem before the handler runs.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, Path};
use axum::http::request::Parts;
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::decode::MAX_NAME_BYTES;
use schemas::settings::Tenant;
use serde::de::DeserializeOwned;

use crate::http::caller::Caller;
use crate::http::params::Params;

/// What the path names, by ids as they are kept.
pub struct InPath<T>(pub T);

/// One id or several.
pub trait Ids {
    /// As they are kept; nothing if one is blank.
    fn kept(self) -> Option<Self>
    where
        Self: Sized;
}

impl Ids for String {
    fn kept(self) -> Option<Self> {
        Some(schemas::ids::kept(&self).to_owned()).filter(|id| !id.is_empty())
    }
}

impl Ids for (String, String) {
    fn kept(self) -> Option<Self> {
        Some((self.0.kept()?, self.1.kept()?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Ids + Send> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(ids)) => ids.kept().map(Self).ok_or_else(|| Problem::bad_request("invalid_path", "an id is blank")),
            Err(rejection) => Err(Problem::bad_request("invalid_path", rejection.body_text())),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let unseen = || Problem::internal("a handler was reached by a request that the guard has not seen");
        parts.extensions.get::<Self>().cloned().ok_or_else(unseen)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::parse(parts.uri.query())?)
    }
}

/// Refuses a query string that has any parameter.
pub struct NoParameters;

impl<S: Send + Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Params::parse(parts.uri.query())?.finish()?;
        Ok(Self)
    }
}

/// The tenant that a read is about, where the query string says nothing else.
pub struct ReadTenant(pub Arc<Tenant>);

impl<S: Send + Sync> FromRequestParts<S> for ReadTenant
where
    Settings: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let mut params = Params::from_request_parts(parts, state).await?;
        let tenant = caller.read_tenant(&Settings::from_ref(state), &mut params)?;
        params.finish()?;
        Ok(Self(tenant))
    }
}

/// An id in a path: as in events, where it may hold any character.
pub(crate) fn id(text: String) -> Result<String, Problem> {
    if text.len() > MAX_NAME_BYTES {
        let detail = format!("an id has at most {MAX_NAME_BYTES} bytes");
        return Err(Problem::bad_request("invalid_path", detail));
    }
    Ok(text)
}

/// Reads the id, in a path, of something that is to be changed. It is one that events may have, since the event of the change has to
/// name it.
pub(crate) fn written_id(text: String) -> Result<String, Problem> {
    if let Some(why) = schemas::ids::nonsense(&text) {
        return Err(Problem::bad_request("invalid_path", format!("the id names nothing: {why}")));
    }
    id(text)
}
