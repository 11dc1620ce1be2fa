//! Who asks by a browser: a sealed cookie in place of a credential, and which requests that come with it are the console's own
//! ([0044](../../docs/decisions/0044-sessions.md)).

pub(crate) mod cookie;
pub(crate) mod own;
pub(crate) mod sessions;
pub(crate) mod site;
