//! Answers to senders: the result of each event.

use runtime::receipts::Refusal;
use schemas::catalogue::Lang;
use schemas::decode::Rejection;
use schemas::problem_texts;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use crate::check::Passed;
use crate::sink::End;

/// The answer to a request of which at least one event was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer {
    /// Events that Kafka has acknowledged, those that are called repeated among them.
    pub accepted: usize,
    /// Accepted events that the request has twice: each is stored once.
    pub repeated: usize,
    /// Events that were refused; sending them again as they are is of no use.
    pub rejected: usize,
    /// Each event's result, in the order of the request.
    pub events: Vec<EventResult>,
}

impl Answer {
    /// Of these results.
    #[must_use]
    pub fn new(events: Vec<EventResult>) -> Self {
        let count = |status| events.iter().filter(|event| event.status == status).count();
        let (accepted, repeated) = (count(Status::Accepted), count(Status::Repeated));
        Self { accepted: accepted + repeated, repeated, rejected: count(Status::Rejected), events }
    }

    /// Why events were rejected, to be noted before it is put into another language.
    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        let refusal = |event: &EventResult| {
            let (pointer, detail) =
                (event.pointer.clone().unwrap_or_default(), event.detail.clone().unwrap_or_default());
            Some(Refusal { code: event.code?, pointer, detail })
        };
        self.events.iter().filter_map(refusal).collect()
    }

    /// With what is said of rejected events in this language.
    pub(crate) fn in_language(mut self, lang: Lang) -> Self {
        if lang != Lang::En {
            self.events.iter_mut().for_each(|event| event.translate(lang));
        }
        self
    }
}

/// The result of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventResult {
    /// Its place in the request, from 0; blank lines don't count.
    pub index: usize,
    /// What became of it.
    pub status: Status,
    /// Its id: the one it had, or the one it got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// False for a type that neither the catalogue nor the tenant's own types have: the event is kept, and filed by the words
    /// of its type's name. Absent otherwise. `GET /v1/catalogue/unknown` lists such types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_known: Option<bool>,
    /// Why it was rejected: one word for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = rejection_code)]
    pub code: Option<&'static str>,
    /// JSON Pointer (RFC 6901) to the field that is wrong; empty for the event as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Why it was rejected, for people, in the language that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// As it is in English, where the answer is in another language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_en: Option<String>,
}

/// One of the codes that events are rejected with.
fn rejection_code() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("Why it was rejected: one word for programs. Absent otherwise."))
        .enum_values(Some(problem_texts::rejections().iter().map(String::as_str)))
        .build()
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is stored safely and will be in answers soon.
    Accepted,
    /// The request has the very same event before, under the same id and source: it is stored once. A repetition of an
    /// earlier request is called accepted here; it is recognised and counted afterwards.
    Repeated,
    /// It is wrong.
    Rejected,
    /// Kafka has not said in time whether it has it. Sent again under the id given here, it is stored once.
    Unknown,
}

impl EventResult {
    /// Of an event that was handed to Kafka.
    pub(crate) fn sent(event: &Passed, end: End) -> Self {
        let status = match (end, event.repeated) {
            (End::Acknowledged, false) => Status::Accepted,
            (End::Acknowledged, true) => Status::Repeated,
            (End::Unknown, _) => Status::Unknown,
            (End::Refused(code), _) => {
                let detail =
                    "Kafka will not take the event with what goes beside it: fewer or shorter attributes may help";
                return Self::rejected(event.index, Rejection::new(code, "", detail));
            }
        };
        Self {
            index: event.index,
            status,
            id: Some(event.id.clone()),
            type_known: (!event.type_known).then_some(false),
            code: None,
            pointer: None,
            detail: None,
            detail_en: None,
        }
    }

    pub(crate) fn rejected(index: usize, rejection: Rejection) -> Self {
        let Rejection { code, pointer, detail } = rejection;
        Self {
            index,
            status: Status::Rejected,
            id: None,
            type_known: None,
            code: Some(code),
            pointer: Some(pointer),
            detail: Some(detail),
            detail_en: None,
        }
    }

    /// Puts why it was rejected into another language.
    fn translate(&mut self, lang: Lang) {
        let (Some(code), Some(detail)) = (self.code, &self.detail) else { return };
        if let Some(worded) = problem_texts::worded(code, detail, lang) {
            self.detail_en = self.detail.replace(worded.into_owned());
        }
    }
}
