//! Every contract of usertrail: the event and its catalogue, topics, settings. No I/O.
//!
//! An event's way through these modules: [`decode`] turns bytes into an [`event::Event`], `catalogue` says what its
//! type means, `settings` what its tenant wants, `topics` where it travels. The tables it ends in are of the crate `storage`.

pub mod access;
pub mod address;
pub mod alerts;
pub mod bidi;
pub mod catalogue;
pub mod changes;
pub mod decode;
pub mod detection;
pub mod event;
pub mod identity;
pub mod ids;
pub mod json;
mod key_text;
pub mod passive;
pub mod problem_texts;
pub mod restore;
pub mod settings;
pub mod sign_ins;
pub mod standing;
pub mod topics;
pub mod violation;
pub mod zone;
