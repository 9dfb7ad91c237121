//! What can be said of the documents without a platform.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use grandstand_server::problem_kind::ProblemKind;
use serde_json::Value;

/// Said by no operation: a path or a method that none has.
const OF_NO_OPERATION: &[ProblemKind] = &[ProblemKind::MethodNotAllowed, ProblemKind::NotFound];

/// Each service's document, by the name of its file.
pub(crate) fn documents() -> [(&'static str, Value); 2] {
    [
        (
            "openapi-gateway.json",
            grandstand_gateway::openapi_document(),
        ),
        (
            "openapi-scoring.json",
            grandstand_scoring::openapi_document(),
        ),
    ]
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_committed_documents_are_those_of_the_code() {
    for (name, document) in documents() {
        let path = repository().join("schemas").join(name);
        let text = format!("{document:#}\n");
        if std::env::var_os("GRANDSTAND_UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "{name} is old: GRANDSTAND_UPDATE=1 cargo test -p grandstand --test openapi"
        );
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for (name, document) in documents() {
        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(references.len() > 100, "{name}");
        for reference in references {
            let place = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{name}: {reference}");
        }
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member) {
                    ("$ref", Value::String(reference)) => references.push(reference.clone()),
                    _ => collect(member, references),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_problem_is_one_of_some_operation_and_is_said_by_the_code() {
    let documents = documents();
    let mut told = BTreeSet::new();
    for (_, document) in &documents {
        for operation in operations(document) {
            for answer in operation["responses"].as_object().unwrap().values() {
                let words = answer["x-problems"].as_array().into_iter().flatten();
                told.extend(words.map(|word| word.as_str().unwrap().to_owned()));
            }
        }
    }
    let known = ProblemKind::ALL
        .iter()
        .filter(|kind| !OF_NO_OPERATION.contains(kind));
    let known: BTreeSet<String> = known.map(|kind| kind.word().to_owned()).collect();
    assert_eq!(told, known);

    let code = code_of(&["server", "scoring", "gateway"], |file| {
        ![
            "problem_kind.rs",
            "operation.rs",
            "operations.rs",
            "openapi.rs",
        ]
        .contains(&file)
    });
    for kind in ProblemKind::ALL {
        let said = format!("ProblemKind::{kind:?}");
        let is_said = code.iter().any(|(_, text)| {
            text.match_indices(&said).any(|(at, _)| {
                let next = text[at + said.len()..].chars().next();
                !next.is_some_and(char::is_alphanumeric)
            })
        });
        assert!(is_said, "{kind:?} has a paragraph, and nothing says it");
    }
}

#[test]
fn no_route_is_added_beside_the_document() {
    let code = code_of(&["scoring", "gateway"], |_| true);
    for (path, text) in code {
        let shipped = text.split("#[cfg(test)]").next().unwrap();
        let admin_port = path.ends_with("sign.rs");
        assert!(
            admin_port || !shipped.contains(".route("),
            "{}",
            path.display()
        );
    }
}

/// The source files of some crates.
fn code_of(crates: &[&str], is_wanted: impl Fn(&str) -> bool) -> Vec<(PathBuf, String)> {
    let mut folders: Vec<PathBuf> = crates
        .iter()
        .map(|name| repository().join("services").join(name).join("src"))
        .collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                folders.push(path);
            } else if is_wanted(name) {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    files
}

/// Every operation of a document.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().unwrap().values();
    paths.flat_map(|item| item.as_object().unwrap().values())
}
