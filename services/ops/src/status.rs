//! `status`: one look at everything, whether it is all right, and if not, what and what to do.

use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::{
    Broker, CanaryFacts, ConnectError, ServerFacts, StoreFacts, StreamFacts, StreamLook,
};
use grandstand_core::presence::PresenceBody;
use serde::Serialize;

use crate::args::StatusArgs;
use crate::clock::now_us;
use crate::gateways;
use crate::matches::Listed;
use crate::status_judge::judge;
use crate::status_show::{json, screen};
use crate::stop::ended_quietly;

/// Something that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Trouble {
    /// A stable word for scripts: nats, streams, canary, matches, gateways.
    pub(crate) about: &'static str,
    pub(crate) what: String,
    pub(crate) cure: String,
}

impl Trouble {
    pub(crate) fn new(
        about: &'static str,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            about,
            what: what.into(),
            cure: cure.into(),
        }
    }
}

/// All that was seen. What could not be seen is none here, and a trouble.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) server: Option<ServerFacts>,
    pub(crate) store: Option<StoreFacts>,
    pub(crate) streams: Vec<StreamLook>,
    pub(crate) canaries: Option<Vec<CanaryFacts>>,
    pub(crate) incarnation: Option<u64>,
    pub(crate) matches: Option<Vec<Listed>>,
    /// Matches whose newest record can't be read.
    pub(crate) unreadable: Vec<String>,
    pub(crate) gateways: Option<Vec<PresenceBody>>,
}

impl Seen {
    /// What a stream is like that is there and answers.
    pub(crate) fn facts(&self, stream: &str) -> Option<&StreamFacts> {
        let look = self.streams.iter().find(|look| look.stream == stream)?;
        let found = look.found.as_ref().ok()?.as_ref()?;
        Some(&found.0)
    }
}

pub(crate) async fn run(
    signed_in: Result<Broker, ConnectError>,
    args: &StatusArgs,
    out: &mut (impl Write + Send),
) -> anyhow::Result<ExitCode> {
    let (mut seen, mut troubles) = (Seen::default(), Vec::new());
    match signed_in {
        Ok(broker) => look(&broker, &mut seen, &mut troubles).await,
        Err(error) => troubles.push(not_signed_in(&error.to_string())),
    }
    troubles.extend(judge(&seen));
    let text = match args.broker.json {
        true => json(&seen, &troubles).to_string(),
        false => screen(&seen, &troubles).join("\n"),
    };
    ended_quietly(
        writeln!(out, "{text}")
            .and_then(|()| out.flush())
            .map_err(Into::into),
    )?;
    Ok(match troubles.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Such an error says what is wrong and, after that, what to do.
fn not_signed_in(error: &str) -> Trouble {
    let usual = "give the URL of a running server with --nats-url, and its keys with --keys";
    let (what, cure) = error.split_once("; ").unwrap_or((error, usual));
    Trouble::new("nats", what, cure)
}

/// Looks at everything; what does not answer keeps nothing else from being looked at.
async fn look(broker: &Broker, seen: &mut Seen, troubles: &mut Vec<Trouble>) {
    const AGAIN: &str = "look again in a moment; if it stays, look at nats-server's log";
    let mut ask = |about, what: &str, error: &dyn std::fmt::Display| {
        troubles.push(Trouble::new(about, format!("{what}: {error}"), AGAIN));
    };
    seen.server = Some(broker.server());
    match broker.store_facts().await {
        Ok(store) => seen.store = Some(store),
        Err(error) => ask("nats", "JetStream does not answer", &error),
    }
    seen.streams = broker.look_at_streams().await;
    // What is missing is told as such, and not once more as what does not answer.
    if seen.facts("CANARY").is_some() {
        match broker.canaries().await {
            Ok(canaries) => seen.canaries = Some(canaries),
            Err(error) => ask("canary", "the canaries can't be read", &error),
        }
    }
    // Where nothing is written, those that are alive can't say so.
    if seen.facts("KV_gateways").is_some_and(|it| !it.leaderless) {
        match gateways::alive(broker).await {
            Ok(alive) => seen.gateways = Some(alive),
            Err(error) => ask("gateways", "the gateways can't be listed", &error),
        }
    }
    if seen.facts("SCORES").is_some()
        && let Err(error) = look_at_matches(broker, seen).await
    {
        ask("matches", "the matches can't be listed", &error);
    }
}

async fn look_at_matches(
    broker: &Broker,
    seen: &mut Seen,
) -> Result<(), grandstand_broker::ReadError> {
    let incarnation = broker.incarnation().await?;
    seen.incarnation = Some(incarnation);
    let mut matches = Vec::new();
    for record in broker.directory().await? {
        match Listed::of(&record, incarnation, now_us()) {
            Some(listed) => matches.push(listed),
            None => seen.unreadable.push(record.match_id.to_string()),
        }
    }
    seen.matches = Some(matches);
    Ok(())
}
