//! A company that doesn't exist, working: believable people whose events fill the demo, load tests and benches.
//!
//! [`mod@people`] hires them (offices on several continents, devices, homes, habits), [`Generator`] lets them work by their
//! local day: sign-ins, views, edits, exports, calls, pauses, travels, now and then an attacker, and every type of the
//! catalogue. The same seed and start give the same events. [`run`], [`backfill`] and [`load`] send them to ingest.

mod attacks;
mod content;
mod devices;
mod dice;
mod generator;
mod jobs;
mod names;
mod people;
mod places;
mod rhythm;
mod send;
mod work;

pub use devices::{ClientHints, Device, DeviceKind};
pub use generator::{Generator, Pace};
pub use people::{Person, Role, people};
pub use places::Place;
pub use send::{History, Report, SendError, backfill, load, run};

#[cfg(test)]
mod tests;
