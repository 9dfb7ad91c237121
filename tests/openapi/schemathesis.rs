//! Schemathesis, an independent client made of nothing but the document, finds no answer that the
//! document lacks and no fault of the server.

use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::json;
use tokio::process::Command;

use crate::harness::api::open_match;
use crate::harness::cluster::Cluster;

/// The program, and the version that the run below was made for; `.ci/run` installs it.
const PROGRAM: &str = "schemathesis";
/// Beside those that make every parameter and member wrong once: some 1,500 requests in all.
const EXAMPLES_MAX: &str = "5";
/// It takes 17 s of CPU, and far longer where many others run beside it.
const RUN_MAX: Duration = Duration::from_secs(900);
const REQUEST_S_MAX: &str = "60";
const SEED: &str = "20261130";
/// What is checked of each answer. Whether a right document is accepted is not: the rules decide.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth";
/// A loaded machine may well be asked to come again, which the document has.
const SETTINGS: &str =
    "[checks.not_a_server_error]\nexpected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"503\"]\n";

#[tokio::test]
async fn schemathesis_finds_no_answer_that_the_document_lacks() {
    if !is_installed().await {
        assert!(
            std::env::var_os("CI").is_none(),
            "schemathesis is not installed"
        );
        eprintln!("SKIPPED: schemathesis is not installed (.ci/run does)");
        return;
    }
    let cluster = Cluster::start(1, 0).await;
    let scorer = cluster.scorer(0).await;
    scorer.create("m", &open_match("A v B")).await;
    let folder = tempfile::tempdir().unwrap();
    let seen = run(&scorer.url, &cluster.scorer_token().await, folder.path()).await;
    let said = String::from_utf8_lossy(&seen.stdout);
    assert!(
        seen.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&seen.stderr)
    );
    // It looked at everything, and not at a page that refuses it.
    let operations = grandstand_scoring::openapi_document()["paths"]
        .as_object()
        .unwrap()
        .len();
    assert!(operations >= 6 && said.contains("passed"), "{said}");
    let state = scorer.get("/v1/matches/m").await.json();
    assert!(state["seq"].as_u64() >= Some(1), "{}", json!(state));
}

async fn is_installed() -> bool {
    let mut look = Command::new(PROGRAM);
    look.arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    look.status().await.is_ok_and(|status| status.success())
}

async fn run(url: &str, token: &str, folder: &std::path::Path) -> Output {
    std::fs::write(folder.join("schemathesis.toml"), SETTINGS).unwrap();
    let mut program = Command::new(PROGRAM);
    program
        .args(["run", &format!("{url}/openapi.json"), "--url", url])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args([
            "--checks",
            CHECKS,
            "--max-examples",
            EXAMPLES_MAX,
            "--seed",
            SEED,
        ])
        .args(["--phases", "examples,coverage,fuzzing", "--mode", "all"])
        .args(["--generation-database", "none", "--continue-on-failure"])
        .args(["--request-timeout", REQUEST_S_MAX])
        .args(["--suppress-health-check", "too_slow"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let run = tokio::time::timeout(RUN_MAX, program.output()).await;
    run.expect("schemathesis is still running").unwrap()
}
