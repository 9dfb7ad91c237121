//! What the balancer refuses is refused clearly, by itself or before it starts.

use std::net::TcpListener;

use crate::balancer::{Balancer, free_address, haproxy, is_installed, refused, shipped};
use crate::harness::api::Api;
use crate::harness::wait::in_time;

/// Servers that nobody is.
fn nobody() -> Vec<(String, String)> {
    ["SCORING_1", "SCORING_2", "GATEWAY_1", "GATEWAY_2"]
        .map(|name| (name.to_owned(), "127.0.0.1:9".to_owned()))
        .to_vec()
}

#[tokio::test]
async fn without_a_server_everybody_is_told_a_problem() {
    if !is_installed() {
        return;
    }
    let balancer = Balancer::start(&nobody(), &[]).await;
    for url in [balancer.fans_url(), balancer.scorers_url()] {
        let answer = Api::new(url, None).get("/v1/matches").await;
        answer.problem(503);
        assert!(!answer.header("retry-after").is_empty());
    }
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    if !is_installed() {
        return;
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = (taken.local_addr().unwrap().to_string(), taken);
    let mut variables = nobody();
    variables.push(("FANS_BIND".to_owned(), taken.0.clone()));
    variables.push(("SCORERS_BIND".to_owned(), free_address()));

    let output = refused(&variables).await;

    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    for word in ["frontend fans", "already in use", &taken.0] {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

#[tokio::test]
async fn the_shipped_configuration_is_valid_without_any_variable() {
    if !is_installed() {
        return;
    }
    // Names of containers mean nothing here; in compose they do.
    let output = in_time("a check", haproxy(&[]).arg("-c").output())
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", shipped().display());
    for line in said.lines().filter(|line| line.contains("WARNING")) {
        assert!(line.contains("could not resolve"), "{line}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_there_is_named() {
    if !is_installed() {
        return;
    }
    let mut variables = nobody();
    variables.push(("TLS_CERTIFICATE".to_owned(), "/nowhere/site.pem".to_owned()));
    let output = refused(&variables).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("/nowhere/site.pem"),
        "{said}"
    );
}
