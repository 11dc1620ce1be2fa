//! What the API's document says of problems: their codes, and the members that each of them brings.

use schemas::problem_texts::{codes, members};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};

/// The schema of what all problems have, completed with what some have.
pub(super) fn complete(mut schema: RefOr<Schema>) -> RefOr<Schema> {
    if let RefOr::T(Schema::Object(problem)) = &mut schema {
        problem.properties.insert("code".to_owned(), code().into());
        problem.properties.extend(members().keys().filter_map(|name| Some((name.clone(), member(name)?.into()))));
    }
    schema
}

/// Whether the document has a code, with these members.
pub(super) fn is_listed<'a>(code: &str, mut members: impl Iterator<Item = &'a String>) -> bool {
    codes().get(code).is_some_and(|described| members.all(|member| described.members.contains(member)))
}

fn code() -> Object {
    let lines = codes().iter().map(|(code, described)| {
        let members: Vec<String> = described.members.iter().map(|name| format!("`{name}`")).collect();
        let with = if members.is_empty() { String::new() } else { format!(" With {}.", members.join(", ")) };
        format!("- `{code}`: {}{with}", described.about)
    });
    let about = format!("Stable word for programs:\n\n{}", lines.collect::<Vec<_>>().join("\n"));
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(about))
        .enum_values(Some(codes().keys().map(String::as_str)))
        .build()
}

/// The schema of a member, with the codes that bring it.
fn member(name: &str) -> Option<Schema> {
    let mut schema = members().get(name)?.clone();
    let of = codes().iter().filter(|(_, described)| described.members.iter().any(|member| member == name));
    let of: Vec<String> = of.map(|(code, _)| format!("`{code}`")).collect();
    let about = schema.get("description")?.as_str()?.to_owned();
    schema["description"] = format!("Of {}: {about}", of.join(", ")).into();
    serde_json::from_value(schema).ok()
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema as _;

    use super::*;
    use crate::problem::Problem;

    #[test]
    fn codes_and_members_are_in_the_schema() {
        let schema = serde_json::to_value(Problem::schema()).unwrap();
        assert_eq!(schema["properties"]["code"]["enum"].as_array().unwrap().len(), codes().len());
        for (name, member) in members() {
            let described = &schema["properties"][name];
            assert_eq!(described["type"], member["type"], "{name}");
            assert!(described["description"].as_str().unwrap().starts_with("Of `"), "{name}");
        }
        assert!(!schema["required"].as_array().unwrap().contains(&"plan".into()));
    }
}
