//! Finding a nats-server, running it, and what happens when one of us dies.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;

use crate::harness::{DEADLINE, options, start};
use grandstand_broker::{FindError, FindOptions, Keys, ServerProcess, StartError, find_server};
use tokio::io::{AsyncBufReadExt, BufReader};

const OWNER_DATA: &str = "GRANDSTAND_TEST_OWNER_DATA";

#[tokio::test]
async fn a_data_folder_has_one_server_at_a_time() {
    let data = tempfile::tempdir().unwrap();
    let first = start(&options(data.path().to_owned(), 0)).await;
    let keys = Keys::load_or_create(&data.path().join("keys")).unwrap();

    let second = ServerProcess::start(&options(data.path().to_owned(), 0), &keys).await;

    assert!(matches!(second, Err(StartError::DataInUse(_))));
    first.stop().await.unwrap();
    start(&options(data.path().to_owned(), 0))
        .await
        .stop()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = start(&options(data.path().to_owned(), 0)).await;
    let keys = Keys::load_or_create(&other.path().join("keys")).unwrap();

    let second = ServerProcess::start(&options(other.path().to_owned(), first.port()), &keys).await;

    let error = second.expect_err("the port is taken");
    assert!(matches!(error, StartError::PortInUse(port) if port == first.port()));
    assert!(error.to_string().contains(&first.port().to_string()));
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let data = tempfile::tempdir().unwrap();
    // A file where the store's folder should be.
    std::fs::write(data.path().join("jetstream"), "").unwrap();
    let keys = Keys::load_or_create(&data.path().join("keys")).unwrap();

    let refused = ServerProcess::start(&options(data.path().to_owned(), 0), &keys).await;

    match refused.expect_err("it can't start") {
        StartError::NotReady { reason, log } => {
            assert!(reason.contains("storage directory"), "{reason}");
            assert!(log.exists());
        }
        other => panic!("{other}"),
    }
}

/// The next test runs this one again as the owner to be killed; by itself it has nothing to own.
#[tokio::test]
async fn owner_of_a_server() {
    let Some(data) = std::env::var_os(OWNER_DATA) else {
        return;
    };
    let mut server = start(&options(PathBuf::from(data), 0)).await;
    println!("\npid {}", server.pid());
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_server_whose_owner_was_killed_is_stopped_by_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let mut owner = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "server_process::owner_of_a_server",
            "--exact",
            "--nocapture",
        ])
        .env(OWNER_DATA, data.path())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let stray = loop {
        let line = tokio::time::timeout(DEADLINE, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        if let Some(pid) = line.strip_prefix("pid ") {
            break pid.to_owned();
        }
    };
    owner.kill().await.unwrap();
    let runs = |pid: &str| {
        let process = std::process::Command::new("kill")
            .args(["-0", pid])
            .stderr(Stdio::null())
            .status();
        process.unwrap().success()
    };
    assert!(runs(&stray), "it outlives its owner");

    let server = start(&options(data.path().to_owned(), 0)).await;

    assert_ne!(server.pid().to_string(), stray);
    let store = data.path().join("nats/nats-server.log");
    let log = std::fs::read_to_string(store).unwrap();
    assert!(
        log.contains(&format!("[{stray}]")) && log.contains("Server Exiting"),
        "it was asked to stop first"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_that_names_somebody_else_harms_nobody() {
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(data.path().join("nats")).unwrap();
    std::fs::write(
        data.path().join("nats/nats-server.pid"),
        std::process::id().to_string(),
    )
    .unwrap();

    start(&options(data.path().to_owned(), 0))
        .await
        .stop()
        .await
        .unwrap();
}

#[test]
fn two_finders_at_once_both_find_a_server_in_an_empty_cache() {
    let cache = tempfile::tempdir().unwrap();
    let nowhere = FindOptions {
        search_path: OsString::new(),
        cache_dir: Some(cache.path().join("grandstand")),
    };

    let found: Vec<_> = std::thread::scope(|scope| {
        let finders: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| find_server(&nowhere)))
            .collect();
        finders
            .into_iter()
            .map(|finder| finder.join().unwrap())
            .collect()
    });

    if let [Err(FindError::NotFetched { reason, .. }), ..] = &found[..] {
        println!("skipped: nothing can be fetched here: {reason}");
        return;
    }
    let path = found[0].as_ref().unwrap();
    assert_eq!(path, found[1].as_ref().unwrap());
    let left: Vec<_> = std::fs::read_dir(cache.path().join("grandstand"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "no draft stays: {left:?}");
    let made = std::fs::metadata(path).unwrap().modified().unwrap();
    assert_eq!(&find_server(&nowhere).unwrap(), path);
    let made_now = std::fs::metadata(path).unwrap().modified().unwrap();
    assert_eq!(made_now, made, "found, not fetched");
}
