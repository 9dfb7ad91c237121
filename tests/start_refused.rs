//! What can't be started says why, names what to change, and leaves nothing behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod harness;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use harness::cluster::Cluster;
use harness::dev::{arguments, folder, servers_of};
use harness::matches;
use harness::process::{run, run_well};
use tokio::net::TcpSocket;

/// It failed (exit code 1), printed nothing on stdout, and what it said holds all of these.
fn refused(output: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty(), "stdout is for data");
    assert!(!said.contains("panicked"), "{said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in: {said}");
    }
}

async fn dev(data: &Path, more: &[&str]) -> Output {
    run(&arguments(&data.display().to_string(), more)).await
}

#[tokio::test]
async fn a_port_in_use_is_named_with_its_flag() {
    let (_ground, data) = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (text, port) = (address.to_string(), address.port().to_string());

    for flag in ["--scoring-listen", "--gateway-listen", "--admin-listen"] {
        let variable = format!("GRANDSTAND_{}", flag[2..].to_uppercase().replace('-', "_"));
        let words = [flag, &text, &variable, "0: any free one"];
        refused(&dev(&data, &[flag, &text]).await, &words);
    }
    refused(
        &dev(&data, &["--nats-port", &port]).await,
        &["--nats-port", &port],
    );

    assert!(servers_of(&data).is_empty());
    let keys = data.join("keys").display().to_string();
    for role in ["scoring", "gateway"] {
        let more = ["--keys", &keys, "--nats-url", "nats://127.0.0.1:9"];
        for (taken, free) in [
            ("--listen", "--admin-listen"),
            ("--admin-listen", "--listen"),
        ] {
            let listen = [role, taken, &text, free, "127.0.0.1:0"];
            let words = [taken, &text, "stop that, or choose another port"];
            refused(&run(&[&listen[..], &more].concat()).await, &words);
        }
    }
}

#[tokio::test]
async fn a_data_folder_of_another_version_or_of_somebody_else_is_left_alone() {
    for (file, content, word) in [
        ("VERSION", "2\n", "version \"2\""),
        ("VERSION", "", "version \"\""),
        ("thesis.txt", "text", "no data folder of grandstand"),
    ] {
        let (_ground, data) = folder();
        fs::create_dir(&data).unwrap();
        fs::write(data.join(file), content).unwrap();

        let output = dev(&data, &[]).await;

        refused(&output, &[word, &data.display().to_string(), "--data"]);
        assert_eq!(fs::read_to_string(data.join(file)).unwrap(), content);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn a_data_folder_that_can_not_be_made_is_named() {
    let (ground, data) = folder();
    fs::write(&data, "a file").unwrap();

    refused(&dev(&data, &[]).await, &[&data.display().to_string()]);
    let below = data.join("deeper");
    refused(&dev(&below, &[]).await, &[&below.display().to_string()]);

    assert_eq!(fs::read_dir(ground.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_file_that_is_no_match_is_refused_before_anything_is_made() {
    let (ground, data) = folder();
    let half = match fs::read(matches::file(matches::LIMITED_OVERS[0])) {
        Ok(whole) => whole[..whole.len() / 2].to_vec(),
        Err(_) => b"{\"meta\":{\"data_version\":\"1.1.0\"},\"info\":{".to_vec(),
    };
    let cases: [(&str, Option<&[u8]>, &str); 8] = [
        ("absent.json", None, "No such file"),
        ("half.json", Some(&half), "cut off"),
        ("empty.json", Some(b""), "cut off"),
        ("text.json", Some(b"Brief scores: 188/5"), "not JSON"),
        ("bytes.json", Some(b"\xff\xfe\x00\x01"), "not JSON"),
        ("object.json", Some(b"{}"), "not a Cricsheet match"),
        ("array.json", Some(b"[1,2]"), "not a Cricsheet match"),
        (
            "innings.json",
            Some(b"{\"innings\":[]}"),
            "not a Cricsheet match",
        ),
    ];
    for (name, content, word) in cases {
        let file = ground.path().join(name);
        if let Some(content) = content {
            fs::write(&file, content).unwrap();
        }
        let file = file.display().to_string();

        refused(&dev(&data, &["--match", &file]).await, &[&file, word]);
        assert!(!data.exists(), "{name}: nothing is made");
    }
    let directory = ground.path().display().to_string();
    refused(&dev(&data, &["--match", &directory]).await, &[&directory]);
    assert!(!data.exists());
}

#[tokio::test]
async fn a_match_file_whose_name_is_no_match_id_is_refused() {
    if !matches::at_hand() {
        return;
    }
    let (ground, data) = folder();
    let file = ground.path().join("---.json");
    fs::copy(matches::file(matches::LIMITED_OVERS[0]), &file).unwrap();

    let output = dev(&data, &["--match", &file.display().to_string()]).await;

    refused(&output, &["---.json", "rename"]);
    assert!(!data.exists());
}

#[tokio::test]
async fn a_role_without_its_broker_or_with_other_keys_says_so() {
    let cluster = Cluster::bare().await;
    let here = cluster.keys_dir().display().to_string();
    let ground = tempfile::tempdir().unwrap();
    let other = ground.path().join("other").display().to_string();
    run_well(&["nats-server", "--print-env", &other]).await;
    fs::copy(
        cluster.keys_dir().join("token.key"),
        ground.path().join("other/token.key"),
    )
    .unwrap();
    let absent = ground.path().join("absent").display().to_string();
    // Held, so that no other test listens there.
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = format!("nats://{}", held.local_addr().unwrap());
    let nats_url = cluster.nats_url();
    // (the broker, the keys, what is said)
    let cases: [(&str, &str, &[&str]); 4] = [
        (
            &nobody,
            &here,
            &["no NATS server answers", &nobody, "--nats-url"],
        ),
        (&nats_url, &other, &["refuses", "key", &other]),
        (&nats_url, &absent, &["--keys (GRANDSTAND_KEYS)", &absent]),
        ("nonsense://x y", &here, &["not the URL of a NATS server"]),
    ];
    let starts = ["scoring", "gateway"].into_iter().flat_map(|role| {
        cases.map(|(url, keys, words)| async move {
            let args = [
                role,
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ];
            let output = run(&[&args[..], &["--nats-url", url, "--keys", keys]].concat()).await;
            refused(&output, words);
        })
    });

    futures_util::future::join_all(starts).await;
}

#[tokio::test]
async fn a_wrong_command_line_is_a_usage_error() {
    for (args, word) in [
        (&["dev", "--nonsense"][..], "--nonsense"),
        (&["dev", "--scoring-listen", "nowhere"], "--scoring-listen"),
        (&["dev", "--nats-port", "70000"], "--nats-port"),
        (&["dev", "--speed", "fast"], "--speed"),
        (&["scoring"], "--keys"),
        (&["gateway", "--nats-url", "nats://127.0.0.1:9"], "--keys"),
        (&["gateway", "--heartbeat-s", "5"], "--heartbeat-s"),
        (&["token", "--keys", "k", "--role", "nobody"], "nobody"),
        (&["ops", "nonsense"], "nonsense"),
        (&["nonsense"], "nonsense"),
        (&[], "Usage"),
    ] {
        let output = run(args).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(word), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}
