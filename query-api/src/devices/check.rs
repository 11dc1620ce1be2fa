//! May this device in? Answered from memory: a sign-in waits for it, and goes on when the store is away.

use axum::Json;
use axum::extract::State;
use runtime::problem::Problem;
use schemas::access::is_device_id;

use crate::devices::access::{AccessView, KnownDevice};
use crate::http::caller::Caller;
use crate::http::params::Params;
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
        ("device_id" = String, Query, description = "From which device: its cookie, as events carry it in `context.device_id`, or the id that this API shows", example = "d-5"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "What was decided; `allow` where nothing was", body = AccessView, example = json!(crate::devices::examples::access())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(State(api): State<QueryApi>, caller: Caller, mut params: Params) -> Result<Json<AccessView>, Problem> {
    let tenant = caller.read_tenant(api.settings(), &mut params)?;
    let user = params.id("user_id")?;
    let named = params.id("device_id")?;
    params.finish()?;
    let decided = |device: &KnownDevice| api.access().get(&tenant.id, &user, &device.id);
    let mut device = KnownDevice::by_cookie(&tenant.id, &named);
    let mut decision = decided(&device);
    if decision.is_none() && is_device_id(&named) {
        device = KnownDevice::by_id(named);
        decision = decided(&device);
    }
    Ok(Json(AccessView::of(user, device, decision.as_deref())))
}
