//! What one call takes and answers, as OpenAPI 3.1 says it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::problem_kind::ProblemKind;
use crate::query::Known;

/// Whatever may be refused of a request that shows a token.
const OF_TOKENS: &[ProblemKind] = &[
    ProblemKind::TokenExpired,
    ProblemKind::TokenMalformed,
    ProblemKind::TokenMissing,
    ProblemKind::TokenMissingClaim,
    ProblemKind::TokenNotYetValid,
    ProblemKind::TokenWrongAlgorithm,
    ProblemKind::TokenWrongAudience,
    ProblemKind::TokenWrongIssuer,
    ProblemKind::TokenWrongKey,
];

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Only whoever shows a token.
    SignedIn,
    /// Anybody; a token shows more.
    Anybody,
}

/// One call.
#[derive(Debug)]
pub struct Operation {
    members: Map<String, Value>,
    parameters: Vec<Value>,
    answers: BTreeMap<u16, Value>,
    problems: Vec<ProblemKind>,
    in_query: Vec<&'static str>,
}

/// What an answer carries.
#[derive(Debug, Clone, Copy)]
pub enum Carries {
    /// A document of the schema with this name, in JSON or MessagePack.
    Document(&'static str),
    /// Server-sent events, whose `data` is of the schema with this name.
    Events(&'static str),
    /// Text of this media type.
    Text(&'static str),
    /// Nothing.
    Nothing,
}

impl Operation {
    /// A call with a name of its own, said in a line.
    pub fn new(name: &'static str, summary: &'static str, caller: Caller) -> Self {
        let mut members = Map::new();
        members.insert("operationId".into(), name.into());
        members.insert("summary".into(), summary.into());
        let security = match caller {
            Caller::SignedIn => json!([{ "bearer": [] }]),
            Caller::Anybody => json!([{}, { "bearer": [] }]),
        };
        members.insert("security".into(), security);
        Self {
            members,
            parameters: Vec::new(),
            answers: BTreeMap::new(),
            problems: OF_TOKENS.to_vec(),
            in_query: Vec::new(),
        }
    }

    /// Says more, in Markdown.
    pub fn describe(mut self, description: &str) -> Self {
        self.members
            .insert("description".into(), description.into());
        self
    }

    /// Is about the match of its path.
    pub fn of_match(self) -> Self {
        let schema = json!({ "type": "string", "pattern": "^[a-z0-9-]{1,64}$" });
        self.path("match", schema, "The match.")
    }

    /// Takes a part of the path, which is always there.
    pub fn path(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter("path", name, schema, description)
    }

    /// Takes a parameter of the query.
    pub fn query(mut self, name: &'static str, schema: Value, description: &str) -> Self {
        self.in_query.push(name);
        self.parameter("query", name, schema, description)
    }

    /// Takes a header.
    pub fn header(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter("header", name, schema, description)
    }

    fn parameter(mut self, place: &str, name: &str, schema: Value, description: &str) -> Self {
        self.parameters.push(json!({
            "name": name,
            "in": place,
            "required": place == "path",
            "description": description,
            "schema": schema,
        }));
        self
    }

    /// Takes a document of the schema with this name, of at most `bytes_max`.
    pub fn body(mut self, schema: &str, bytes_max: usize) -> Self {
        self.problems.extend([
            ProblemKind::BodyTooLarge,
            ProblemKind::IncompleteBody,
            ProblemKind::MalformedBody,
            ProblemKind::MalformedEvent,
            ProblemKind::UnsupportedMediaType,
        ]);
        let body = json!({
            "required": true,
            "description": format!("At most {bytes_max} bytes."),
            "content": in_both_codecs("", schema),
        });
        self.members.insert("requestBody".into(), body);
        self
    }

    /// Answers so, with these headers of the document's components.
    pub fn answer(
        mut self,
        status: u16,
        description: &str,
        carries: Carries,
        headers: &[&'static str],
    ) -> Self {
        let content = match carries {
            Carries::Document(schema) => Some(in_both_codecs("", schema)),
            Carries::Events(schema) => {
                let data = json!({ "type": "string", "contentMediaType": "application/json",
                    "contentSchema": reference(schema) });
                Some(json!({ "text/event-stream": { "schema": data } }))
            }
            Carries::Text(media_type) => {
                Some(json!({ media_type: { "schema": { "type": "string" } } }))
            }
            Carries::Nothing => None,
        };
        let entry = self.answers.entry(status).or_insert_with(|| json!({}));
        entry["description"] = description.into();
        if !headers.is_empty() {
            entry["headers"] = references_to(headers);
        }
        if let Some(Value::Object(more)) = content {
            match &mut entry["content"] {
                Value::Object(content) => content.extend(more),
                absent => *absent = more.into(),
            }
        }
        self
    }

    /// May refuse so.
    pub fn problems(mut self, kinds: &[ProblemKind]) -> Self {
        self.problems.extend_from_slice(kinds);
        self
    }

    /// The parameters of its query, for whoever looks at one.
    pub(crate) fn known(&self) -> Known {
        Known::new(self.in_query.clone())
    }

    pub(crate) fn into_value(mut self) -> Value {
        self.problems.sort_by_key(|kind| kind.word());
        self.problems.dedup();
        let mut by_status: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
        for kind in &self.problems {
            let status = kind.status().as_u16();
            by_status.entry(status).or_default().push(*kind);
        }
        for (status, kinds) in by_status {
            let answer = refusal(status, &kinds);
            self.answers.insert(status, answer);
        }
        let answers = self.answers.into_iter();
        let answers: Map<String, Value> = answers
            .map(|(status, answer)| (status.to_string(), answer))
            .collect();
        self.members.insert("responses".into(), answers.into());
        if !self.parameters.is_empty() {
            self.members
                .insert("parameters".into(), self.parameters.into());
        }
        self.members.into()
    }
}

/// The schema of a cursor: the last event that somebody has.
pub fn cursor() -> Value {
    json!({
        "type": "string",
        "pattern": "^(0|[0-9]{1,16}\\.[0-9]{1,16}-[0-9]{1,16})$",
    })
}

/// The answer of one status, whichever of `kinds` it is.
fn refusal(status: u16, kinds: &[ProblemKind]) -> Value {
    let lines = kinds
        .iter()
        .map(|kind| format!("- [`{0}`](/problems/{0}): {1}.", kind.word(), kind.title()));
    let headers: &[&str] = match status {
        401 => &["WWW-Authenticate"],
        429 if kinds.contains(&ProblemKind::QuotaExceeded) => {
            &["Retry-After", "RateLimit", "RateLimit-Policy"]
        }
        429 | 503 | 507 => &["Retry-After"],
        _ => &[],
    };
    let mut answer = json!({
        "description": lines.collect::<Vec<_>>().join("\n"),
        "content": in_both_codecs("problem+", "problem"),
        "x-problems": kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>(),
    });
    if !headers.is_empty() {
        answer["headers"] = references_to(headers);
    }
    answer
}

fn in_both_codecs(prefix: &str, schema: &str) -> Value {
    let content = ["json", "msgpack"].map(|codec| {
        let media = json!({ "schema": reference(schema) });
        (format!("application/{prefix}{codec}"), media)
    });
    content.into_iter().collect::<Map<_, _>>().into()
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn references_to(headers: &[&str]) -> Value {
    let references = headers.iter().map(|name| {
        let reference = json!({ "$ref": format!("#/components/headers/{name}") });
        ((*name).to_owned(), reference)
    });
    references.collect::<Map<_, _>>().into()
}
