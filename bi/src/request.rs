//! A request of ClickHouse's HTTP interface: where its parts may be, and who sent it.

use axum::http::{HeaderMap, HeaderName, Uri, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::form_urlencoded;

use crate::refusal::Refusal;
use crate::rewrite;
use crate::settings::{self, SettingPolicy};
use crate::views::DATABASE;

/// Most parameters of a URL.
const MAX_PARAMETERS: usize = 1000;
/// Longest values of a statement's parameters together, in bytes: they go into a URL again.
const MAX_VALUES_BYTES: usize = 40 * 1024;
/// Longest id of a query that is sent back, in bytes.
const MAX_ID: usize = 128;

/// A request without its body.
#[derive(Default)]
pub(crate) struct Request {
    /// The `query` parameter.
    pub(crate) query: String,
    pub(crate) format: Option<String>,
    /// Values of `{name:Type}`.
    pub(crate) parameters: Vec<(String, String)>,
    /// Settings that go to the engine, perhaps bounded.
    pub(crate) settings: Vec<(String, String, SettingPolicy)>,
    pub(crate) query_id: Option<String>,
    /// The key, wherever it was.
    pub(crate) key: Option<String>,
    /// Conditions on views, by their names.
    pub(crate) filters: Vec<(String, String)>,
    /// The client's version of Native blocks; 0 for none.
    pub(crate) revision: u64,
    /// Whether the result is to be compressed blocks.
    pub(crate) compress: bool,
}

impl Request {
    pub(crate) fn parse(uri: &Uri, headers: &HeaderMap) -> Result<Self, Refusal> {
        let own = |name: &'static str| headers.get(HeaderName::from_static(name)).and_then(|value| value.to_str().ok());
        let plain = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !matches!(plain(header::CONTENT_ENCODING).trim(), "" | "identity") {
            return Err(Refusal::not_implemented("A compressed statement is not supported"));
        }
        if plain(header::CONTENT_TYPE).starts_with("multipart/") {
            return Err(Refusal::not_implemented("Forms and external data are not supported"));
        }
        let mut request = Self {
            format: own("x-clickhouse-format").map(str::to_owned),
            key: own("x-clickhouse-key").map(str::to_owned).or_else(|| authorization(headers)),
            ..Self::default()
        };
        database(own("x-clickhouse-database").unwrap_or_default())?;
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        for (at, (name, value)) in pairs.enumerate() {
            if at >= MAX_PARAMETERS {
                return Err(Refusal::bad_arguments("Too many parameters"));
            }
            request.parameter(&name, value.into_owned())?;
        }
        let bytes: usize = request.parameters.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_VALUES_BYTES {
            return Err(Refusal::too_large(format!("Parameters have more than {MAX_VALUES_BYTES} bytes")));
        }
        Ok(request)
    }

    fn parameter(&mut self, name: &str, value: String) -> Result<(), Refusal> {
        match name {
            "query" => self.query.push_str(&value),
            "database" => database(&value)?,
            "default_format" => self.format = Some(value),
            "query_id" => self.query_id = Some(value).filter(|id| id.len() <= MAX_ID),
            "additional_table_filters" => self.filters.extend(rewrite::pairs(&value)?),
            "client_protocol_version" => {
                let known = |_| Refusal::bad_arguments("client_protocol_version is a number");
                self.revision = value.parse().map_err(known)?;
            }
            "compress" => self.compress = settings::is_on(&value),
            "user" => {}
            "password" => self.key = self.key.take().or(Some(value)),
            name => match name.strip_prefix("param_") {
                Some(parameter) => self.parameters.push((parameter.to_owned(), value)),
                None => self.setting(name.to_owned(), value)?,
            },
        }
        Ok(())
    }

    /// Takes one setting, of the URL or of the statement.
    pub(crate) fn setting(&mut self, name: String, value: String) -> Result<(), Refusal> {
        match settings::wish(&name, &value)? {
            SettingPolicy::PassedOver => {}
            wish => self.settings.push((name, value, wish)),
        }
        Ok(())
    }
}

/// The only database; `default` is what clients name when none was configured.
fn database(name: &str) -> Result<(), Refusal> {
    match name {
        "" | "default" | DATABASE => Ok(()),
        _ => Err(Refusal::unknown_database(format!("There is no such database; the only one is {DATABASE}"))),
    }
}

/// The password of `Basic`, or the token of `Bearer`.
fn authorization(headers: &HeaderMap) -> Option<String> {
    if let Some(token) = runtime::principal::bearer(headers) {
        return Some(token.to_owned());
    }
    let (scheme, text) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(text.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    Some(String::from_utf8(decoded).ok()?.split_once(':')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn parse(uri: &str, headers: &[(&'static str, &str)]) -> Result<Request, Refusal> {
        let pairs = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Request::parse(&uri.parse().unwrap(), &pairs.collect::<HeaderMap<HeaderValue>>())
    }

    #[test]
    fn parts_are_found_where_clients_put_them() {
        let request = parse("/?query=SELECT+1&param_x=a%26b&database=usertrail&session_id=1&extremes=1", &[]).unwrap();
        assert_eq!((request.query.as_str(), request.parameters.len()), ("SELECT 1", 1));
        assert_eq!(request.settings, [("extremes".to_owned(), "1".to_owned(), SettingPolicy::Heeded)]);
        for bad in ["/?database=system", "/?role=admin", "/?decompress=1", "/?query=1&additional_table_filters={}"] {
            assert!(parse(&bad.replace(['{', '}'], "x"), &[]).is_err(), "{bad}");
        }
        assert!(parse("/", &[("x-clickhouse-database", "system")]).is_err());
        assert!(parse("/", &[("content-encoding", "gzip")]).is_err());
        assert!(parse("/", &[("content-type", "multipart/form-data; boundary=x")]).is_err());
    }

    #[test]
    fn the_key_is_the_password() {
        let key = |uri, headers: &[(&'static str, &str)]| parse(uri, headers).unwrap().key;
        let same = Some("secret".to_owned());
        assert_eq!(key("/?user=me&password=secret", &[]), same);
        assert_eq!(key("/", &[("x-clickhouse-user", "me"), ("x-clickhouse-key", "secret")]), same);
        assert_eq!(key("/", &[("authorization", "Basic bWU6c2VjcmV0")]), same);
        assert_eq!(key("/", &[("authorization", "Bearer secret")]), same);
        assert_eq!(key("/", &[("authorization", "Basic !")]), None);
    }
}
