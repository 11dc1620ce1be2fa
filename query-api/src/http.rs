//! What all operations share: who asks, what they ask for, and the form of the answer.

pub mod answer;
pub(crate) mod body;
pub mod caller;
pub mod cursor;
pub(crate) mod extract;
pub(crate) mod guard;
pub mod language;
pub mod page;
pub mod params;
pub mod period;
pub(crate) mod request;
