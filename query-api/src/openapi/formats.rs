//! The formats of exports, put into the document of each operation that takes `format`.

use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::{Content, ContentBuilder, ObjectBuilder, OpenApi, RefOr, Response};

use crate::export::format::Format;
use crate::openapi::examples;

/// Completes the operations that answer files as well.
pub(crate) fn offer(document: &mut OpenApi) {
    let operations = document.paths.paths.values_mut().filter_map(|path| path.get.as_mut());
    for operation in operations.filter(|operation| takes(operation, "format")) {
        let responses = &mut operation.responses.responses;
        if let Some(RefOr::T(good)) = responses.get_mut("200") {
            for format in Format::ALL {
                good.content.insert(format.media_type().to_owned(), file(format).into());
            }
        }
        if let Some(RefOr::T(problem)) = responses.get("400") {
            responses.insert("406".to_owned(), RefOr::T(not_acceptable(problem)));
        }
    }
}

/// Whether an operation has a parameter.
pub(super) fn takes(operation: &Operation, name: &str) -> bool {
    let is_it = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.name == name);
    operation.parameters.iter().flatten().any(is_it)
}

fn file(format: Format) -> Content {
    let text = ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
    let text = match format {
        Format::Csv | Format::Ndjson => text,
        Format::Xlsx | Format::Pdf | Format::Parquet => text.content_media_type(format.media_type()),
    };
    ContentBuilder::new().schema(Some(text.build())).build()
}

/// As the problem with a parameter, with words of its own.
fn not_acceptable(problem: &Response) -> Response {
    let mut response = problem.clone();
    response.description = "Nothing that `Accept` takes is offered.".to_owned();
    for content in response.content.values_mut() {
        if let RefOr::T(content) = content {
            content.example = Some(examples::problem(406));
        }
    }
    response
}
