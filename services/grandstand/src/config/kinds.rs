//! What an option takes, in words, by the type that its value is parsed into.

use std::any::TypeId;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction};
use grandstand_core::ids::MatchId;
use grandstand_core::policy::PolicyName;
use grandstand_gateway::Anonymous;
use grandstand_play::Speed;
use grandstand_server::cors::Origin;
use grandstand_server::grant::{MatchPattern, Right, Role, Tier};

/// What `arg` takes.
pub(crate) fn kind(arg: &Arg) -> String {
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return "switch".to_owned();
    }
    let words: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    let kind = match words.is_empty() {
        false => words.join(", "),
        true => kind_of_type(arg),
    };
    match arg.get_value_delimiter() {
        Some(',') => format!("{kind}; several with commas"),
        _ => kind,
    }
}

/// What `--help` calls the value: URL is a url, and FILE|none a file or the word.
fn words_of_name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    match names.first() {
        Some(name) => {
            let one = name.split('[').next().unwrap_or(name);
            one.to_lowercase().replace('|', ", ")
        }
        None => "text".to_owned(),
    }
}

fn kind_of_type(arg: &Arg) -> String {
    let parsed = arg.get_value_parser().type_id();
    let kinds = [
        (TypeId::of::<SocketAddr>(), "address:port"),
        (TypeId::of::<PathBuf>(), "path"),
        (TypeId::of::<usize>(), "whole number"),
        (TypeId::of::<u64>(), "whole number"),
        (TypeId::of::<u32>(), "whole number"),
        (TypeId::of::<u16>(), "whole number"),
        (TypeId::of::<u8>(), "whole number"),
        (TypeId::of::<f64>(), "number"),
        (TypeId::of::<Duration>(), "time"),
        (TypeId::of::<MatchId>(), "match id"),
        (TypeId::of::<MatchPattern>(), "match id, or its start and *"),
        (TypeId::of::<Origin>(), "origin"),
        (TypeId::of::<Role>(), "scorer, fan, ops"),
        (TypeId::of::<Tier>(), "free, plus, premium"),
        (TypeId::of::<Right>(), "open, official"),
        (TypeId::of::<PolicyName>(), "digest, batch, realtime"),
        (TypeId::of::<Anonymous>(), "free, plus, premium, none"),
        (TypeId::of::<Speed>(), "number, max"),
    ];
    match kinds.iter().find(|(id, _)| parsed == *id) {
        Some((_, kind)) => (*kind).to_owned(),
        None => words_of_name(arg),
    }
}
