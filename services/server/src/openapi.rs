//! The OpenAPI document of a service, and where it is read: `/openapi.json`, and the paragraphs that
//! the `type` of a problem leads to.

use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, Uri};
use serde_json::{Map, Value, json};

use crate::limits::not_found;
use crate::problem_kind::ProblemKind;

/// What a document says of its service.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name.
    pub title: &'static str,
    /// What it is for, in Markdown.
    pub description: &'static str,
}

/// A JSON Schema by its file's name without `.json`, and its text.
pub type SchemaFile = (&'static str, &'static str);

/// The schemas of a folder by their names: `schema_files!["../schemas/": "a", "b"]`, where the path
/// is relative to the file that says it.
#[macro_export]
macro_rules! schema_files {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!($folder, $name, ".json")))),+]
    };
}

/// The whole document: what is routed, and the schemas that it names.
pub fn document(about: About, paths: Map<String, Value>, schemas: &[SchemaFile]) -> Value {
    let schemas: Map<String, Value> = schemas
        .iter()
        .map(|(name, text)| ((*name).to_owned(), component(name, text)))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "description": about.description,
            "version": "1",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "HS256; claims `iss`, `aud`, `sub`, `exp`, `role` and, by role, `matches`, \
             `rights`, `tier`, `delay_s`. `grandstand token` makes them.",
                },
            },
            "headers": headers(),
            "schemas": schemas,
        },
    })
}

/// `/openapi.json`, `/problems` and `/problems/{word}`.
pub fn routes(document: &Value) -> Router {
    let body = Bytes::from(document.to_string());
    Router::new()
        .route("/openapi.json", get(move || async move { json_page(body) }))
        .route("/problems", get(|| async { page(ProblemKind::ALL) }))
        .route("/problems/{word}", get(paragraph))
}

async fn paragraph(
    word: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match word.ok().and_then(|word| ProblemKind::of_word(&word)) {
        Some(kind) => page(&[kind]),
        None => not_found(uri, headers).await.into_response(),
    }
}

fn json_page(body: Bytes) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}

fn page(kinds: &[ProblemKind]) -> Response {
    let paragraphs: String = kinds.iter().map(|kind| section(*kind)).collect();
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Problems</title>\n<link rel=\"stylesheet\" href=\"/docs/docs.css\">\n\
         <body class=\"page\">\n<h1>Problems</h1>\n{paragraphs}\
         <p><a href=\"/problems\">All problems</a> · <a href=\"/docs\">All calls</a></p>\n</body>\n</html>\n"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, page).into_response()
}

/// The texts are ours and hold no markup but code between back ticks.
fn section(kind: ProblemKind) -> String {
    let (word, title, status) = (kind.word(), kind.title(), kind.status().as_u16());
    let escaped = kind.paragraph().replace('&', "&amp;").replace('<', "&lt;");
    let text: String = escaped
        .split('`')
        .enumerate()
        .map(|(place, part)| match place % 2 {
            0 => part.to_owned(),
            _ => format!("<code>{part}</code>"),
        })
        .collect();
    format!(
        "<section id=\"{word}\">\n<h2><a href=\"/problems/{word}\"><code>{word}</code></a> ({status})</h2>\n\
         <p><strong>{title}.</strong> {text}</p>\n</section>\n"
    )
}

/// A schema as a component: it refers to others as components, not as files.
fn component(name: &str, text: &str) -> Value {
    let mut schema: Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(members) = schema.as_object_mut() {
        members.remove("$schema");
        members.remove("$id");
    }
    repoint(name, &mut schema);
    schema
}

fn repoint(name: &str, schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| repoint(name, item)),
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member.as_str()) {
                    ("$ref", Some(reference)) => {
                        let (file, place) = reference.split_once('#').unwrap_or((reference, ""));
                        let file = match file {
                            "" => name,
                            file => file.strip_suffix(".json").unwrap_or(file),
                        };
                        *member = format!("#/components/schemas/{file}{place}").into();
                    }
                    _ => repoint(name, member),
                }
            }
        }
        _ => {}
    }
}

fn headers() -> Value {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let number = |description: &str| json!({ "description": description, "schema": { "type": "integer", "minimum": 0 } });
    json!({
        "Allow": text("The methods that the path takes."),
        "Cache-Control": text("Who may keep the answer, and for how long."),
        "ETag": text("What the answer is about: `<epoch>-<seq>`, at a gateway with more."),
        "Location": text("The match."),
        "RateLimit": text("What the token has left: `\"token\";r=<requests>;t=<seconds until all are \
             there again>` (draft-ietf-httpapi-ratelimit-headers)."),
        "RateLimit-Policy": text("What a token has: `\"token\";q=<requests>;w=<seconds>`."),
        "Retry-After": number("When to try again, in seconds."),
        "Vary": text("Which headers of the request the answer depends on."),
        "WWW-Authenticate": text("`Bearer`."),
        "grandstand-poll-after-ms": number("When to ask again, in milliseconds, less the `Age` of an answer out of a \
             cache."),
        "grandstand-status": text("How far the answer can be trusted to be all there is: `live`, `delayed`, \
             `stale` or `damaged`."),
        "grandstand-tier": text("By which tier the answer was made."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::{Request, StatusCode};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    async fn ask(path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = routes(&json!({})).oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn every_type_of_a_problem_leads_to_its_paragraph() {
        for kind in ProblemKind::ALL {
            let (status, page) = ask(&format!("/problems/{}", kind.word())).await;
            assert_eq!(status, StatusCode::OK);
            assert!(page.contains(&format!("id=\"{}\"", kind.word())), "{page}");
            assert!(page.contains(kind.title()), "{page}");
        }
        let (_, all) = ask("/problems").await;
        assert_eq!(all.matches("<section").count(), ProblemKind::ALL.len());
        for nothing in ["nonsense", "%ff"] {
            let (status, problem) = ask(&format!("/problems/{nothing}")).await;
            assert_eq!(status, StatusCode::NOT_FOUND);
            assert!(problem.contains("/problems/not-found"), "{problem}");
        }
    }

    #[test]
    fn references_between_files_become_references_between_components() {
        let text = r##"{"$schema": "x", "a": {"$ref": "b.json#/$defs/c"}, "d": [{"$ref": "#/$defs/e"}, {"$ref": "f.json"}]}"##;
        assert_eq!(
            component("me", text),
            json!({
                "a": { "$ref": "#/components/schemas/b/$defs/c" },
                "d": [{ "$ref": "#/components/schemas/me/$defs/e" }, { "$ref": "#/components/schemas/f" }],
            })
        );
    }
}
