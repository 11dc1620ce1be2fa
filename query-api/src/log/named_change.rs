//! Which of an event's changes its sentence is about: the one that the type is named after, however its path spells it. Pure.
//!
//! `status` of `order.status_changed` is the change of `status`, `status_id`, `order.status/name` or `orderStatusId`. A sentence that named
//! any other would say what didn't happen.

use crate::log::object_state::{keys, position};

/// What types are named after that fields call otherwise: by the field in a type's name, by its verb, or else by the type.
const ALSO: &[(&str, &[&str])] = &[
    ("appointment_time", &["appointment", "appointment_at", "appointment_date"]),
    ("assignee", &["assigned_to", "assigned_user", "responsible"]),
    ("closed", &["result", "resolution", "outcome", "status"]),
    ("comment", &["text", "body"]),
    ("converted", &["converted_to", "client", "customer", "contact", "company", "deal", "opportunity", "account"]),
    ("deadline", &["deadline_at", "deadline_date", "due", "due_at", "due_date", "due_on"]),
    ("exported", &["format", "destination", "target", "file"]),
    ("file", &["attachment", "document"]),
    ("imported", &["source", "file", "format"]),
    ("owner", &["owned_by", "responsible"]),
    ("phone_credits.created", &["phone_credits", "credits", "amount", "count", "quantity"]),
    ("product", &["item"]),
    ("renamed", &["name", "title", "label", "display_name", "full_name"]),
    ("review", &["text", "rating"]),
    ("reviewed", &["grade", "mark", "score", "points", "rating", "result", "review"]),
    ("service", &["item"]),
    ("work", &["item"]),
];
/// What an application wraps the fields of an object in.
const AROUND: &[&str] = &["attributes", "custom_fields", "data", "fields", "properties", "values"];
/// Parts of a field, and ends of its name, that it is called by.
const NAMES: &[&str] = &["name", "label", "title", "text", "value"];
/// Parts and ends that identify its value otherwise.
const IDS: &[&str] = &["id", "code", "key", "slug", "uuid"];

/// What is looked at of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChangedEvent<'a> {
    pub(super) event_type: &'a str,
    pub(super) object_type: &'a str,
    pub(super) paths: &'a [String],
}

/// Returns the change that a sentence with these placeholders is about; nothing where it shows no values, or none of the changes is
/// what the type is named after.
pub(super) fn named_change(about: ChangedEvent<'_>, sentence: &str) -> Option<usize> {
    if !sentence.contains("{old}") && !sentence.contains("{new}") {
        return None;
    }
    let (object, verb) = about.event_type.rsplit_once('.').unwrap_or(("", about.event_type));
    let objects = [object.rsplit('.').next().unwrap_or(object), about.object_type];
    let field = verb.rsplit_once('_').map(|(field, _)| field);
    let subject = field.unwrap_or(verb);
    let also = ALSO.iter().find(|(name, _)| [subject, about.event_type].contains(name)).map(|(_, names)| *names);
    // What was scored has a score.
    let of_verb = ["d", "ed"].map(|end| verb.strip_suffix(end).filter(|_| field.is_none()));
    let names = field.iter().chain(of_verb.iter().flatten()).chain(also.unwrap_or_default());
    let names: Vec<&str> = names.copied().collect();
    let paths = about.paths.iter().enumerate();
    let found = paths.filter_map(|(at, path)| Some((spelling(path, &names, &objects)?, at)));
    found.min().map(|(_, at)| at)
}

/// How close a path is to what one of these names calls, the closest first; none for another field.
fn spelling(path: &str, names: &[&str], objects: &[&str]) -> Option<(usize, usize)> {
    let keys = keys(path).into_iter().filter(|key| position(key).is_none() && key != "-");
    let keys: Vec<String> = keys.map(|key| snake(&key)).collect();
    let around = |key: &String| AROUND.contains(&key.as_str()) || objects.contains(&key.as_str());
    let outside = keys.iter().take(keys.len().saturating_sub(1)).take_while(|key| around(key)).count();
    let (field, part) = match &keys[outside..] {
        [field] => (field, None),
        [field, part] => (field, Some(part.as_str())),
        _ => return None,
    };
    let own = |field: &str| {
        let short = objects.iter().find_map(|object| field.strip_prefix(object)?.strip_prefix('_'));
        let short = short.or_else(|| field.strip_prefix("new_")).or_else(|| field.strip_prefix("current_"));
        short.unwrap_or(field).to_owned()
    };
    let form = |name: &str, field: &str| {
        let rest = field.strip_prefix(name)?;
        match (rest.strip_prefix('_').or(part), rest) {
            (None, "" | "s" | "es") => Some(0),
            (Some(end), _) if part.is_none() || ["", "s", "es"].contains(&rest) => {
                let place = |list: &[&str], form| list.contains(&end).then_some(form);
                place(NAMES, 1).or_else(|| place(IDS, 2))
            }
            _ => None,
        }
    };
    let each = names.iter().enumerate();
    each.filter_map(|(at, name)| Some((at, form(name, field).or_else(|| form(name, &own(field)))?))).min()
}

/// `statusId`, `Status-ID` and `status id` as `status_id`.
fn snake(key: &str) -> String {
    let mut snake = String::with_capacity(key.len() + 4);
    let mut small = false;
    for c in key.chars() {
        if c.is_uppercase() && small {
            snake.push('_');
        }
        small = c.is_lowercase() || c.is_numeric();
        match c {
            '-' | ' ' => snake.push('_'),
            c => snake.extend(c.to_lowercase()),
        }
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed<'a>(event_type: &str, paths: &[&'a str]) -> Option<&'a str> {
        let owned: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let about = ChangedEvent { event_type, object_type: "", paths: &owned };
        assert_eq!(named_change(about, "{actor} did it"), None);
        named_change(about, "{actor} did it[ from {old}][ to {new}]").map(|at| paths[at])
    }

    /// J13: in each spelling of the field, wherever it stands among the changes.
    #[test]
    fn the_change_that_the_type_is_named_after() {
        for path in [
            "status",
            "/status",
            "status_id",
            "statusId",
            "STATUS_ID",
            "status.name",
            "status/id",
            "status_name",
            "order_status",
            "orderStatusId",
            "order.status",
            "/order/status/label",
            "attributes.status",
            "new_status",
            "Status",
            "status-code",
        ] {
            assert_eq!(changed("order.status_changed", &["updated_at", path, "note"]), Some(path), "{path}");
        }
        for path in [
            "updated_at",
            "note",
            "status_changed_at",
            "status_at",
            "status_history/0/by",
            "client.status",
            "stat",
            "substatus",
            "previous_status_id",
            "client.id",
            "name",
            "",
        ] {
            assert_eq!(changed("order.status_changed", &[path]), None, "{path}");
        }
        for (event_type, paths, path) in [
            ("order.status_changed", ["status_id", "status.name"], Some("status.name")),
            ("order.status_changed", ["status_id", "status"], Some("status")),
            ("product.renamed", ["sku", "name"], Some("name")),
            ("product.renamed", ["sku", "product.title"], Some("product.title")),
            ("product.renamed", ["sku", "price"], None),
            ("task.deadline_changed", ["due", "deadline"], Some("deadline")),
            ("task.deadline_changed", ["note", "dueDate"], Some("dueDate")),
            ("order.appointment_time_changed", ["note", "appointment_at"], Some("appointment_at")),
            ("task.assignee_changed", ["note", "assignee_id"], Some("assignee_id")),
            ("contact.updated", ["name", "status"], None),
            ("lead.converted", ["status", "deal_id"], Some("deal_id")),
            ("deal.won", ["amount", "stage"], None),
        ] {
            assert_eq!(changed(event_type, &paths), path, "{event_type} {paths:?}");
        }
    }

    /// J13: what came into an object or went, and what a verb did. A change alone is not it either, for being alone.
    #[test]
    fn what_came_or_went() {
        for (event_type, paths, path) in [
            ("order.work_added", vec!["total", "works/3"], Some("works/3")),
            ("order.work_added", vec!["works/3/price", "works/3/name"], Some("works/3/name")),
            ("order.work_added", vec!["total", "price"], None),
            ("order.work_removed", vec!["items/0"], Some("items/0")),
            ("order.work_removed", vec!["works/0"], Some("works/0")),
            ("order.product_added", vec!["price"], None),
            ("order.product_added", vec!["items/0/price"], None),
            ("order.file_attached", vec!["attachments/2"], Some("attachments/2")),
            ("order.file_attached", vec!["size"], None),
            ("order.comment_created", vec!["author", "text"], Some("text")),
            ("order.comment_created", vec!["comments_count"], None),
            ("orders.exported", vec!["columns", "format"], Some("format")),
            ("contacts.exported", vec!["columns"], None),
            ("contacts.imported", vec!["skipped"], None),
            ("contacts.imported", vec!["source"], Some("source")),
            ("call.closed", vec!["duration"], None),
            ("call.closed", vec!["resolution"], Some("resolution")),
            ("client.review_received", vec!["replied"], None),
            ("client.review_received", vec!["rating"], Some("rating")),
            ("phone_credits.created", vec!["currency"], None),
            ("phone_credits.created", vec!["credits"], Some("credits")),
            ("phone_credits.created", vec!["phone_credits/amount"], Some("phone_credits/amount")),
            ("deal.won", vec!["amount"], None),
            ("prospect.scored", vec!["stage"], None),
            ("prospect.scored", vec!["score"], Some("score")),
            ("deal.discounted", vec!["discount_value"], Some("discount_value")),
            ("contact.updated", vec!["name"], None),
        ] {
            assert_eq!(changed(event_type, &paths), path, "{event_type} {paths:?}");
        }
    }
}
