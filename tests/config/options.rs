//! The page of options, and the environment: known, unknown and wrong variables.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::harness::process::{grandstand, run_well};
use crate::harness::wait::in_time;

/// Runs the binary with variables.
async fn run_with(args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = grandstand(args);
    command.envs(variables.iter().copied());
    in_time(args[0], command.output()).await.unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn the_committed_page_is_what_the_binary_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CONFIG.md");
    let printed = run_well(&["config", "--markdown"]).await;
    if std::env::var_os("GRANDSTAND_UPDATE").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == printed,
        "CONFIG.md is not what `grandstand config --markdown` prints: write it with \
         GRANDSTAND_UPDATE=1 cargo test -p grandstand --test config"
    );
}

#[tokio::test]
async fn every_option_has_a_variable_and_a_sentence() {
    let printed = run_well(&["config", "--json"]).await;
    // What a person asks for once, by hand.
    let without_variable = ["--print-path", "--print-env", "--run"];
    let mut gateway_options = 0;
    for line in printed.lines() {
        let option: Value = line.parse().unwrap();
        assert!(!option["what"].as_str().unwrap().is_empty(), "{option}");
        let Some(name) = option["name"].as_str() else {
            continue;
        };
        gateway_options += u32::from(option["command"] == "grandstand gateway");
        if name.starts_with("--") && !without_variable.contains(&name) {
            let variable = option["variable"].as_str();
            assert!(
                variable.is_some_and(|v| v.starts_with("GRANDSTAND_")),
                "{option}"
            );
        }
    }
    assert!(gateway_options >= 10, "{gateway_options}");
    let text = run_well(&["config"]).await;
    assert!(
        text.contains("--heartbeat-s  GRANDSTAND_HEARTBEAT_S"),
        "{text}"
    );
}

#[tokio::test]
async fn an_unknown_variable_is_warned_of_with_the_nearest_name() {
    let variables = [
        ("GRANDSTAND_LISTN", "127.0.0.1:0"),
        ("GRANDSTAND_HEARTBEAT_S", "55"),
        ("GRANDSTAND_NKEY_OPS", "U"),
        ("GRANDSTAND_SHARED", "/"),
    ];
    let output = run_with(&["config"], &variables).await;
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("GRANDSTAND_LISTN; did you mean GRANDSTAND_LISTEN?"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn a_wrong_value_names_its_place_its_bounds_and_the_cure() {
    let cases: [(&[&str], &str, &str, &[&str]); 4] = [
        (
            &["gateway", "--keys", "k"],
            "GRANDSTAND_HEARTBEAT_S",
            "5",
            &["--heartbeat-s", "15..=240", "mend or unset", "15 to 240"],
        ),
        (
            &["scoring", "--keys", "k"],
            "GRANDSTAND_LISTEN",
            "nowhere",
            &["--listen", "nowhere", "mend or unset", "127.0.0.1:7001"],
        ),
        (
            &["gateway", "--keys", "k"],
            "GRANDSTAND_FREE_POLICY",
            "fast",
            &["--free-policy", "digest, batch, realtime"],
        ),
        (
            &["scoring", "--keys", "k"],
            "GRANDSTAND_CONNECTIONS_MAX",
            "0",
            &["--connections-max", "1 to 1000000"],
        ),
    ];
    for (args, variable, value, words) in cases {
        let output = run_with(args, &[(variable, value)]).await;
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(&format!("came from the variable {variable}")),
            "{said}"
        );
        for word in words {
            assert!(said.contains(word), "no {word:?} in {said}");
        }
    }
    let missing = run_with(&["gateway"], &[]).await;
    assert!(stderr(&missing).contains("--keys or the variable GRANDSTAND_KEYS"));
}
