//! The demo's tenant and its keys.

use std::path::Path;

use anyhow::{Context as _, Result};
use schemas::settings::{KeyText, Plan, Role as KeyRole, Tenant};

use super::history::Loading;
use super::parts::write_private;
use crate::roles::Process;

/// Its id.
const DEMO: &str = "demo";

pub(crate) struct DemoKeys {
    pub(crate) sender: KeyText,
    pub(crate) reader: KeyText,
    /// The past that is not loaded yet.
    pub(crate) past: Option<Loading>,
}

/// Creates the demo tenant on the first start. Its keys are kept beside the data, so that a restart can show them again;
/// no other key ever is.
pub(crate) async fn demo_tenant(process: &Process, data_dir: &Path, days: u32) -> Result<DemoKeys> {
    let settings = &process.settings;
    let file = data_dir.join("demo-history.json");
    let past = if settings.tenant(DEMO).is_none() {
        // First, so that a tenant that is there has the past it began.
        let past = Loading::begin(file, days)?;
        let mut tenant = Tenant::new(DEMO, "Demo company");
        tenant.logging = true;
        tenant.time_zone = "Europe/Prague".parse()?;
        tenant.plan = Plan::UNLIMITED;
        settings.put_tenant(tenant).await?;
        Some(past)
    } else {
        Loading::resume(file)?
    };
    Ok(DemoKeys {
        sender: demo_key(process, &data_dir.join("demo-sender.key"), KeyRole::Ingest).await?,
        reader: demo_key(process, &data_dir.join("demo-reader.key"), KeyRole::Admin).await?,
        past: past.filter(|past| !past.is_done()),
    })
}

async fn demo_key(process: &Process, file: &Path, role: KeyRole) -> Result<KeyText> {
    let known = std::fs::read_to_string(file).ok().and_then(|text| KeyText::parse(text.trim()));
    if let Some(key) = known.filter(|key| process.settings.authenticate(&key.expose()).is_ok()) {
        return Ok(key);
    }
    let (_, key) = process.settings.create_key(Some(DEMO), role, "demo").await?;
    write_private(file, &key.expose()).with_context(|| format!("writing {}", file.display()))?;
    Ok(key)
}
