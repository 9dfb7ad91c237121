//! `provision`: makes streams and buckets what they should be, and says what was done.

use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::{Broker, ProvisionMode, ProvisionOptions, Provisioned, StreamReport};
use serde::Serialize;

use crate::args::ProvisionArgs;

#[derive(Serialize)]
struct ReportLine<'a> {
    stream: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    fields: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

pub(crate) async fn run(
    broker: &Broker,
    args: &ProvisionArgs,
    out: &mut (impl Write + Send),
) -> anyhow::Result<ExitCode> {
    let mode = if args.check {
        ProvisionMode::Check
    } else {
        ProvisionMode::Apply
    };
    let mut exit = ExitCode::SUCCESS;
    for report in broker.provision(&options(args, mode)).await? {
        say(args, &report, out)?;
        if matches!(report.outcome, Provisioned::Drift { .. }) {
            exit = ExitCode::FAILURE;
        }
    }
    out.flush()?;
    if args.check && exit != ExitCode::SUCCESS {
        eprintln!("Nothing was changed; without --check it is made as it should be.");
    }
    Ok(exit)
}

/// What the operator decided, done in this mode.
pub(crate) fn options(args: &ProvisionArgs, mode: ProvisionMode) -> ProvisionOptions {
    ProvisionOptions {
        scores_bytes_max: args.scores_bytes_max,
        replicas: args.replicas,
        mode,
    }
}

/// Prints what was found and done about one stream.
pub(crate) fn say(
    args: &ProvisionArgs,
    report: &StreamReport,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let line = report_line(report);
    let text = match args.broker.json {
        true => serde_json::to_string(&line)?,
        false => human(&line),
    };
    Ok(writeln!(out, "{text}")?)
}

fn report_line(report: &StreamReport) -> ReportLine<'_> {
    let (outcome, fields, why): (_, &[String], _) = match &report.outcome {
        Provisioned::Created => ("created", &[], None),
        Provisioned::Unchanged => ("unchanged", &[], None),
        Provisioned::Updated { fields } => ("updated", fields, None),
        Provisioned::Drift { fields, why } => ("drift", fields, Some(why.as_str())),
    };
    ReportLine {
        stream: &report.stream,
        outcome,
        fields,
        why,
    }
}

fn human(line: &ReportLine<'_>) -> String {
    let mut text = format!("{:<9}  {}", line.outcome, line.stream);
    if !line.fields.is_empty() {
        text.push_str(&format!("  {}", line.fields.join(", ")));
    }
    if let Some(why) = line.why {
        text.push_str(&format!(" ({why})"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_says_what_differs_and_why_it_stays() {
        let report = StreamReport {
            stream: "SCORES".to_owned(),
            outcome: Provisioned::Drift {
                fields: vec!["storage".to_owned()],
                why: "can not change storage".to_owned(),
            },
        };
        let line = report_line(&report);
        assert_eq!(
            human(&line),
            "drift      SCORES  storage (can not change storage)"
        );
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            r#"{"stream":"SCORES","outcome":"drift","fields":["storage"],"why":"can not change storage"}"#
        );
    }
}
