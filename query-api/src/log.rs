//! The log: events, their history by object, the audit of the configuration, and the catalogue.

pub mod catalogue;
pub(crate) mod cells;
pub(crate) mod conditions;
pub mod configuration;
pub(crate) mod countries;
pub mod edits;
pub mod events;
pub(crate) mod examples;
pub(crate) mod field_names;
pub mod filter;
pub mod labels;
pub(crate) mod named_change;
pub mod object_state;
pub mod objects;
pub(crate) mod own;
pub mod rows;
pub mod signals;
pub mod summary;
pub(crate) mod table;
pub(crate) mod type_names;
pub mod view;
pub(crate) mod which;
pub mod wording;
pub(crate) mod words;
