//! What a request asks, from its URL, headers and form.

use axum::http::{HeaderMap, HeaderName, Uri, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::error::DbError;

/// A request without its body.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// The `query` parameter.
    pub(super) query: String,
    pub(super) database: Option<String>,
    pub(super) default_format: Option<String>,
    /// Values of `{name:Type}` placeholders.
    pub(super) params: Vec<(String, String)>,
    /// Settings of this query alone.
    pub(super) settings: Vec<(String, String)>,
    /// Answer only once the whole result is known.
    pub(super) whole: bool,
    pub(super) query_id: Option<String>,
    /// The boundary of a multipart form.
    pub(super) boundary: Option<String>,
    password: Option<String>,
}

/// Parameters of the HTTP interface that are no settings and mean nothing here.
const IGNORED: [&str; 12] = [
    "user",
    "role",
    "quota_key",
    "stacktrace",
    "buffer_size",
    "session_id",
    "session_timeout",
    "session_check",
    "close_session",
    "client_protocol_version",
    "decompress",
    "send_progress_in_http_headers",
];

impl Request {
    pub(super) fn parse(uri: &Uri, headers: &HeaderMap) -> Result<Self, DbError> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let own = |name: &'static str| text(HeaderName::from_static(name)).map(str::to_owned);
        let mut request = Self {
            database: own("x-clickhouse-database"),
            default_format: own("x-clickhouse-format"),
            password: own("x-clickhouse-key"),
            ..Self::default()
        };
        if let Some(encoding) = text(header::CONTENT_ENCODING)
            && !encoding.trim().eq_ignore_ascii_case("identity")
        {
            return Err(DbError::not_implemented(&format!("Content-Encoding {encoding} is not supported")));
        }
        if let Some(kind) = text(header::CONTENT_TYPE)
            && kind.starts_with("multipart/form-data")
        {
            let boundary = kind.split(';').find_map(|part| part.trim().strip_prefix("boundary="));
            let boundary = boundary.map(|boundary| boundary.trim_matches('"').to_owned());
            request.boundary =
                Some(boundary.ok_or_else(|| DbError::bad_arguments("A multipart form needs a boundary"))?);
        }
        let query = uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            request.parameter(&name, value.into_owned())?;
        }
        Ok(request)
    }

    /// Takes one parameter, wherever it came from.
    fn parameter(&mut self, name: &str, value: String) -> Result<(), DbError> {
        let on = |value: &str| value == "1" || value.eq_ignore_ascii_case("true");
        match name {
            "query" => self.query.push_str(&value),
            "database" => self.database = Some(value),
            "default_format" => self.default_format = Some(value),
            "query_id" => self.query_id = Some(value),
            "password" => self.password = Some(value),
            "wait_end_of_query" | "http_wait_end_of_query" => self.whole = on(&value),
            "compress" | "decompress" if on(&value) => {
                return Err(DbError::not_implemented(
                    "Compressed blocks (compress=1, decompress=1) are not supported; ask without compression",
                ));
            }
            "compress" | "enable_http_compression" => {}
            name if IGNORED.contains(&name) => {}
            name => match name.strip_prefix("param_") {
                Some(param) => self.params.push((param.to_owned(), value)),
                None => self.settings.push((name.to_owned(), value)),
            },
        }
        Ok(())
    }

    /// Takes the fields of a multipart form.
    pub(super) fn form(&mut self, boundary: &str, body: &[u8]) -> Result<(), DbError> {
        let bad = || DbError::bad_arguments("The multipart form is malformed");
        let open = format!("--{boundary}");
        let between = format!("\r\n--{boundary}");
        let mut rest = body.strip_prefix(open.as_bytes()).ok_or_else(bad)?;
        while !rest.starts_with(b"--") {
            let part = rest.strip_prefix(b"\r\n").ok_or_else(bad)?;
            let (head, part) = split_at(part, b"\r\n\r\n").ok_or_else(bad)?;
            let (value, after) = split_at(part, between.as_bytes()).ok_or_else(bad)?;
            let name = field_name(std::str::from_utf8(head).map_err(|_| bad())?).ok_or_else(bad)?;
            if name != "query" && !name.starts_with("param_") {
                return Err(DbError::not_implemented(&format!("External data ({name}) is not supported")));
            }
            let value = String::from_utf8(value.to_vec())
                .map_err(|_| DbError::bad_arguments(&format!("The form field {name} is not UTF-8")))?;
            self.parameter(name, value)?;
            rest = after;
        }
        Ok(())
    }

    /// Whether the request may be answered: it isn't a web page's, and it knows the password, if there is one.
    pub(super) fn admit(&self, headers: &HeaderMap, password: Option<&str>) -> Result<(), DbError> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        // A web page may send requests to any port of the reader's machine, by name if it controls the name.
        let page = text(header::ORIGIN).is_some()
            || text(HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site != "none");
        if page {
            return Err(DbError::access_denied("Requests of web pages are refused"));
        }
        if let Some(host) = text(header::HOST)
            && !is_loopback(host)
        {
            return Err(DbError::access_denied(&format!("Requests to the host {host} are refused: it isn't loopback")));
        }
        let Some(password) = password else { return Ok(()) };
        let basic = text(header::AUTHORIZATION).and_then(basic_password);
        let bearer = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
        let given = self.password.clone().or(basic).or(bearer);
        match given {
            None => Err(DbError::new(194, "REQUIRED_PASSWORD", "Password required")),
            Some(given) if bool::from(given.as_bytes().ct_eq(password.as_bytes())) => Ok(()),
            Some(_) => Err(DbError::new(516, "AUTHENTICATION_FAILED", "Authentication failed: password is incorrect")),
        }
    }
}

fn split_at<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(mark.len()).position(|window| window == mark)?;
    let (before, after) = text.split_at(at);
    Some((before, after.get(mark.len()..)?))
}

fn field_name(head: &str) -> Option<&str> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    line.split(';').find_map(|part| part.trim().strip_prefix("name=")).map(|name| name.trim_matches('"'))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn basic_password(value: &str) -> Option<String> {
    let decoded = BASE64_STANDARD.decode(value.strip_prefix("Basic ")?.trim()).ok()?;
    Some(String::from_utf8(decoded).ok()?.split_once(':')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::http::HeaderValue;

    use super::*;

    fn parse(uri: &str) -> Result<Request, DbError> {
        Request::parse(&uri.parse().unwrap(), &HeaderMap::new())
    }

    #[test]
    fn sorts_parameters() {
        let request = parse(
            "/?query=SELECT+1&database=d&param_x=a%26b&max_threads=1&user=me&wait_end_of_query=1&default_format=CSV",
        )
        .unwrap();
        assert_eq!(request.query, "SELECT 1");
        assert_eq!(request.database.as_deref(), Some("d"));
        assert_eq!(request.params, [("x".to_owned(), "a&b".to_owned())]);
        assert_eq!(request.settings, [("max_threads".to_owned(), "1".to_owned())]);
        assert!(request.whole);
        assert_eq!(request.default_format.as_deref(), Some("CSV"));
        assert_eq!(parse("/?compress=1").unwrap_err().code, 48);
        parse("/?compress=0").unwrap();
    }

    #[test]
    fn reads_forms() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT {x:String}\r\n--b\r\n\
                    Content-Disposition: form-data; name=\"param_x\"\r\n\r\na\r\nb\r\n--b--\r\n";
        let mut request = Request::default();
        request.form("b", body.as_bytes()).unwrap();
        assert_eq!(request.query, "SELECT {x:String}");
        assert_eq!(request.params, [("x".to_owned(), "a\r\nb".to_owned())]);
        for end in 0..body.len() - 4 {
            assert!(Request::default().form("b", &body.as_bytes()[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn admits_who_may_ask() {
        let headers = |pairs: &[(HeaderName, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
                .collect::<HeaderMap>()
        };
        let admit = |pairs: &[(HeaderName, &str)], password| Request::default().admit(&headers(pairs), password);
        for host in ["127.0.0.1:8123", "localhost", "[::1]:1"] {
            admit(&[(header::HOST, host)], None).unwrap();
        }
        for pair in [(header::HOST, "evil.example:8123"), (header::ORIGIN, "https://evil.example")] {
            assert_eq!(admit(&[pair], None).unwrap_err().code, 497);
        }
        assert_eq!(admit(&[], Some("p:w")).unwrap_err().code, 194);
        admit(&[(header::AUTHORIZATION, "Basic dTpwOnc=")], Some("p:w")).unwrap();
        assert_eq!(admit(&[(header::AUTHORIZATION, "Basic dTpwOng=")], Some("p:w")).unwrap_err().code, 516);
        assert!(parse("/?password=x").unwrap().admit(&HeaderMap::new(), Some("x")).is_ok());
    }
}
