//! Headers of answers, described once, and named in the document of each operation that gives them.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Object, OpenApi, Ref, RefOr, Response, Type};

use crate::openapi::formats::takes;

const COMPLETE_UNTIL: &str = "Complete-Until";
const DISPOSITION: &str = "Content-Disposition";
const LANGUAGE: &str = "Content-Language";
const RATE: &str = "RateLimit";
const RATE_POLICY: &str = "RateLimit-Policy";
const RETRY_AFTER: &str = "Retry-After";

/// Describes the headers, and names them where they are given.
pub(crate) fn describe(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        if let Some(get) = &mut item.get {
            of_reads(get);
        }
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        operations.into_iter().flatten().for_each(of_all);
    }
    let components = document.components.get_or_insert_default();
    components.headers.extend(described().map(|(name, header)| (name.to_owned(), RefOr::T(header))));
}

fn of_all(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        match status.as_str() {
            "429" => name(response, &[RATE, RATE_POLICY, RETRY_AFTER]),
            "503" => name(response, &[RETRY_AFTER]),
            good if good.starts_with('2') => name(response, &[RATE, RATE_POLICY]),
            _ => {}
        }
    }
}

fn of_reads(get: &mut Operation) {
    let (exported, worded) = (takes(get, "format"), takes(get, "accept-language"));
    let Some(RefOr::T(good)) = get.responses.responses.get_mut("200") else { return };
    if exported {
        name(good, &[COMPLETE_UNTIL, DISPOSITION]);
    }
    if worded {
        name(good, &[LANGUAGE]);
    }
}

fn name(response: &mut Response, names: &[&str]) {
    let refer = |name: &&str| ((*name).to_owned(), RefOr::Ref(Ref::new(format!("#/components/headers/{name}"))));
    response.headers.extend(names.iter().map(refer));
}

fn described() -> [(&'static str, Header); 6] {
    let text = |about: &str, example: &str| HeaderBuilder::new().description(Some(about)).example(Some(example.into()));
    let until = "Of files alone: every event received before this time is in the file; RFC 3339, UTC, with milliseconds. \
                 Absent while that is not known, and from the answer to a HEAD.";
    let disposition =
        "Of files alone: an attachment with a name of ASCII letters, digits, dashes and underscores (RFC 6266).";
    let language = "The language of the words in an answer in JSON: `en`, `ru` or `cs`.";
    let rate = "What is left (`r`) of the tightest limit that was counted against, and after how many seconds (`t`) all of it is \
                there again; as in the IETF's draft.";
    let policy = "That limit: how many at once (`q`), and in how many seconds (`w`) they come back.";
    let seconds = Object::with_type(Type::Integer);
    let retry = "Seconds after which to try again (RFC 9110).";
    [
        (COMPLETE_UNTIL, text(until, "2026-11-22T10:00:04.120Z").build()),
        (DISPOSITION, text(disposition, "attachment; filename=\"acme-events-2026-11-01--2026-11-22.csv\"").build()),
        (LANGUAGE, text(language, "en").build()),
        (RATE, text(rate, "\"queries\";r=199;t=1").build()),
        (RATE_POLICY, text(policy, "\"queries\";q=200;w=4").build()),
        (RETRY_AFTER, HeaderBuilder::new().schema(Some(seconds)).description(Some(retry)).build()),
    ]
}
