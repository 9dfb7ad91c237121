//! compose.yaml, Dockerfile and haproxy.cfg, held against the binary and each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::balancer::shipped;
use crate::harness::process::run_well;

/// The longest heartbeat that a fan may ask for, and what a network may add.
const SILENCE_MAX_S: u64 = 240 + 30;
/// What a process opens beside its connections.
const OTHER_DESCRIPTORS: u64 = 256;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn compose() -> Value {
    let text = fs::read_to_string(root().join("compose.yaml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

pub(crate) fn services() -> BTreeMap<String, Value> {
    let compose = compose();
    let services = compose["services"].as_object().unwrap().clone();
    services.into_iter().collect()
}

/// The words of a list of texts.
pub(crate) fn words(list: &Value) -> Vec<&str> {
    let words = list.as_array().map(Vec::as_slice).unwrap_or_default();
    words.iter().filter_map(Value::as_str).collect()
}

/// The number after `keyword` in a line of haproxy.cfg, once for each line.
fn numbers(keyword: &str) -> Vec<u64> {
    let text = fs::read_to_string(shipped()).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix(keyword));
    let digits = lines.map(|rest| rest.trim().trim_end_matches('s').parse().unwrap());
    digits.collect()
}

#[test]
fn every_container_is_contained() {
    for (name, service) in services() {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(words(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(
            words(&service["security_opt"]),
            ["no-new-privileges:true"],
            "{name}"
        );
        assert!(service["stop_grace_period"].is_string(), "{name}");
        assert!(service["restart"].is_string(), "{name}");
        assert!(service["privileged"].is_null(), "{name}");
        match service["image"].as_str().unwrap() {
            // It runs as its user `haproxy` by itself.
            image if image.starts_with("haproxy:") => {}
            _ => assert_eq!(service["user"], "65532:65532", "{name}"),
        }
    }
}

#[test]
fn whoever_serves_is_asked_for_its_health_and_waited_for() {
    let services = services();
    for (name, service) in &services {
        let is_once = service["restart"] != "unless-stopped";
        assert_eq!(service["healthcheck"].is_null(), is_once, "{name}");
        for (other, wish) in service["depends_on"].as_object().into_iter().flatten() {
            let condition = match services[other]["healthcheck"].is_null() {
                true => "service_completed_successfully",
                false => "service_healthy",
            };
            assert_eq!(wish["condition"], condition, "{name} waits for {other}");
        }
    }
}

#[test]
fn only_the_balancer_is_published_and_plain_only_on_loopback() {
    for (name, service) in services() {
        let networks = words(&service["networks"]);
        let is_balancer = name.starts_with("balancer");
        assert_eq!(networks.contains(&"outside"), is_balancer, "{name}");
        for port in words(&service["ports"]) {
            assert!(is_balancer, "{name} publishes {port}");
            let is_loopback = port.starts_with("${ADDRESS:-127.0.0.1}:");
            assert_eq!(is_loopback, name == "balancer", "{name}: {port}");
        }
    }
    assert_eq!(compose()["networks"]["inside"]["internal"], true);
}

#[test]
fn each_role_sees_its_own_keys_and_can_not_change_them() {
    for (name, service) in services() {
        let keys: Vec<&str> = words(&service["volumes"])
            .into_iter()
            .filter(|volume| volume.contains("keys"))
            .collect();
        let own = match name.as_str() {
            "scoring-1" | "scoring-2" => vec!["scoring-keys:/scoring-keys:ro"],
            "gateway-1" | "gateway-2" => vec!["gateway-keys:/gateway-keys:ro"],
            "nats" | "provision" | "buckets" | "ops" => vec!["keys:/keys:ro"],
            // It makes them.
            "keys" => keys.clone(),
            _ => vec![],
        };
        assert_eq!(keys, own, "{name}");
    }
}

#[tokio::test]
async fn every_variable_is_one_that_its_command_reads() {
    let printed = run_well(&["config", "--json"]).await;
    let options: Vec<Value> = printed.lines().map(|line| line.parse().unwrap()).collect();
    for (name, service) in services() {
        let command = words(&service["command"]);
        let command = command.first().copied().unwrap_or_default();
        for variable in service["environment"].as_object().into_iter().flatten() {
            let (variable, _) = variable;
            if !variable.starts_with("GRANDSTAND_") {
                continue;
            }
            let is_read = options.iter().any(|option| {
                let path = option["command"].as_str().unwrap_or_default();
                let of_command = path == "grandstand" || path.split(' ').nth(1) == Some(command);
                option["variable"] == variable.as_str() && of_command
            });
            assert!(is_read, "{name}: {command} reads no {variable}");
        }
    }
}

#[test]
fn each_gateway_tells_its_peers_where_it_is() {
    let services = services();
    for name in ["gateway-1", "gateway-2"] {
        let environment = &services[name]["environment"];
        assert_eq!(environment["GRANDSTAND_NAME"], name);
        for (advertised, listen) in [
            ("GRANDSTAND_ADVERTISE_URL", "GRANDSTAND_LISTEN"),
            ("GRANDSTAND_ADVERTISE_ADMIN_URL", "GRANDSTAND_ADMIN_LISTEN"),
        ] {
            let listen = environment[listen].as_str().unwrap();
            let url = format!("http://{name}:{}", listen.rsplit(':').next().unwrap());
            assert_eq!(environment[advertised], url.as_str());
        }
    }
}

#[test]
fn connections_fit_from_the_balancer_to_the_descriptors() {
    let services = services();
    let [gateway_max, scoring_max] = numbers("default-server maxconn")[..] else {
        panic!("each backend bounds its servers");
    };
    let allowed = |name: &str| services[name]["ulimits"]["nofile"].as_u64().unwrap();
    let told = &services["gateway-1"]["environment"]["GRANDSTAND_CONNECTIONS_MAX"];
    let gateway_allows: u64 = told.as_str().unwrap().parse().unwrap();
    assert!(
        gateway_max < gateway_allows,
        "nobody whom it lets through is refused"
    );
    assert!(gateway_allows + OTHER_DESCRIPTORS <= allowed("gateway-1"));
    // Scoring's own default.
    assert!(scoring_max < 10_000 && 10_000 + OTHER_DESCRIPTORS <= allowed("scoring-1"));
    // Two descriptors for each connection, two gateways full of fans; scorers are few.
    for balancer in ["balancer", "balancer-tls"] {
        assert!(allowed(balancer) >= 2 * 2 * gateway_max, "{balancer}");
    }
}

#[test]
fn no_connection_is_cut_between_two_heartbeats() {
    assert!(numbers("timeout tunnel").iter().all(|s| *s > SILENCE_MAX_S));
    let [fans, scorers] = numbers("timeout client ")[..] else {
        panic!("a timeout for each frontend");
    };
    let [gateways, scorings] = numbers("timeout server")[..] else {
        panic!("a timeout for each backend");
    };
    assert!(fans > SILENCE_MAX_S && gateways > SILENCE_MAX_S);
    // A post is answered within 10 s, and the balancer waits for it.
    assert!(scorings > 10 && scorers > scorings);
}

#[test]
fn the_balancer_names_the_services_and_their_ports() {
    let text = fs::read_to_string(shipped()).unwrap();
    let services = services();
    let mut balanced = BTreeSet::new();
    for line in text
        .lines()
        .filter(|line| line.trim().starts_with("server "))
    {
        let name = line.split_whitespace().nth(1).unwrap();
        let environment = &services[name]["environment"];
        let port = |variable: &str| {
            let address = environment[variable].as_str().unwrap();
            address.rsplit(':').next().unwrap().to_owned()
        };
        let address = format!("-{name}:{}}}", port("GRANDSTAND_LISTEN"));
        let health = format!("-{}}}", port("GRANDSTAND_ADMIN_LISTEN"));
        assert!(line.contains(&address) && line.contains(&health), "{line}");
        balanced.insert(name.to_owned());
    }
    let roles = services.into_iter().filter(|(_, service)| {
        let command = words(&service["command"]);
        matches!(command.first(), Some(&"scoring" | &"gateway"))
    });
    assert_eq!(balanced, roles.map(|(name, _)| name).collect());
}

#[test]
fn what_the_image_is_made_of_is_there() {
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).unwrap();
    let ignored = fs::read_to_string(root().join(".dockerignore")).unwrap();
    for line in dockerfile.lines().filter(|line| line.starts_with("COPY ")) {
        let source = line.split_whitespace().nth(1).unwrap();
        if !source.starts_with("--") {
            assert!(root().join(source).exists(), "{line}");
        }
    }
    for kept in ignored.lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(root().join(kept).exists(), "{kept}");
    }
    let user = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("USER "));
    assert_eq!(user, Some("65532:65532"));
    for (name, service) in services() {
        for volume in words(&service["volumes"]) {
            if let Some(file) = volume.strip_prefix("./") {
                let file = file.split(':').next().unwrap();
                assert!(root().join(file).exists(), "{name}: {volume}");
            }
        }
    }
}
