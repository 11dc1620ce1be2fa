//! May this device in? Answered from memory: a sign-in waits for it, and goes on when the store is away.

use axum::Json;
use axum::extract::State;
use runtime::problem::Problem;
use schemas::access::device_of_cookie;

use crate::devices::access::AccessView;
use crate::http::caller::Caller;
use crate::http::params::{ParamError, Params};
use crate::state::QueryApi;

/// Check device access
///
/// Whether a device may in. To be asked at each sign-in, with the key that sends events; it has limits of its own, as
/// high as those of events.
#[utoipa::path(
    get,
    path = "/v1/access/check",
    tag = "access",
    operation_id = "checkAccess",
    params(
        ("user_id" = String, Query, description = "Who wants in", example = "u-17"),
        ("device_id" = String, Query, description = "From which device: its cookie, as events tell it in `context.device_id`, or the id that this API shows", example = "d-5"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "What was decided; `allow` where nothing was", body = AccessView, example = json!(crate::devices::examples::access())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(State(api): State<QueryApi>, caller: Caller, mut params: Params) -> Result<Json<AccessView>, Problem> {
    let tenant = caller.read_tenant(api.settings(), &mut params)?;
    let user = required(&mut params, "user_id")?;
    let device = required(&mut params, "device_id")?;
    params.finish()?;
    let told_by_cookie = api.access().get(&tenant.id, &user, &device_of_cookie(&tenant.id, &device));
    let decision = told_by_cookie.or_else(|| api.access().get(&tenant.id, &user, &device));
    Ok(Json(AccessView::of(user, device, decision.as_deref())))
}

fn required(params: &mut Params, name: &'static str) -> Result<String, ParamError> {
    params.one(name)?.ok_or_else(|| ParamError::bad(name, "is required"))
}
