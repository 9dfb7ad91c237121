//! The steps by which compose.yaml starts a platform, with the commands that stand in it: keys, nats,
//! provision, and a role that finds everything as it should be.

use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use crate::balancer::free_address;
use crate::files::{services, words};
use crate::harness::process::{grandstand, run, run_well};
use crate::harness::wait::{found, in_time};

/// The command of a service, with places of this machine in place of the container's.
fn command(service: &str, places: &[(&str, &str)]) -> Vec<String> {
    let services = services();
    let command = words(&services[service]["command"]).into_iter();
    let here = command.map(|word| {
        let here = places.iter().find(|(place, _)| *place == word);
        here.map_or(word, |(_, here)| here).to_owned()
    });
    here.collect()
}

fn start(command: &[String]) -> Child {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let mut command = grandstand(&words);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

async fn done(command: &[String], keys: &str) {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    run_well(&[&words[..], &["--keys", keys]].concat()).await;
}

#[tokio::test]
async fn keys_nats_and_provision_lead_to_a_platform_that_passes_its_check() {
    let ground = tempfile::tempdir().unwrap();
    let path = |name: &str| ground.path().join(name).display().to_string();
    let (keys, own, data) = (path("keys"), path("gateway-keys"), path("data"));
    let scoring_keys = path("scoring-keys");
    let (client, monitor) = (free_address(), free_address());
    let port = |address: &str| address.rsplit(':').next().unwrap().to_owned();
    let (client_port, monitor_port) = (port(&client), port(&monitor));
    let nats_url = format!("nats://{client}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let conf = root.join("nats/nats-server.conf").display().to_string();
    let places = [
        ("/keys", keys.as_str()),
        ("/scoring-keys", &scoring_keys),
        ("/gateway-keys", &own),
        ("/data/jetstream", &data),
        ("/etc/grandstand/nats-server.conf", &conf),
        ("0.0.0.0", "127.0.0.1"),
        ("4222", &client_port),
        ("8222", &monitor_port),
        ("nats://nats:4222", &nats_url),
    ];

    done(&command("keys", &places), &keys).await;
    let mut nats = start(&command("nats", &places));
    let health = format!("http://{monitor}/healthz");
    found("a healthy nats-server", async || {
        let asked = run(&["health", &health]).await;
        asked.status.success().then_some(())
    })
    .await;
    done(&command("provision", &places), &keys).await;

    let mut check = vec!["gateway", "--check-config", "--keys", &own];
    check.extend(["--nats-url", &nats_url, "--listen", "127.0.0.1:0"]);
    check.extend(["--admin-listen", "127.0.0.1:0"]);
    let said = run_well(&check).await;
    assert!(said.contains("the stream of scores is there"), "{said}");

    // The server took the binary's place, so that it is the one that is told to stop.
    let pid = Pid::from_raw(nats.id().unwrap() as i32).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    in_time("the end of nats-server", nats.wait())
        .await
        .unwrap();
    let asked = run(&["health", &health]).await;
    assert_eq!(asked.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&asked.stderr).contains("no answer"));
}

#[tokio::test]
async fn a_roles_health_is_what_its_admin_port_says() {
    let mut cluster = crate::harness::cluster::Cluster::start(1, 1).await;
    for role in [&cluster.scorings[0], &cluster.gateways[0]] {
        run_well(&["health", &role.said("admin_url")]).await;
    }
    cluster.kill_nats().await;
    let admin_url = cluster.scorings[0].said("admin_url");
    let said = found("trouble", async || {
        let asked = run(&["health", &admin_url]).await;
        (asked.status.code() == Some(1)).then(|| String::from_utf8(asked.stderr).unwrap())
    });
    assert!(said.await.contains("not ready"));
    // The fans' port is no admin port.
    let elsewhere = run(&["health", &cluster.gateways[0].url()]).await;
    assert!(String::from_utf8_lossy(&elsewhere.stderr).contains("does not tell its health"));
}
