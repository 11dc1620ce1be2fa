//! Which methods a resource has: stated in answers to `OPTIONS`, and beside each 405 (RFC 9110, 9.3.7 and 15.5.6).

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::ALLOW;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;

/// What an `OPTIONS` brings that asks whether events may be delivered (CloudEvents), and is its handler's to answer.
pub const WEBHOOK_REQUEST_ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
/// A method that nothing has: its refusal names those that there are.
const NONE: &[u8] = b"NONE";

/// Makes a router answer which methods each resource has. To be applied to all routes together, since a resource may be of several
/// roles.
pub fn with_methods(router: Router) -> Router {
    let routes = router.clone();
    router.layer(from_fn(move |request, next| answer_methods(routes.clone(), request, next)))
}

async fn answer_methods(routes: Router, request: Request, next: Next) -> Response {
    let (is_options, uri) = (request.method() == Method::OPTIONS, request.uri().clone());
    let is_handshake = request.headers().contains_key(WEBHOOK_REQUEST_ORIGIN);
    if is_options && !is_handshake {
        // What is not there is answered as to any other method.
        return match methods(routes, uri).await {
            Some(all) => has(all),
            None => next.run(request).await,
        };
    }
    let mut response = next.run(request).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(all) = methods(routes, uri).await
    {
        if is_options {
            return has(all);
        }
        response.headers_mut().insert(ALLOW, all);
    }
    response
}

fn has(all: HeaderValue) -> Response {
    (StatusCode::NO_CONTENT, [(ALLOW, all)]).into_response()
}

/// The methods of a resource, in the order of their letters; none where there is no resource.
async fn methods(routes: Router, uri: Uri) -> Option<HeaderValue> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::from_bytes(NONE).ok()?;
    *request.uri_mut() = uri;
    let Ok(refused) = routes.oneshot(request).await;
    let mut all: Vec<&str> = refused.headers().get(ALLOW)?.to_str().ok()?.split(',').map(str::trim).collect();
    all.push(Method::OPTIONS.as_str());
    all.sort_unstable();
    all.dedup();
    HeaderValue::try_from(all.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};

    use super::*;

    async fn ask(method: &str, path: &str, handshake: bool) -> (u16, Option<String>) {
        let one_role =
            Router::new().route("/a", post(|| async {}).options(|| async { (StatusCode::OK, [(ALLOW, "POST")]) }));
        let other = Router::new().route("/a", get(|| async {})).route("/b/{id}", get(|| async {}).delete(|| async {}));
        let mut request = axum::http::Request::builder().method(method).uri(path);
        if handshake {
            request = request.header(WEBHOOK_REQUEST_ORIGIN, "a.example");
        }
        let response = with_methods(one_role.merge(other)).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let allow = response.headers().get(ALLOW).map(|all| all.to_str().unwrap().to_owned());
        (response.status().as_u16(), allow)
    }

    /// P1: options and refusals name the same methods, of all roles that have the resource; a handshake is its handler's.
    #[tokio::test]
    async fn options_and_refusals_tell_the_same() {
        for (path, all) in [("/a", "GET, HEAD, OPTIONS, POST"), ("/b/7", "DELETE, GET, HEAD, OPTIONS")] {
            let all = Some(all.to_owned());
            assert_eq!(ask("OPTIONS", path, false).await, (204, all.clone()));
            assert_eq!(ask("PATCH", path, false).await, (405, all));
        }
        assert_eq!(ask("OPTIONS", "/a", true).await, (200, Some("POST".to_owned())));
        assert_eq!(ask("OPTIONS", "/b/7", true).await.0, 204);
        assert_eq!(ask("OPTIONS", "/c", false).await, (404, None));
        assert_eq!(ask("GET", "/a", false).await, (200, None));
    }
}
