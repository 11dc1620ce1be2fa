//! Cells that several lists have.

use std::borrow::Cow;
use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::export::table::Cell;
use crate::log::view::{Device, Flag, Geo, Place};

pub(crate) fn address(ip: Option<IpAddr>) -> Cell<'static> {
    ip.map_or(Cell::Empty, |ip| Cell::Text(ip.to_string().into()))
}

pub(crate) fn place(geo: Option<&Geo>) -> [Cell<'_>; 2] {
    [geo.map(|geo| &geo.country).into(), geo.map(|geo| &geo.city).into()]
}

pub(crate) fn named_place(place: Option<&Place>) -> [Cell<'_>; 2] {
    [place.map(|place| &place.country).into(), place.map(|place| &place.city).into()]
}

/// Id, kind, browser and system; these with their versions.
pub(crate) fn device(device: Option<&Device>) -> [Cell<'_>; 4] {
    let Some(device) = device else { return [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty] };
    [
        (&device.id).into(),
        Cell::code("device_kind", &device.kind),
        versioned(&device.browser, &device.browser_version),
        versioned(&device.os, &device.os_version),
    ]
}

pub(crate) fn versioned<'a>(name: &'a str, version: &str) -> Cell<'a> {
    if name.is_empty() || version.is_empty() { name.into() } else { Cell::Text(format!("{name} {version}").into()) }
}

/// The rules that were broken, by their names.
pub(crate) fn flags(flags: &[Flag]) -> Cell<'_> {
    joined(flags.iter().map(|flag| Cow::Borrowed(flag.rule.as_str())))
}

/// The same by their titles.
pub(crate) fn titles(flags: &[Flag]) -> Cell<'_> {
    joined(flags.iter().map(|flag| Cow::Borrowed(flag.title.as_str())))
}

pub(crate) fn signals(signals: &Map<String, Value>) -> Cell<'_> {
    if signals.is_empty() { Cell::Empty } else { Cell::Signals(signals) }
}

pub(crate) fn joined<'a>(parts: impl Iterator<Item = Cow<'a, str>>) -> Cell<'a> {
    let text = parts.collect::<Vec<_>>().join("; ");
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.into()) }
}
