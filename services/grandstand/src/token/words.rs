//! A judged token in plain words, and as JSON.

use grandstand_gateway::FanArgs;
use grandstand_server::grant::{Grant, Role, Tier};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::token::claims::{Judged, Signature};

/// What there is to tell.
pub(crate) struct Told<'a> {
    pub(crate) judged: Judged,
    /// A gateway's tiers as they are configured here.
    pub(crate) fans: &'a FanArgs,
    pub(crate) now: OffsetDateTime,
    /// This machine's time zone, if it has one.
    pub(crate) local: Option<UtcOffset>,
}

impl Told<'_> {
    /// Some lines for a person.
    pub(crate) fn text(&self) -> String {
        let mut text = match (&self.judged.refusals[..], self.judged.signature) {
            ([], Signature::Unchecked) => {
                "The claims are good; whether the signature is ours was not checked: name the \
                 folder of the token secret with --keys.\n"
                    .to_owned()
            }
            ([], _) => "Valid: scoring and gateways of this secret take it.\n".to_owned(),
            (refusals, _) => refusals
                .iter()
                .map(|error| format!("REFUSED: {error}\n"))
                .collect(),
        };
        let rows = self.rows();
        if !rows.is_empty() {
            let says = match self.judged.refusals.is_empty() {
                true => "",
                false => "It says of itself:\n",
            };
            text += &format!("\n{says}");
        }
        for (name, value) in rows {
            text += &format!("{name:<11} {}\n", printable(&value));
        }
        text
    }

    /// One object for a script.
    pub(crate) fn json(&self) -> Value {
        let judged = &self.judged;
        let refusals: Vec<Value> = judged
            .refusals
            .iter()
            .map(|error| json!({"code": error.word(), "reason": error.to_string()}))
            .collect();
        let mut object = json!({
            "valid": refusals.is_empty(),
            "signature": match judged.signature {
                Signature::Ours => "ours",
                Signature::Wrong => "wrong",
                Signature::Unchecked => "unchecked",
            },
            "refusals": refusals,
            "claims": judged.claims,
        });
        if let Some(ends) = self.time_of("exp") {
            object["expires"] = json!(ends.format(&Rfc3339).ok());
            object["expires_in_s"] = json!((ends - self.now).whole_seconds());
        }
        if let Some(grant) = &judged.grant {
            object["scoring"] = json!(at_scoring(grant, &self.matches()));
            object["gateway"] = json!(self.at_a_gateway(grant));
            object["policy"] = json!(self.policy(grant).0);
        }
        object
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let claims = &self.judged.claims;
        let mut rows = Vec::new();
        for (name, claim) in [("whose", "sub"), ("role", "role"), ("tier", "tier")] {
            if let Some(value) = claims.get(claim) {
                rows.push((name, plain(value)));
            }
        }
        if let Some(names) = claims.get("matches") {
            rows.push(("matches", plain(names)));
        }
        if let Some(rights) = claims.get("rights") {
            rows.push(("rights", plain(rights)));
        }
        if let Some(made) = self.time_of("iat") {
            rows.push(("made", self.when(made)));
        }
        if let Some(begins) = self.time_of("nbf") {
            rows.push(("begins", self.when(begins)));
        }
        if let Some(ends) = self.time_of("exp") {
            rows.push(("ends", self.when(ends)));
        }
        for (name, claim) in [("issuer", "iss"), ("audience", "aud")] {
            match claims.get(claim) {
                Some(value) if value != "grandstand" => rows.push((name, plain(value))),
                _ => {}
            }
        }
        if let Some(grant) = &self.judged.grant {
            rows.push(("at scoring", at_scoring(grant, &self.matches())));
            rows.push(("at gateways", self.at_a_gateway(grant)));
        }
        rows
    }

    fn matches(&self) -> String {
        let names = self.judged.claims.get("matches");
        names.map_or(String::new(), plain)
    }

    /// The policy of its tier, and the tier.
    fn policy(&self, grant: &Grant) -> (String, Tier) {
        let tier = match (grant.tier, grant.role) {
            (Some(tier), _) => tier,
            (None, Role::Scorer | Role::Ops) => Tier::Premium,
            (None, Role::Fan) => Tier::Free,
        };
        let policy = json!(self.fans.policy_of(tier));
        (policy.as_str().unwrap_or_default().to_owned(), tier)
    }

    fn at_a_gateway(&self, grant: &Grant) -> String {
        let (policy, tier) = self.policy(grant);
        let private = match (grant.role, self.matches()) {
            (Role::Ops, _) => "every private match".to_owned(),
            (_, names) if names.is_empty() => "no private match".to_owned(),
            (_, names) => format!("the private ones among {names}"),
        };
        let delay = match grant.delay_s {
            0 => "no delay of its own".to_owned(),
            delay_s => format!("{delay_s} s behind"),
        };
        format!(
            "reads every public and unlisted match, {private}; as {tier}, which is {policy} unless \
             that gateway is configured otherwise; {delay}"
        )
    }

    fn time_of(&self, claim: &str) -> Option<OffsetDateTime> {
        let seconds = self.judged.claims.get(claim)?.as_f64()?;
        OffsetDateTime::from_unix_timestamp(seconds as i64).ok()
    }

    /// In local words and as RFC 3339, and how long until or since then.
    fn when(&self, time: OffsetDateTime) -> String {
        let words = format_description!(
            "[weekday repr:short] [day padding:none] [month repr:short] [year], [hour]:[minute]:[second]"
        );
        let local = self.local.map(|offset| time.to_offset(offset));
        let local = local.and_then(|local| Some(format!("{} here, ", local.format(words).ok()?)));
        let exact = time.format(&Rfc3339).unwrap_or_default();
        let away_s = (time - self.now).whole_seconds();
        let away = match away_s {
            1.. => format!("in {}", duration(away_s.unsigned_abs())),
            _ => format!("{} ago", duration(away_s.unsigned_abs())),
        };
        format!("{}{exact}, {away}", local.unwrap_or_default())
    }
}

/// What it is good for at scoring.
fn at_scoring(grant: &Grant, matches: &str) -> String {
    match grant.role {
        Role::Scorer if matches.is_empty() => {
            "posts to no match, for it names none; reads".to_owned()
        }
        Role::Scorer => format!("posts to {matches}; reads"),
        Role::Ops => "posts nothing; reads".to_owned(),
        Role::Fan => "refused: fans read at a gateway".to_owned(),
    }
}

/// The two largest units.
fn duration(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min {rest} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A claim as text: lists with commas, everything else as it stands.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A token may be anybody's: what it says shall not move the reader's terminal.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| match c.is_control() {
            true => c.escape_default().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_away_is_told_in_its_two_largest_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (61, "1 min 1 s"),
            (3_600, "1 h 0 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }

    #[test]
    fn what_would_move_a_terminal_is_escaped() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(printable("Żubr"), "Żubr");
    }
}
