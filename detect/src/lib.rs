//! What breaks the rules: signals over a user's history, and Sigma rules over events and their signals. Pure; no I/O.
//!
//! ```text
//!  enriched event ─► signals: what is new, far, fast or much for this user ─► rules: detections ─► correlations ─► findings
//!                         ▲  │                                                                        ▲  │
//!                         └──┴──────────────────────── state of the user ─────────────────────────────┴──┘
//! ```
//!
//! The enricher runs this over the stream, and the query API over stored history: the same code for both.

pub mod correlate;
pub mod findings;
pub mod rules;
pub mod signals;
pub mod tenant_rules;
pub mod trial;
