//! In a page.

use serde_json::{Value, json};

use crate::harness::api::{Api, count_event};
use crate::harness::browser::Browser;
use crate::harness::cluster::Cluster;
use crate::harness::proxy::Proxy;
use crate::harness::replica::Place;

const MATCH: &str = "sdk";

/// What a page does to follow the match; `follow` in it is the codec and the token.
async fn follow(page: &mut Browser, codec: &str, token: &str) {
    let options = json!({"codec": codec, "token": token});
    let script = format!(
        "import('/sdk/grandstand.js').then((sdk) => {{
            globalThis.sdk = sdk;
            globalThis.client = new sdk.Client(location.origin, {options});
            globalThis.match = client.follow('{MATCH}');
            globalThis.changes = [];
            match.addEventListener('change', ({{ detail }}) => changes.push(detail));
            return match.seq;
        }})"
    );
    page.evaluate(&script).await;
}

/// A platform with the match, its scorer, a fan's token, and a proxy in front of its gateway.
async fn behind_a_proxy() -> (Cluster, Api, String, Proxy) {
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    let token = cluster.fan_token("premium").await;
    scorer.create_open(MATCH).await;
    let proxy = Proxy::start(&cluster.gateways[0].url()).await;
    (cluster, scorer, token, proxy)
}

async fn place(page: &mut Browser) -> Place {
    let script = "({ epoch: match.epoch, seq: match.seq, hash: sdk.hashOf(match.state) })";
    Place::of(&page.evaluate(script).await)
}

/// Errors that a page cannot help while its network is cut.
fn unexpected(errors: Vec<String>) -> Vec<String> {
    let is_bug = |error: &String| !error.starts_with("network: ");
    errors.into_iter().filter(is_bug).collect()
}

#[tokio::test]
async fn a_page_follows_through_a_cut_a_reload_and_the_loss_of_its_network() {
    for codec in ["json", "msgpack"] {
        let Some(mut page) = Browser::start().await else {
            return;
        };
        let (_cluster, scorer, token, proxy) = behind_a_proxy().await;
        // Not the fan page itself, which follows matches too.
        page.goto(&format!("{}/sdk/state.js", proxy.url())).await;

        follow(&mut page, codec, &token).await;
        page.wait_for("match.seq === 1").await;

        proxy.cut();
        scorer.score(MATCH, &count_event(1)).await;
        page.wait_for("match.seq === 2").await;
        assert_eq!(page.evaluate("client.counts.reconnects").await, 1);

        // What is shown is in the storage a second later, and at once when the page is left.
        page.reload().await;
        scorer.score(MATCH, &count_event(2)).await;
        follow(&mut page, codec, &token).await;
        page.wait_for("match.seq === 3").await;
        let counts = page.evaluate("client.counts").await;
        assert_eq!(counts["resumes"], 1, "{codec}: {counts}");
        assert_eq!(counts["snapshots"], 0, "{codec}: {counts}");
        assert_eq!(
            page.evaluate(
                "changes.find(({ cause }) => cause !== 'status').events.map(({ seq }) => seq)"
            )
            .await,
            json!([3])
        );

        page.offline(true).await;
        page.wait_for("client.connection.state !== 'open' && match.status === 'waiting'")
            .await;
        scorer.score(MATCH, &count_event(3)).await;
        page.offline(false).await;
        page.wait_for("match.seq === 4 && match.status === 'live'")
            .await;

        let counts = page.evaluate("client.counts").await;
        assert_eq!(
            place(&mut page).await,
            Place::of(&scorer.state(MATCH).await)
        );
        for nothing in ["wrong_hashes", "holes", "snapshots"] {
            assert_eq!(counts[nothing], 0, "{codec}: {counts}");
        }
        assert_eq!(unexpected(page.errors().await), [""; 0], "{codec}");
    }
}

#[tokio::test]
async fn a_page_that_knows_two_gateways_is_live_at_the_other_when_one_is_killed() {
    let Some(mut page) = Browser::start().await else {
        return;
    };
    let mut cluster = Cluster::start(1, 2).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let urls = [cluster.gateways[0].url(), cluster.gateways[1].url()];
    let options = json!({"token": cluster.fan_token("premium").await});
    page.goto(&format!("{}/sdk/state.js", urls[0])).await;
    let follow = format!(
        "import('/sdk/grandstand.js').then(({{ Client, hashOf }}) => {{
            globalThis.sdk = {{ hashOf }};
            globalThis.client = new Client({}, {options});
            globalThis.match = client.follow('{MATCH}');
        }})",
        json!(urls)
    );
    page.evaluate(&follow).await;
    page.wait_for("match.seq === 1 && match.status === 'live'")
        .await;

    cluster.gateways[0].kill().await;
    scorer.score(MATCH, &count_event(1)).await;
    page.wait_for("match.seq === 2 && match.status === 'live'")
        .await;

    let counts = page.evaluate("client.counts").await;
    assert_eq!(
        (&counts["snapshots"], &counts["holes"]),
        (&json!(1), &json!(0)),
        "{counts}"
    );
    assert_eq!(
        place(&mut page).await,
        Place::of(&scorer.state(MATCH).await)
    );
    assert_eq!(unexpected(page.errors().await), [""; 0]);
}

#[tokio::test]
async fn a_page_behind_a_proxy_that_lets_no_websocket_through_climbs_back_to_one() {
    let Some(mut page) = Browser::start().await else {
        return;
    };
    let (_cluster, scorer, token, proxy) = behind_a_proxy().await;
    proxy.refuse_upgrades();
    page.goto(&format!("{}/sdk/state.js", proxy.url())).await;

    // All pauses are the shortest that they may be.
    page.evaluate("void (Math.random = () => 0)").await;
    follow(&mut page, "json", &token).await;
    page.wait_for("match.seq === 1 && client.connection.transport === 'sse'")
        .await;
    scorer.score(MATCH, &count_event(1)).await;
    page.wait_for("match.seq === 2 && match.status === 'live'")
        .await;

    proxy.allow_upgrades();
    page.wait_for("client.connection.transport === 'websocket'")
        .await;
    scorer.score(MATCH, &count_event(2)).await;
    page.wait_for("match.seq === 3").await;

    let told = "changes.flatMap(({ events }) => events ?? []).map(({ seq }) => seq)";
    assert_eq!(page.evaluate(told).await, json!([2, 3]));
    assert_eq!(
        place(&mut page).await,
        Place::of(&scorer.state(MATCH).await)
    );
    assert_eq!(page.evaluate("client.counts.connects").await, 1);
    assert_eq!(unexpected(page.errors().await), [""; 0]);
}

#[tokio::test]
async fn the_golden_vectors_hold_in_a_browser() {
    let Some(mut page) = Browser::start().await else {
        return;
    };
    let cluster = Cluster::start(0, 1).await;
    let url = cluster.gateways[0].url();
    page.goto(&format!("{url}/sdk/state.js")).await;

    let patched = format!(
        "import('/sdk/grandstand.js').then(({{ applyPatch, canonical, hashOf }}) =>
            {}.filter(({{ before, patch, after, hash }}) =>
                canonical(applyPatch(before, patch)) !== canonical(after) || hashOf(after) !== hash))",
        vectors("patches")
    );
    assert_eq!(page.evaluate(&patched).await, json!([]));
    let decoded = format!(
        "import('/sdk/msgpack.js').then(({{ decode }}) =>
            {}.map(({{ messagepack }}) => decode(Uint8Array.from(messagepack.match(/../g), (hex) => parseInt(hex, 16)))))",
        vectors("server-messages")
    );
    let decoded = page.evaluate(&decoded).await;
    let messages = vectors("server-messages");
    let messages = messages.as_array().unwrap().iter();
    let messages: Vec<&Value> = messages.map(|vector| &vector["json"]).collect();
    assert_eq!(decoded, json!(messages));
}

fn vectors(name: &str) -> Value {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = here.join(format!("../../schemas/vectors/{name}.json"));
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}
