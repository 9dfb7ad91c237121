//! What a `dev` tells whoever started it: URLs, tokens, and commands to paste.

use std::path::PathBuf;
use std::time::SystemTime;

use grandstand_core::ids::MatchId;
use grandstand_play::Outcome;
use grandstand_server::grant::{MatchPattern, Right, Role, Tier};
use grandstand_server::keys::TokenKey;
use grandstand_server::token::{TokenRequest, mint};
use serde::Serialize;
use serde_json::json;

use crate::process::say;

/// Everything is up.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ready {
    pub(crate) scoring_url: String,
    pub(crate) gateway_url: String,
    pub(crate) admin_url: String,
    pub(crate) nats_url: String,
    pub(crate) keys: PathBuf,
    #[serde(rename = "match")]
    pub(crate) match_id: Option<MatchId>,
    pub(crate) tokens: Tokens,
}

/// One token of each kind, for a day.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tokens {
    /// Writes every match, with both rights.
    pub(crate) scorer: String,
    /// Of the free tier.
    pub(crate) fan: String,
    /// Of the premium tier.
    pub(crate) premium: String,
    /// Reads everything.
    pub(crate) ops: String,
}

impl Tokens {
    /// Makes them.
    pub(crate) fn mint(key: &TokenKey, now: SystemTime) -> anyhow::Result<Self> {
        let fan = |sub: &str, tier| TokenRequest {
            tier: Some(tier),
            ..TokenRequest::new(sub, Role::Fan)
        };
        let scorer = TokenRequest {
            matches: Some(vec!["*".parse::<MatchPattern>()?]),
            rights: vec![Right::Open, Right::Official],
            ..TokenRequest::new("dev-scorer", Role::Scorer)
        };
        Ok(Self {
            scorer: mint(key, &scorer, now)?,
            fan: mint(key, &fan("dev-fan", Tier::Free), now)?,
            premium: mint(key, &fan("dev-premium", Tier::Premium), now)?,
            ops: mint(key, &TokenRequest::new("dev-ops", Role::Ops), now)?,
        })
    }
}

impl Ready {
    /// Says it: one JSON object, or a page to read and paste from.
    pub(crate) fn show(&self, as_json: bool) {
        if as_json {
            let mut object = json!(self);
            object["event"] = json!("ready");
            return say(&object);
        }
        let Self {
            scoring_url,
            gateway_url,
            admin_url,
            nats_url,
            keys,
            ..
        } = self;
        let websocket = gateway_url.replacen("http", "ws", 1);
        let match_id = self.match_id.as_ref().map_or("demo", MatchId::as_str);
        let Tokens {
            scorer,
            fan,
            premium,
            ops,
        } = &self.tokens;
        let keys = keys.display();
        // To paste as it is: this program need not be on the PATH.
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("grandstand"));
        let program = program.display();
        println!(
            "\nGrandstand is up. Ctrl-C ends it.\n\n\
             scoring  {scoring_url}\ngateway  {gateway_url}\nadmin    {admin_url}\nnats     {nats_url}\nkeys     {keys}\n\n\
             Tokens for a day, to paste into a shell:\n\n\
             SCORER={scorer}\nFAN={fan}\nPREMIUM={premium}\nOPS={ops}\n"
        );
        if self.match_id.is_none() {
            println!(
                "Score something, as a trusted poster of patches:\n\n\
                 curl -X PUT {scoring_url}/v1/matches/demo -H \"Authorization: Bearer $SCORER\" -H 'Content-Type: application/json' \\\n  \
                 -d '{{\"sport\":\"open\",\"title\":\"A v B\",\"state\":{{\"strip\":{{\"title\":\"A v B\",\"status\":\"live\"}}}}}}'\n\
                 curl {scoring_url}/v1/matches/demo/events -H \"Authorization: Bearer $SCORER\" -H 'Content-Type: application/json' \\\n  \
                 -d '{{\"id\":\"goal-1\",\"type\":\"goal\",\"patch\":{{\"a\":1}}}}'\n"
            );
        }
        println!(
            "Follow it:\n\n\
             curl {gateway_url}/v1/matches/{match_id}/state -H \"Authorization: Bearer $PREMIUM\"\n\
             npx wscat -c '{websocket}/v1/ws?match={match_id}' -H \"Authorization: Bearer $PREMIUM\"\n\n\
             Run more of each role beside it, and look after it:\n\n\
             {program} scoring --nats-url {nats_url} --keys {keys} --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0\n\
             {program} gateway --nats-url {nats_url} --keys {keys} --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0\n\
             {program} ops verify --nats-url {nats_url} --keys {keys}\n"
        );
    }
}

/// The match was played to its end.
pub(crate) fn played(as_json: bool, match_id: &MatchId, outcome: &Outcome) {
    match as_json {
        true => say(&json!({"event": "played", "match": match_id, "equal": outcome.is_equal()})),
        false => println!("{outcome}"),
    }
}
