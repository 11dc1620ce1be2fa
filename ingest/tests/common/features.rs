//! The conformance features of CloudEvents, as far as they use the language of such files.

use std::path::{Path, PathBuf};

/// One scenario, with one of its examples put in.
#[derive(Debug, Default)]
pub(crate) struct Scenario {
    /// The message: an HTTP request, or the payload of a Kafka record.
    pub(crate) message: String,
    /// The headers of a Kafka record.
    pub(crate) headers: Vec<(String, String)>,
    /// The attributes that are due.
    pub(crate) attributes: Vec<(String, String)>,
    /// The data that is due, JSON.
    pub(crate) data: String,
}

/// Where the features are, if somebody put them beside the repository.
pub(crate) fn folder() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2);
    above.map(|folder| folder.join("shared/data/cloudevents-conformance/features")).find(|folder| folder.is_dir())
}

/// The scenarios of a feature.
pub(crate) fn scenarios(feature: &str) -> Vec<Scenario> {
    let parts = feature.split("\n    Scenario").skip(1);
    parts
        .flat_map(|part| examples(part).into_iter().map(|example| scenario(&part.replace("<contentType>", &example))))
        .collect()
}

/// The examples of an outline; a scenario without any is one.
fn examples(part: &str) -> Vec<String> {
    let Some((_, table)) = part.split_once("Examples:") else { return vec![String::new()] };
    table.lines().filter_map(cells).skip(1).map(|cells| cells[0].clone()).collect()
}

fn scenario(text: &str) -> Scenario {
    let mut found = Scenario::default();
    let (mut step, mut quoted) = ("", None::<Vec<&str>>);
    for line in text.lines() {
        if line.trim() == "\"\"\"" {
            match quoted.take() {
                None => quoted = Some(Vec::new()),
                Some(lines) if step.contains("the data is") => found.data = lines.join("\n"),
                Some(lines) => found.message = lines.join("\n"),
            }
        } else if let Some(lines) = &mut quoted {
            lines.push(line.strip_prefix("        ").unwrap_or(line));
        } else if let Some(cells) = cells(line) {
            let table = if step.contains("headers") { &mut found.headers } else { &mut found.attributes };
            if let [key, value] = cells.as_slice()
                && key != "key"
            {
                table.push((key.clone(), value.clone()));
            }
        } else if !line.trim().is_empty() {
            step = line;
        }
    }
    found
}

fn cells(line: &str) -> Option<Vec<String>> {
    let row = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(row.split('|').map(|cell| cell.trim().to_owned()).collect())
}
