//! What a `dev` tells whoever started it: URLs, tokens, and commands to paste.

use std::path::PathBuf;
use std::time::SystemTime;

use grandstand_core::ids::MatchId;
use grandstand_play::{Outcome, Speed};
use grandstand_server::access::{Access, AccessSecret, VALID_USUAL};
use grandstand_server::grant::{MatchPattern, Right, Role, Tier};
use grandstand_server::keys::TokenKey;
use grandstand_server::token::{TokenRequest, mint};
use serde::Serialize;
use serde_json::{Value, json};

use crate::access::link;
use crate::dev::playing::Known;
use crate::process::say;

/// Everything is up.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) scoring_url: String,
    pub(crate) gateway_url: String,
    pub(crate) admin_url: String,
    pub(crate) nats_url: String,
    pub(crate) keys: PathBuf,
    /// What is played.
    pub(crate) on_now: Option<Known>,
    /// Where that is made up.
    pub(crate) seed: Option<u64>,
    pub(crate) speed: Speed,
    pub(crate) tokens: Tokens,
    pub(crate) pad: Pad,
}

/// Access to a match of one's own, for who wants to score.
#[derive(Debug, Clone)]
pub(crate) struct Pad {
    match_id: MatchId,
    access: Access,
}

impl Pad {
    /// Makes it.
    pub(crate) fn make(key: &TokenKey, now: SystemTime) -> anyhow::Result<Self> {
        let match_id = MatchId::new("my-match")?;
        let access = AccessSecret::new(key).make(match_id.as_str(), now, VALID_USUAL)?;
        Ok(Self { match_id, access })
    }
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
            return say(&self.to_json());
        }
        println!(
            "\nGrandstand is up. Ctrl-C ends it.\n\n{}\n{}\n{}\n{}",
            self.watching(),
            self.signing_in(),
            self.following(),
            self.running_more()
        );
    }

    fn to_json(&self) -> Value {
        json!({
            "event": "ready",
            "scoring_url": self.scoring_url,
            "gateway_url": self.gateway_url,
            "admin_url": self.admin_url,
            "nats_url": self.nats_url,
            "keys": self.keys,
            "match": self.on_now.as_ref().map(|known| &known.match_id),
            "seed": self.seed,
            "tokens": self.tokens,
        })
    }

    /// For who has a browser.
    fn watching(&self) -> String {
        let (gateway_url, premium) = (&self.gateway_url, &self.tokens.premium);
        let on_now = match &self.on_now {
            Some(known) => format!("On now: {}, {}.\n", known.title, pace(self.speed)),
            None => String::new(),
        };
        let Pad { match_id, access } = &self.pad;
        let (pin, pad) = (&access.pin, link(&self.scoring_url, match_id, access));
        let again = match self.seed {
            Some(seed) => format!("The same match again: --seed {seed}\n"),
            None => String::new(),
        };
        format!(
            "{on_now}{again}\n\
             Watch it in a browser, as anybody (every 5 s), or as a fan who pays (at once):\n\n\
             {gateway_url}/\n\
             {gateway_url}/#token={premium}\n\n\
             Score a match of your own, with the PIN {pin}:\n\n\
             {pad}\n"
        )
    }

    fn signing_in(&self) -> String {
        let Self {
            scoring_url,
            gateway_url,
            admin_url,
            nats_url,
            ..
        } = self;
        let keys = self.keys.display();
        let Tokens {
            scorer,
            fan,
            premium,
            ops,
        } = &self.tokens;
        format!(
            "scoring  {scoring_url}\ngateway  {gateway_url}\nadmin    {admin_url}\nnats     {nats_url}\nkeys     {keys}\n\n\
             Tokens for a day, to paste into a shell:\n\n\
             SCORER={scorer}\nFAN={fan}\nPREMIUM={premium}\nOPS={ops}\n"
        )
    }

    /// For who has a shell.
    fn following(&self) -> String {
        let (scoring_url, gateway_url) = (&self.scoring_url, &self.gateway_url);
        let websocket = gateway_url.replacen("http", "ws", 1);
        let playing = self.on_now.as_ref();
        let match_id = playing.map_or("demo", |known| known.match_id.as_str());
        let score = match playing {
            Some(_) => String::new(),
            None => format!(
                "Score something, as a trusted poster of patches:\n\n\
                 curl -X PUT {scoring_url}/v1/matches/demo -H \"Authorization: Bearer $SCORER\" -H 'Content-Type: application/json' \\\n  \
                 -d '{{\"sport\":\"open\",\"title\":\"A v B\",\"state\":{{\"strip\":{{\"title\":\"A v B\",\"status\":\"live\"}}}}}}'\n\
                 curl {scoring_url}/v1/matches/demo/events -H \"Authorization: Bearer $SCORER\" -H 'Content-Type: application/json' \\\n  \
                 -d '{{\"id\":\"goal-1\",\"type\":\"goal\",\"patch\":{{\"a\":1}}}}'\n\n"
            ),
        };
        format!(
            "{score}Follow it:\n\n\
             curl {gateway_url}/v1/matches/{match_id}/state -H \"Authorization: Bearer $PREMIUM\"\n\
             npx wscat -c '{websocket}/v1/ws?match={match_id}' -H \"Authorization: Bearer $PREMIUM\"\n"
        )
    }

    fn running_more(&self) -> String {
        let (nats_url, keys) = (&self.nats_url, self.keys.display());
        // To paste as it is: this program need not be on the PATH.
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("grandstand"));
        let program = program.display();
        format!(
            "Run more of each role beside it, and look after it:\n\n\
             {program} scoring --nats-url {nats_url} --keys {keys} --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0\n\
             {program} gateway --nats-url {nats_url} --keys {keys} --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0\n\
             {program} ops verify --nats-url {nats_url} --keys {keys}\n"
        )
    }
}

/// How fast a match goes, in words.
fn pace(speed: Speed) -> String {
    match speed.ball_interval() {
        Some(interval) => format!("a ball every {} s", interval.as_secs_f64()),
        None => "as fast as it goes".to_owned(),
    }
}

/// The next match begins.
pub(crate) fn on_now(as_json: bool, known: &Known, seed: u64) {
    let Known { match_id, title } = known;
    match as_json {
        true => say(&json!({"event": "playing", "match": match_id, "seed": seed})),
        false => println!("On now: {title}. The same match again: --seed {seed}"),
    }
}

/// The match was played to its end.
pub(crate) fn played(as_json: bool, known: &Known, outcome: &Outcome) {
    let (match_id, equal) = (&known.match_id, outcome.is_equal());
    match as_json {
        true => say(&json!({"event": "played", "match": match_id, "equal": equal})),
        // Somebody watches a match: its result says it, and every figure only if one is wrong.
        false if equal => println!("{}: {}.", known.title, outcome.line),
        false => println!("{outcome}"),
    }
}
