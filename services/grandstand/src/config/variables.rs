//! The environment: which variables are ours, and a warning of those that look so and are not.

use std::collections::BTreeSet;

use clap::Command;

use crate::config;

/// What all of ours begin with.
const PREFIX: &str = "GRANDSTAND_";
/// Names that differ in more than this share of their letters are not offered as what was meant.
const LIKENESS_MIN: f64 = 0.6;

/// A variable that no option gives.
pub(crate) struct Other {
    /// Its name.
    pub(crate) name: &'static str,
    /// A sentence.
    pub(crate) what: &'static str,
}

/// Variables that are read beside the options.
pub(crate) const OTHERS: &[Other] = &[
    Other {
        name: "GRANDSTAND_CACHE",
        what: "Folder of a fetched nats-server; the user's cache folder unless given",
    },
    Other {
        name: "GRANDSTAND_NKEY_SCORING",
        what: "Public half of scoring's NATS key, which nats/nats-server.conf reads",
    },
    Other {
        name: "GRANDSTAND_NKEY_GATEWAY",
        what: "Public half of the gateways' NATS key, which nats/nats-server.conf reads",
    },
    Other {
        name: "GRANDSTAND_NKEY_OPS",
        what: "Public half of the operators' NATS key, which nats/nats-server.conf reads",
    },
    Other {
        name: "GRANDSTAND_SHARED",
        what: "Tests only: the folder of shared files, real matches among them",
    },
    Other {
        name: "GRANDSTAND_TEST_SEED",
        what: "Tests only: the seed of a random test that is to be run again",
    },
    Other {
        name: "GRANDSTAND_UPDATE",
        what: "Tests only: write the committed files that are made from the code",
    },
];

/// A variable that looks like ours and is not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// Its name.
    pub(crate) name: String,
    /// The one that was probably meant.
    pub(crate) nearest: Option<String>,
}

/// Warns of each variable of this process that nothing reads.
pub(crate) fn warn_of_unknown(program: &Command) {
    for Unknown { name, nearest } in unknown_here(program) {
        match nearest {
            Some(nearest) => {
                tracing::warn!("no option reads the variable {name}; did you mean {nearest}?");
            }
            None => tracing::warn!(
                "no option reads the variable {name}; `grandstand config` shows those there are"
            ),
        }
    }
}

/// The variables of this process that look like ours and are not.
pub(crate) fn unknown_here(program: &Command) -> Vec<Unknown> {
    let present = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        Some((name, value.to_string_lossy().into_owned()))
    });
    unknown(present, &known(program))
}

/// Every variable that something reads: options of other roles too, since machines share files of
/// variables.
fn known(program: &Command) -> BTreeSet<String> {
    let mut known: BTreeSet<String> = OTHERS.iter().map(|other| other.name.to_owned()).collect();
    let mut commands = vec![program];
    while let Some(command) = commands.pop() {
        known.extend(command.get_arguments().filter_map(config::variable));
        commands.extend(command.get_subcommands());
    }
    known
}

fn unknown(
    present: impl Iterator<Item = (String, String)>,
    known: &BTreeSet<String>,
) -> Vec<Unknown> {
    let mut unknown: Vec<Unknown> = present
        .filter(|(name, value)| {
            name.starts_with(PREFIX) && !known.contains(name) && !is_service_link(name, value)
        })
        .map(|(name, _)| Unknown {
            nearest: nearest(&name, known),
            name,
        })
        .collect();
    unknown.sort_by(|a, b| a.name.cmp(&b.name));
    unknown
}

/// Kubernetes tells every container of every service by such variables, ours among them.
fn is_service_link(name: &str, value: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.contains("_TCP_")
        || value.starts_with("tcp://")
}

fn nearest(name: &str, known: &BTreeSet<String>) -> Option<String> {
    let own = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let likeness = |other: &str| strsim::normalized_damerau_levenshtein(&own(name), &own(other));
    let best = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= LIKENESS_MIN).then(|| best.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown_of(present: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let known = [
            "GRANDSTAND_LISTEN",
            "GRANDSTAND_KEYS",
            "GRANDSTAND_NATS_URL",
        ];
        let known = known.map(str::to_owned).into();
        let present = present
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let unknown = unknown(present, &known).into_iter();
        unknown.map(|found| (found.name, found.nearest)).collect()
    }

    #[test]
    fn a_slip_is_told_with_the_nearest_name() {
        for (slip, meant) in [
            ("GRANDSTAND_LISTN", "GRANDSTAND_LISTEN"),
            ("GRANDSTAND_KEY", "GRANDSTAND_KEYS"),
            ("GRANDSTAND_NATSURL", "GRANDSTAND_NATS_URL"),
        ] {
            let found = unknown_of(&[(slip, "x")]);
            assert_eq!(found, [(slip.to_owned(), Some(meant.to_owned()))]);
        }
        let found = unknown_of(&[("GRANDSTAND_COLOUR_OF_THE_PAGE", "red")]);
        assert_eq!(found[0].1, None);
    }

    #[test]
    fn what_is_known_and_what_is_not_ours_is_not_told() {
        let present = [
            ("GRANDSTAND_KEYS", "k"),
            ("PATH", "/bin"),
            ("GRANDSTAND_GATEWAY_SERVICE_HOST", "10.0.0.1"),
            ("GRANDSTAND_GATEWAY_PORT", "tcp://10.0.0.1:7002"),
            ("GRANDSTAND_GATEWAY_PORT_7002_TCP_ADDR", "10.0.0.1"),
        ];
        assert_eq!(unknown_of(&present), []);
    }
}
