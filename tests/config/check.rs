//! `--check-config`: what would go wrong at a start is found before it, and nothing is started.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use grandstand_broker::{Keys, ServerOptions, ServerProcess};
use tokio::process::Command;

use crate::harness::cluster::Cluster;
use crate::harness::process::{run, run_well};
use crate::harness::wait::in_time;

const ANY_PORT: &str = "127.0.0.1:0";

/// What a role is told: keys, NATS server, and ports that are free.
fn told<'a>(role: &'a str, keys: &'a str, nats_url: &'a str) -> Vec<&'a str> {
    let mut args = vec![role, "--check-config", "--keys", keys];
    args.extend(["--nats-url", nats_url]);
    args.extend(["--listen", ANY_PORT, "--admin-listen", ANY_PORT]);
    args
}

/// It found something wrong, and said all of these.
fn found(output: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("WRONG"), "{said}");
    assert!(said.contains("-> "), "a cure: {said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

#[tokio::test]
async fn a_platform_as_it_should_be_passes_and_is_left_alone() {
    let cluster = Cluster::bare().await;
    let (keys, nats_url) = (cluster.keys_dir(), cluster.nats_url());
    let keys = keys.display().to_string();
    for role in ["scoring", "gateway"] {
        let said = run_well(&told(role, &keys, &nats_url)).await;
        assert!(!said.contains("WRONG"), "{said}");
        for place in [
            "--keys (GRANDSTAND_KEYS)",
            "--listen",
            "--nats-url",
            "--connections-max",
        ] {
            assert!(said.contains(place), "{said}");
        }
        assert!(said.contains("streams and buckets"), "{said}");
        let json = run_well(&[&told(role, &keys, &nats_url)[..], &["--json"]].concat()).await;
        for line in json.lines() {
            let finding: serde_json::Value = line.parse().unwrap();
            assert_eq!(finding["verdict"], "fine", "{finding}");
        }
    }
    // A machine of gateways only has no operators' key.
    let few = cluster.data_dir().join("few");
    fs::create_dir(&few).unwrap();
    for file in ["token.key", "gateway.nk"] {
        fs::copy(cluster.keys_dir().join(file), few.join(file)).unwrap();
    }
    let said = run_well(&told("gateway", &few.display().to_string(), &nats_url)).await;
    assert!(said.contains("the stream of scores is there"), "{said}");
    assert!(!few.join("ops.nk").exists(), "a check makes nothing");
}

#[tokio::test]
async fn each_thing_that_is_wrong_is_named_with_its_cure() {
    let cluster = Cluster::bare().await;
    let nats_url = cluster.nats_url();
    let keys_dir = cluster.keys_dir();
    let keys = keys_dir.display().to_string();
    let taken = TcpListener::bind(ANY_PORT).unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let mut port_in_use = told("gateway", &keys, &nats_url);
    let listen = port_in_use
        .iter()
        .position(|arg| *arg == "--listen")
        .unwrap();
    port_in_use[listen + 1] = &address;
    let output = run(&port_in_use).await;
    found(
        &output,
        &["--listen (GRANDSTAND_LISTEN)", &address, "another port"],
    );

    let nobody = "nats://127.0.0.1:9";
    let output = run(&told("scoring", &keys, nobody)).await;
    found(
        &output,
        &["--nats-url (GRANDSTAND_NATS_URL)", "no NATS server answers"],
    );

    let absent = cluster.data_dir().join("absent").display().to_string();
    let output = run(&told("scoring", &absent, &nats_url)).await;
    found(
        &output,
        &["--keys (GRANDSTAND_KEYS)", "token.key", "grandstand keys"],
    );
    assert!(!Path::new(&absent).exists(), "a check makes nothing");

    for (file, mode) in [("token.key", 0o644), ("gateway.nk", 0o604)] {
        let path = keys_dir.join(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let output = run(&told("gateway", &keys, &nats_url)).await;
        found(
            &output,
            &["--keys", &format!("mode {mode:o}"), "chmod 600", file],
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[tokio::test]
async fn a_server_that_nobody_provisioned_is_told_with_the_command() {
    let ground = tempfile::tempdir().unwrap();
    let keys_dir = ground.path().join("keys");
    run_well(&["keys", "--keys", &keys_dir.display().to_string()]).await;
    let options = ServerOptions {
        program: PathBuf::from(run_well(&["nats-server", "--print-path"]).await.trim()),
        data_dir: ground.path().to_owned(),
        port: 0,
    };
    let keys = Keys::load_or_create(&keys_dir).unwrap();
    let server = in_time("nats-server", ServerProcess::start(&options, &keys));
    let server = server.await.unwrap();
    let (url, keys) = (server.url(), keys_dir.display().to_string());

    let output = run(&told("gateway", &keys, &url)).await;
    found(&output, &["SCORES", "grandstand ops provision"]);
    fs::remove_file(keys_dir.join("ops.nk")).unwrap();
    let output = run(&told("gateway", &keys, &url)).await;
    found(
        &output,
        &["no stream of scores", "grandstand ops provision"],
    );

    server.stop().await.unwrap();
}

/// Runs a role with at most so many descriptors, soft and hard.
async fn limited(soft: u32, hard: u32, args: &[&str]) -> Output {
    let mut shell = Command::new("sh");
    let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_grandstand")]);
    shell.args(args).kill_on_drop(true);
    in_time(args[0], shell.output()).await.unwrap()
}

#[tokio::test]
async fn connections_fit_the_limit_of_descriptors_or_the_role_says_so() {
    let ground = tempfile::tempdir().unwrap();
    let keys = ground.path().join("keys").display().to_string();
    run_well(&["keys", "--keys", &keys]).await;
    // A URL that is none ends the start right after the limits were looked at.
    let mut start = told("gateway", &keys, "nonsense://x y");
    start.retain(|arg| *arg != "--check-config");
    start.extend(["--connections-max", "700", "--polls-max", "40"]);

    let output = limited(64, 512, &start).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in [
        "--connections-max",
        "GRANDSTAND_CONNECTIONS_MAX",
        "700 connections and 40 that poll need 996",
        "may open 512",
        "at most 216",
        "ulimit",
    ] {
        assert!(said.contains(word), "no {word:?} in {said}");
    }

    let output = limited(64, 1_024, &start).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("raised the limit of file descriptors"),
        "{said}"
    );
    assert!(said.contains("not the URL of a NATS server"), "{said}");

    // Unless it is said how many may poll, they take what is left.
    start.truncate(start.len() - 2);
    let output = limited(64, 1_100, &start).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("fewer may poll than usual"), "{said}");
    assert!(said.contains("not the URL of a NATS server"), "{said}");
    let output = limited(64, 1_055, &start).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("700 connections and 100 that poll"), "{said}");

    let check = [
        &told("gateway", &keys, "nats://127.0.0.1:9")[..],
        &["--connections-max", "700", "--polls-max", "40"],
    ];
    let output = limited(64, 512, &check.concat()).await;
    found(
        &output,
        &[
            "--connections-max (GRANDSTAND_CONNECTIONS_MAX)",
            "at most 216",
        ],
    );
}

#[tokio::test]
async fn a_dev_is_checked_too() {
    let ground = tempfile::tempdir().unwrap();
    let data = ground.path().join("data");
    let shown = data.display().to_string();
    let mut args = vec!["dev", "--check-config", "--data", &shown, "--match", "none"];
    for flag in ["--scoring-listen", "--gateway-listen", "--admin-listen"] {
        args.extend([flag, ANY_PORT]);
    }
    let said = run_well(&args).await;
    assert!(said.contains("will be made"), "{said}");
    assert!(!data.exists(), "a check makes nothing");

    let taken = TcpListener::bind(ANY_PORT).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&[&args[..], &["--nats-port", &port]].concat()).await;
    found(&output, &["--nats-port (GRANDSTAND_NATS_PORT)"]);

    fs::create_dir(&data).unwrap();
    fs::write(data.join("thesis.txt"), "text").unwrap();
    found(
        &run(&args).await,
        &["--data (GRANDSTAND_DATA)", "no data folder"],
    );
}
