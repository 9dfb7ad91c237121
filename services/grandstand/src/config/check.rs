//! `--check-config`: what was found of everything that can be checked without starting.

mod broker;
mod dev;
mod edge;

use std::process::ExitCode;

use clap::CommandFactory;
use grandstand_broker::Role;
use grandstand_server::args::EdgeArgs;
use serde::Serialize;
use serde_json::json;

pub(crate) use dev::{DevChecked, dev};

use crate::config::descriptors::Wanted;
use crate::config::variables;
use crate::process::say;

/// What was found about one option.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// The option and its variable.
    place: String,
    verdict: Verdict,
    /// What was found.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Fine,
    /// Odd, and no reason not to start.
    Odd,
    /// It would not start, or would not serve.
    Wrong,
}

impl Finding {
    fn fine(place: &str, found: impl Into<String>) -> Self {
        Self {
            place: place.to_owned(),
            verdict: Verdict::Fine,
            found: found.into(),
            cure: None,
        }
    }

    fn wrong(place: &str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Wrong,
            cure: Some(cure.into()),
            ..Self::fine(place, found)
        }
    }

    fn odd(place: &str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Odd,
            ..Self::wrong(place, found, cure)
        }
    }
}

/// Checks scoring or a gateway, which has `polls` beside its other connections.
pub(crate) async fn role(edge: &EdgeArgs, polls: usize, nats_url: &str, role: Role) -> ExitCode {
    let mut findings = edge::keys(&edge.keys, role);
    let addresses = [
        ("--listen", "GRANDSTAND_LISTEN", edge.listen),
        (
            "--admin-listen",
            "GRANDSTAND_ADMIN_LISTEN",
            edge.admin_listen,
        ),
    ];
    findings.extend(edge::addresses(&addresses));
    findings.push(edge::connections(Wanted {
        connections: edge.connections_max,
        polls,
    }));
    findings.extend(broker::broker(nats_url, &edge.keys, role).await);
    conclude(findings, edge.json)
}

/// Says everything; 0 if nothing is wrong, else 1.
fn conclude(mut findings: Vec<Finding>, as_json: bool) -> ExitCode {
    findings.extend(unknown_variables());
    for finding in &findings {
        match as_json {
            true => say(&json!(finding)),
            false => println!("{}", in_words(finding)),
        }
    }
    let wrong = findings.iter().filter(|f| f.verdict == Verdict::Wrong);
    match wrong.count() {
        0 => ExitCode::SUCCESS,
        count => {
            eprintln!("grandstand: {count} of {} checks failed", findings.len());
            ExitCode::FAILURE
        }
    }
}

fn unknown_variables() -> Vec<Finding> {
    let unknown = variables::unknown_here(&crate::Cli::command()).into_iter();
    let finding = |unknown: variables::Unknown| {
        let cure = match unknown.nearest {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => "`grandstand config` shows those there are".to_owned(),
        };
        Finding::odd(&unknown.name, "no option reads this variable", cure)
    };
    unknown.map(finding).collect()
}

fn in_words(finding: &Finding) -> String {
    let Finding {
        place,
        verdict,
        found,
        cure,
    } = finding;
    let verdict = match verdict {
        Verdict::Fine => "fine ",
        Verdict::Odd => "odd  ",
        Verdict::Wrong => "WRONG",
    };
    match cure {
        Some(cure) => format!("{verdict}  {place}: {found}\n       -> {cure}"),
        None => format!("{verdict}  {place}: {found}"),
    }
}
