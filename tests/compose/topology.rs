//! Two scoring instances and two gateways behind the balancer, as compose.yaml has them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::process::Command;
use tokio::sync::watch;

use crate::balancer::{Balancer, is_installed, servers};
use crate::harness::api::{Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Ends, Fan, Wish};
use crate::harness::replica::Place;
use crate::harness::socket::Heard;
use crate::harness::wait::in_time;

const MATCH: &str = "m";
/// How long a fan waits before it comes again.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// The platform, and a scorer of an open match at the balancer.
async fn platform(more: &[(&str, &str)]) -> (Cluster, Balancer, Api) {
    let cluster = Cluster::start(2, 2).await;
    let balancer = Balancer::start(&servers(&cluster), more).await;
    let token = cluster.scorer_token().await;
    let scorer = Api::new(balancer.scorers_url(), Some(&token));
    scorer.create_open(MATCH).await;
    (cluster, balancer, scorer)
}

/// Follows to the end through the balancer, which is asked again whenever a connection breaks.
async fn follow(mut fan: Fan, url: String, mut ends: watch::Receiver<Ends>) -> Fan {
    loop {
        while !fan.is_connected() && fan.try_resume(&url).await.is_err() {
            tokio::time::sleep(RETRY_PAUSE).await;
        }
        let end = ends.borrow().clone();
        if let Some(places) = end.filter(|places| fan.has_reached(places)) {
            fan.check_ends(&places);
            return fan;
        }
        tokio::select! {
            heard = fan.next() => match heard {
                Heard::Message(_) | Heard::Gone => {}
                Heard::Closed(code, reason) => panic!("{}: {code} {reason}", fan.name),
            },
            _ = ends.changed() => {}
        }
    }
}

#[tokio::test]
async fn fans_of_a_killed_gateway_come_back_through_the_other_with_nothing_lost() {
    if !is_installed() {
        return;
    }
    let (mut cluster, balancer, scorer) = platform(&[]).await;
    let premium = cluster.fan_token("premium").await;
    let (ends, know_ends) = watch::channel(None);
    let mut fans = Vec::new();
    for n in 0..16 {
        let wish = Wish::of(&[MATCH]).token(&premium);
        let wish = match n % 2 {
            0 => wish.every_event(),
            _ => wish,
        };
        let mut fan = Fan::new(format!("fan {n}"), wish);
        fan.resume(&balancer.fans_url()).await;
        fans.push(tokio::spawn(follow(
            fan,
            balancer.fans_url(),
            know_ends.clone(),
        )));
    }
    // However equal their addresses are, no gateway has much more than the mean of them.
    let given = balancer.given("gateways").await;
    assert!(given.values().all(|count| *count >= 3), "{given:?}");

    for n in 1..=20 {
        scorer.score(MATCH, &count_event(n)).await;
    }
    cluster.gateways[0].kill().await;
    for n in 21..=60 {
        scorer.score(MATCH, &count_event(n)).await;
    }

    let state = scorer.state(MATCH).await;
    assert_eq!(
        (&state["seq"], &state["state"]["count"]),
        (&61.into(), &60.into())
    );
    let end = BTreeMap::from([(MATCH.to_owned(), Place::of(&state))]);
    ends.send_replace(Some(end));
    let mut moved = 0;
    for fan in fans {
        let fan = in_time("a fan at the end", fan).await.unwrap();
        moved += usize::from(fan.connects > 1);
        if fan.wish.from_first {
            let told: Vec<u64> = fan
                .only()
                .events
                .iter()
                .map(|e| e["seq"].as_u64().unwrap())
                .collect();
            assert_eq!(told, (1..=61).collect::<Vec<_>>(), "{}", fan.name);
        }
    }
    assert!((3..=13).contains(&moved), "{moved} fans had to move");
}

/// One GET on a connection of its own from this source; its status line.
async fn get_from(source: [u8; 4], balancer: &Balancer) -> String {
    let exchange = async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((source, 0)))?;
        let mut stream = socket.connect(balancer.fans.parse().unwrap()).await?;
        let request = "GET /v1/matches HTTP/1.1\r\nhost: fans\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer.lines().next().unwrap_or_default().to_owned())
    };
    in_time("an answer", exchange).await.unwrap()
}

/// The gateway that answers this source, asked so many times.
async fn gateways_of(source: [u8; 4], balancer: &Balancer, times: u32) -> BTreeSet<String> {
    let mut gateways = BTreeSet::new();
    for _ in 0..times {
        let before = balancer.given("gateways").await;
        assert_eq!(get_from(source, balancer).await, "HTTP/1.1 200 OK");
        let after = balancer.given("gateways").await;
        gateways.extend(
            after
                .into_iter()
                .filter_map(|(name, count)| (before[&name] < count).then_some(name)),
        );
    }
    gateways
}

#[tokio::test]
async fn a_source_stays_at_its_gateway_until_that_is_gone() {
    if !is_installed() {
        return;
    }
    let (mut cluster, balancer, _) = platform(&[]).await;
    let mut homes = BTreeMap::new();
    for last in 2..18 {
        let source = [127, 0, 0, last];
        let gateways = gateways_of(source, &balancer, 3).await;
        assert_eq!(gateways.len(), 1, "{source:?} was at {gateways:?}");
        homes.insert(source, gateways);
    }
    let used: BTreeSet<&String> = homes.values().flatten().collect();
    assert_eq!(used.len(), 2, "every gateway has its sources");

    cluster.gateways[0].kill().await;

    // The one that is gone may be tried first; the answer is the other's.
    for source in homes.into_keys() {
        let tried = gateways_of(source, &balancer, 1).await;
        assert!(tried.contains("gateway-2"), "{source:?}: {tried:?}");
    }
}

#[tokio::test]
async fn posts_through_the_balancer_survive_a_killed_scoring_instance() {
    if !is_installed() {
        return;
    }
    let (mut cluster, balancer, scorer) = platform(&[]).await;
    let (told, mut stored) = watch::channel(0u64);
    let mut scorers = Vec::new();
    for n in 0..6 {
        let (match_id, scorer, told) = (format!("m{n}"), scorer.clone(), told.clone());
        scorer.create_open(&match_id).await;
        scorers.push(tokio::spawn(async move {
            let path = format!("/v1/matches/{match_id}/events");
            for event in 1..=60 {
                // Once, and it must be stored: the balancer asks again, not the scorer.
                let post = scorer
                    .request(Method::POST, &path)
                    .json(&count_event(event));
                let answer = Api::send(post).await;
                assert!(answer.status.is_success(), "{event}: {}", answer.text());
                told.send_modify(|count| *count += 1);
            }
            let state = scorer.state(&match_id).await;
            assert_eq!(
                (&state["seq"], &state["state"]["count"]),
                (&61.into(), &60.into())
            );
        }));
    }
    let enough = stored.wait_for(|count| *count >= 60);
    in_time("the first posts", enough).await.unwrap();
    cluster.scorings[0].kill().await;
    for scorer in scorers {
        in_time("a scorer", scorer).await.unwrap();
    }
    let given = balancer.given("scorings").await;
    assert!(given.values().all(|count| *count > 0), "{given:?}");
    cluster.ops_well(&["verify"]).await;
}

/// What `openssl` and Python do here: a certificate of its own, and a client that believes only it.
const TLS_CLIENT: &str = r#"
import base64, os, socket, ssl, sys
host, port = sys.argv[1].split(":")
context = ssl.create_default_context(cafile=sys.argv[2])
def ask(lines, last):
    with socket.create_connection((host, int(port)), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as stream:
            stream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            seen = b""
            while last not in seen:
                more = stream.recv(65536)
                if not more: break
                seen += more
            return seen
print(ask(["GET /v1/matches HTTP/1.1", "host: localhost", "connection: close"], b"\r\n\r\n"))
print(ask(["GET /v1/ws?match=m HTTP/1.1", "host: localhost", "connection: Upgrade",
           "upgrade: websocket", "sec-websocket-version: 13",
           "sec-websocket-key: " + base64.b64encode(os.urandom(16)).decode()], b"welcome"))
"#;

#[tokio::test]
async fn with_a_certificate_fans_have_tls_at_the_balancer() {
    if !is_installed() {
        return;
    }
    let ground = tempfile::tempdir().unwrap();
    let path = |name: &str| ground.path().join(name).display().to_string();
    let (key, certificate, both) = (path("key.pem"), path("cert.pem"), path("site.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
    ]);
    openssl.args([
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ]);
    openssl.args(["-keyout", &key, "-out", &certificate]);
    let made = in_time("a certificate", openssl.output()).await.unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let text = [&certificate, &key].map(|file| std::fs::read_to_string(file).unwrap());
    std::fs::write(&both, text.concat()).unwrap();
    let (_cluster, balancer, _) = platform(&[("TLS_CERTIFICATE", &both)]).await;

    let mut client = Command::new("python3");
    client.args(["-c", TLS_CLIENT, &balancer.fans_tls, &certificate]);
    let output = in_time("a client", client.output()).await.unwrap();

    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for word in [
        "200 OK",
        "strict-transport-security",
        "101 Switching Protocols",
        "welcome",
    ] {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}
