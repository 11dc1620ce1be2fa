//! Devices of the whole tenant: which were used, by how many users, and by whom.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use runtime::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::export::table::{Cell, Column, Kind, Tabular};
use crate::http::page::{Keyset, Page, ReadRequest, keyset};
use crate::http::params::{ParamError, Params};
use crate::log::cells::{address, device, joined, named_place};
use crate::log::filter::device_kinds;
use crate::log::view::{self, Device, Place};
use crate::openapi::examples::{page, with};
use crate::state::QueryApi;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::{Clauses, NamedQuery, query};
use crate::users::rows::SeenRow;
use crate::users::since::{Lasting, Since, forget, forget_any};

/// Devices of all users.
const DEVICES: NamedQuery = query!("devices");
const LATEST: Keyset = keyset!("last_seen_at", "device_id", newest);
/// Most users that may be asked for.
const MOST_USERS: u32 = 1_000_000;

/// What the devices of a tenant can be narrowed to.
#[derive(Debug, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeviceFilter {
    /// Devices that at least so many users were seen on, within the period if one is given.
    #[param(required = false, minimum = 1, example = 2)]
    users_min: Option<u32>,
    /// Ids of users: devices that any of them was seen on, with all who were. Empty: devices that were seen without one.
    #[param(required = false, example = json!(["u-17"]))]
    user_id: Vec<String>,
    /// `true`: only users who signed in on a device count as its users; `false`: only those of whom every attempt failed or none was
    /// seen.
    #[param(required = false)]
    signed_in: Option<bool>,
    /// Kinds. `phone` is understood as `mobile`.
    #[param(required = false)]
    kind: Vec<String>,
}

impl DeviceFilter {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(Self {
            users_min: params.number("users_min", 1, MOST_USERS)?,
            user_id: params.ids_or_empty("user_id")?,
            signed_in: params.flag("signed_in")?,
            kind: device_kinds(params, "kind")?,
        })
    }

    fn add_to(&self, clauses: &mut Clauses) {
        clauses.part(
            "/* share */",
            match self.signed_in {
                Some(true) => "succeeded > 0",
                Some(false) => "succeeded = 0",
                None => "TRUE",
            },
        );
        clauses.bind_texts("user_id", self.user_id.clone());
        if !self.user_id.is_empty() {
            clauses.plain("wanted_users > 0");
        }
        if let Some(least) = self.users_min {
            clauses.plain("users >= {users_min:UInt32}");
            clauses.bind_number("users_min", least);
        }
        if !self.kind.is_empty() {
            clauses.texts("kind IN {kind:Array(String)}", "kind", &self.kind);
        }
    }
}

/// A row of `devices.sql`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
struct TenantDeviceRow {
    device_id: String,
    users: u64,
    user_ids: Vec<String>,
    #[serde(with = "millis")]
    first_seen_at: DateTime<Utc>,
    #[serde(with = "millis")]
    last_seen_at: DateTime<Utc>,
    sign_ins: u64,
    failed_sign_ins: u64,
    #[serde(with = "millis::option")]
    first_sign_in_at: Option<DateTime<Utc>>,
    #[serde(with = "millis::option")]
    last_sign_in_at: Option<DateTime<Utc>>,
    browser: String,
    browser_version: String,
    os: String,
    os_version: String,
    kind: String,
    model: String,
    bot: bool,
    confidence: String,
    ip: Ipv6Addr,
    country: String,
    city: String,
}

impl Lasting for TenantDeviceRow {
    const KEY: &'static str = "device_id";

    fn key(&self) -> &str {
        &self.device_id
    }

    fn begin(&mut self, earliest: DateTime<Utc>, seen: &SeenRow) {
        forget(&mut self.first_seen_at, earliest);
        forget_any([&mut self.first_sign_in_at, &mut self.last_sign_in_at], earliest);
        (self.sign_ins, self.failed_sign_ins) = (seen.sign_ins, seen.failed_sign_ins);
    }
}

/// A device that users were seen on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TenantDevice {
    /// What it is, as of its last event; how sure its id is.
    #[serde(flatten)]
    pub device: Device,
    /// How many users were seen on it.
    pub users: u64,
    /// The first 20 of them, in the order of their ids.
    #[schema(example = json!(["u-17", "u-18"]))]
    pub user_ids: Vec<String>,
    /// First seen; null where that was before the look-back of the plan.
    #[schema(required = true)]
    pub first_seen_at: Option<DateTime<Utc>>,
    /// Last seen.
    pub last_seen_at: DateTime<Utc>,
    /// How many times these users signed in on it.
    pub sign_ins: u64,
    /// How many of their attempts failed.
    pub failed_sign_ins: u64,
    /// When one of them signed in on it first; null where nobody did, or before the look-back of the plan, or before such times were kept.
    #[schema(required = true)]
    pub first_sign_in_at: Option<DateTime<Utc>>,
    /// When one of them did last; null as the first.
    #[schema(required = true)]
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// Last client address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "198.51.100.7")]
    pub ip: Option<IpAddr>,
    /// Where that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl From<TenantDeviceRow> for TenantDevice {
    fn from(row: TenantDeviceRow) -> Self {
        Self {
            device: Device {
                id: row.device_id,
                confidence: row.confidence,
                kind: row.kind,
                browser: row.browser,
                browser_version: row.browser_version,
                os: row.os,
                os_version: row.os_version,
                model: row.model,
                bot: row.bot,
            },
            users: row.users,
            user_ids: row.user_ids,
            first_seen_at: Some(row.first_seen_at).filter(|at| !view::is_epoch(at)),
            last_seen_at: row.last_seen_at,
            sign_ins: row.sign_ins,
            failed_sign_ins: row.failed_sign_ins,
            first_sign_in_at: row.first_sign_in_at,
            last_sign_in_at: row.last_sign_in_at,
            ip: view::address(row.ip),
            place: Place::new(row.country, row.city),
        }
    }
}

impl Tabular for TenantDevice {
    const COLUMNS: &'static [Column] = &[
        Column::new("id", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("browser", Kind::Text),
        Column::new("os", Kind::Text),
        Column::new("model", Kind::Text),
        Column::new("confidence", Kind::Text),
        Column::new("users", Kind::Whole),
        Column::new("user_ids", Kind::Text),
        Column::new("first_seen_at", Kind::Time),
        Column::new("last_seen_at", Kind::Time),
        Column::new("sign_ins", Kind::Whole),
        Column::new("failed_sign_ins", Kind::Whole),
        Column::new("first_sign_in_at", Kind::Time),
        Column::new("last_sign_in_at", Kind::Time),
        Column::new("ip", Kind::Text),
        Column::new("place.country", Kind::Text),
        Column::new("place.city", Kind::Text),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend(device(Some(&self.device)));
        row.extend([
            (&self.device.model).into(),
            Cell::code("confidence", &self.device.confidence),
            self.users.into(),
            joined(self.user_ids.iter().map(|id| id.as_str().into())),
            self.first_seen_at.into(),
            self.last_seen_at.into(),
            self.sign_ins.into(),
            self.failed_sign_ins.into(),
            self.first_sign_in_at.into(),
            self.last_sign_in_at.into(),
            address(self.ip),
        ]);
        row.extend(named_place(self.place.as_ref()));
    }
}

fn example() -> Value {
    page(&with(
        crate::log::examples::event()["device"].take(),
        json!({
            "users": 2,
            "user_ids": ["u-17", "u-18"],
            "first_seen_at": "2025-11-03T07:58:02Z",
            "last_seen_at": "2026-03-02T08:15:30.125Z",
            "sign_ins": 140,
            "failed_sign_ins": 2,
            "first_sign_in_at": "2025-11-03T07:58:02Z",
            "last_sign_in_at": "2026-03-02T08:15:30.125Z",
            "ip": "198.51.100.7",
            "place": { "country": "CZ", "city": "Brno" }
        }),
    ))
}

/// List devices of all users
///
/// The last seen first, with who was seen on them: `users_min=2` are those that users share. A period takes in whoever
/// was seen on a device both before its end and after its start; sign-ins are of all their life on it.
#[utoipa::path(
    get,
    path = "/v1/devices",
    tag = "users",
    operation_id = "listTenantDevices",
    params(DeviceFilter, crate::openapi::PeriodParams, crate::openapi::PageParams),
    responses(
        (status = 200, description = "A page", body = Page<TenantDevice>, example = json!(example())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let filter = DeviceFilter::take(&mut reading.params)?;
    let asked = reading.page("devices/all", &filter)?;
    let mut clauses = asked.clauses(&LATEST);
    asked.reading.cutoffs().bind_oldest(&mut clauses);
    asked.reading.bind_hidden(&mut clauses);
    filter.add_to(&mut clauses);
    clauses.bind_time("from", asked.period.from.unwrap_or(DateTime::UNIX_EPOCH));
    // Nothing occurs later than a day ahead of the clock.
    clauses.bind_time("to", asked.period.to.unwrap_or(asked.reading.now + RetentionCutoffs::AHEAD));
    let since = Since::of(api.store(), &asked.reading);
    let show = move |mut rows: Vec<TenantDeviceRow>| {
        let since = since.clone();
        async move {
            let devices = rows.iter().map(|row| row.device_id.clone()).collect();
            since.cut_among(("device_id IN {devices:Array(String)}", "devices", devices), &mut rows).await?;
            Ok(rows.into_iter().map(TenantDevice::from).collect())
        }
    };
    asked.list_with(DEVICES, clauses, |row: &TenantDeviceRow| (row.last_seen_at, (&row.device_id).into()), show).await
}
