//! `bench run`: scenario after scenario, each with a platform of its own, and which targets hold.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::args::{RunArgs, Scenario};
use crate::figure::{Figure, Figures};
use crate::machine::Machine;
use crate::platform::{Platform, is_installed};
use crate::scenarios::Found;
use crate::turn_table::verdict;
use crate::{BenchError, plans};

/// Everything that was measured.
#[derive(Debug, Serialize)]
struct RunReport {
    machine: Machine,
    scenarios: Vec<Outcome>,
}

/// What one scenario came to.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    scenario: Scenario,
    took_s: f64,
    figures: Vec<Figure>,
    wrong: Vec<String>,
    /// What its own command prints with `--json`; null where nothing was measured.
    report: Value,
}

/// What a scenario found, as it goes into an outcome.
pub(crate) struct Measured {
    figures: Vec<Figure>,
    wrong: Vec<String>,
    report: Value,
    text: String,
}

impl Measured {
    pub(crate) fn of(found: &impl Found) -> Self {
        Self {
            figures: found.figures(),
            wrong: found.wrong().to_vec(),
            report: serde_json::json!(found),
            text: found.to_string(),
        }
    }
}

/// Measures until all is done or a signal comes; what was started ends with it.
pub(crate) async fn run(args: &RunArgs) -> Result<ExitCode, BenchError> {
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    tokio::select! {
        done = run_all(args) => done,
        _ = interrupt.recv() => Err(BenchError::Stopped),
        _ = terminate.recv() => Err(BenchError::Stopped),
    }
}

async fn run_all(args: &RunArgs) -> Result<ExitCode, BenchError> {
    let mut report = RunReport {
        machine: Machine::look(),
        scenarios: Vec::new(),
    };
    let until = Instant::now() + 60 * Duration::from_secs(args.minutes_max.into());
    println!("{}", report.machine);
    let all = Scenario::value_variants();
    let scenarios = if args.scenarios.is_empty() {
        all
    } else {
        &args.scenarios
    };
    for &scenario in scenarios {
        let outcome = Outcome::of(args, scenario, until).await;
        report.scenarios.push(outcome);
        // What was measured is kept, whatever comes after.
        if let Some(file) = &args.json_to {
            std::fs::write(file, format!("{}\n", serde_json::json!(report)))?;
        }
    }
    println!("{report}");
    let is_wrong = report
        .scenarios
        .iter()
        .any(|outcome| !outcome.wrong.is_empty());
    Ok(if is_wrong {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl Outcome {
    async fn of(args: &RunArgs, scenario: Scenario, until: Instant) -> Self {
        println!("\n== {} ==\n", name_of(scenario));
        let began = Instant::now();
        let within = until.saturating_duration_since(began);
        let measured = match timeout(within, measure(args, scenario)).await {
            Ok(Ok(measured)) => measured,
            Ok(Err(error)) => Measured::failed(&error.to_string()),
            Err(_) => Measured::failed("not done within --minutes-max"),
        };
        print!("{}\n{}", measured.text, Figures(&measured.figures));
        let wrong = measured.wrong;
        print!("{}", Verdict(&wrong));
        Self {
            scenario,
            took_s: began.elapsed().as_secs_f64(),
            figures: measured.figures,
            wrong,
            report: measured.report,
        }
    }
}

impl Measured {
    fn failed(why: &str) -> Self {
        Self {
            wrong: vec![why.to_owned()],
            ..Self::skipped(String::new())
        }
    }

    fn skipped(text: String) -> Self {
        Self {
            figures: Vec::new(),
            wrong: Vec::new(),
            report: Value::Null,
            text,
        }
    }
}

async fn measure(args: &RunArgs, scenario: Scenario) -> Result<Measured, BenchError> {
    if scenario == Scenario::Tls && !is_installed() {
        let why = "not measured: haproxy or openssl is not installed".to_owned();
        return Ok(Measured::skipped(why));
    }
    let (gateways, fans) = plans::gateways(args, scenario);
    let flags = plans::gateway_flags(&args.gateway_flags, gateways);
    let platform = Platform::start(&args.data, gateways, fans, &flags).await?;
    let measured = plans::measure(args, scenario, &platform).await;
    platform.end().await;
    measured
}

fn name_of(scenario: Scenario) -> String {
    let value = scenario.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

struct Verdict<'a>(&'a [String]);

impl std::fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        verdict(f, self.0)
    }
}

impl std::fmt::Display for RunReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "\n== what has a target ==")?;
        for outcome in &self.scenarios {
            let (name, took_s) = (name_of(outcome.scenario), outcome.took_s);
            writeln!(f, "\n{name}, {took_s:.0} s")?;
            let all = outcome.figures.iter();
            let judged: Vec<Figure> = all.filter(|f| f.target.is_some()).cloned().collect();
            write!(f, "{}{}", Figures(&judged), Verdict(&outcome.wrong))?;
        }
        let figures = self.scenarios.iter().flat_map(|outcome| &outcome.figures);
        let judged: Vec<bool> = figures.filter_map(|figure| figure.holds).collect();
        let held = judged.iter().filter(|held| **held).count();
        let (all, bad) = (
            judged.len(),
            self.scenarios
                .iter()
                .filter(|o| !o.wrong.is_empty())
                .count(),
        );
        write!(
            f,
            "\n{held} of {all} targets hold; {bad} scenarios were not as they should be."
        )
    }
}
