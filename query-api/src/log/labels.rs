//! What codes are called, beside them in an answer.

use schemas::catalogue::Lang;
use serde::Serialize;
use utoipa::ToSchema;

use crate::export::values;

/// Codes in words, in the language of the answer: of each field that has a value here, under the field's name. What nobody has a word
/// for, such as an application's own, is called what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Labels {
    /// Of `class`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "change")]
    pub class: String,
    /// Of `category`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "changes")]
    pub category: String,
    /// Of `action`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "update")]
    pub action: String,
    /// Of `module`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "tasks")]
    pub module: String,
    /// Of `outcome`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "success")]
    pub outcome: String,
    /// Of the actor's `kind`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "user")]
    pub actor_kind: String,
    /// Of the object's `type`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "task")]
    pub object_type: String,
    /// Of `channel`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "web chat")]
    pub channel: String,
    /// Of `state`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "writing")]
    pub state: String,
}

impl Labels {
    /// Of a channel and what the user was in the midst of there.
    pub(crate) fn of_lane(channel: &str, state: &str, lang: Lang) -> Self {
        Self {
            channel: values::label("channel", channel, lang),
            state: values::label("state", state, lang),
            ..Self::default()
        }
    }
}
