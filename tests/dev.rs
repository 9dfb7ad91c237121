//! The life of `grandstand dev`: what it says when it is ready, how it ends, what survives.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod harness;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use harness::api::{Api, count_event};
use harness::dev::{Dev, arguments, folder, servers_of};
use harness::fan::{Fan, Wish};
use harness::matches;
use harness::process::run;
use harness::replica::Place;
use harness::wait::{found, in_time, is_prompt};
use rustix::process::Signal;
use serde_json::json;

#[tokio::test]
async fn the_ready_line_says_all_that_scripts_need_and_it_holds() {
    let (_ground, data) = folder();

    let dev = Dev::start(&data, &[]).await;

    let ready = &dev.process.ready;
    assert_eq!(ready["event"], "ready");
    assert_eq!(ready["match"], json!(null));
    assert_eq!(ready["keys"], json!(data.join("keys")));
    assert!(
        dev.process
            .said("nats_url")
            .starts_with("nats://127.0.0.1:")
    );
    let nobody = |member| Api::new(dev.process.said(member), None);
    assert_eq!(nobody("admin_url").get("/livez").await.status, 200);
    assert_eq!(nobody("admin_url").get("/readyz").await.status, 200);
    for secret in fs::read_dir(data.join("keys")).unwrap() {
        let mode = secret.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // The flow that a reader of its page pastes: create, post, read by every token.
    let scorer = dev.scorer();
    scorer.create_open("final-1").await;
    let posted = scorer.score("final-1", &count_event(1)).await;
    let state = dev.viewer().state("final-1").await;
    assert_eq!(Place::of(&state), Place::of(&posted));
    assert_eq!(state["state"]["count"], 1);
    let ops = Api::new(&scorer.url, Some(&dev.token("ops")));
    assert_eq!(ops.state("final-1").await["hash"], posted["hash"]);
    let fan = Api::new(dev.process.said("gateway_url"), Some(&dev.token("fan")));
    // Who does not pay sees it as of the last 5 s mark.
    found("the match in the list of a fan", async || {
        let listed = fan.get("/v1/matches").await.json();
        (listed["matches"][0]["match"] == "final-1").then_some(())
    })
    .await;
}

#[tokio::test]
async fn ctrl_c_and_sigterm_end_everything_within_5_s() {
    for signal in [Signal::INT, Signal::TERM] {
        let (_ground, data) = folder();
        let mut dev = Dev::start(&data, &[]).await;
        dev.scorer().create_open("m").await;
        let wish = Wish::of(&["m"]).token(&dev.token("premium"));
        let mut fan = Fan::connect(&dev.process.said("gateway_url"), "fan", wish).await;
        fan.until_seq(1).await;
        assert_eq!(servers_of(&data).len(), 1);

        let began = Instant::now();
        dev.process.signal(signal);
        assert_eq!(fan.until_closed().await, Some(1012));
        let ended = dev.process.ended().await;

        assert!(ended.success(), "{ended}");
        is_prompt("its end", began, Duration::from_secs(5));
        assert!(servers_of(&data).is_empty());
    }
}

#[tokio::test]
async fn ctrl_c_right_after_the_start_leaves_no_server() {
    for after_ms in [0, 30, 80, 150, 250] {
        let (ground, data) = folder();
        let text = data.display().to_string();
        let mut child = harness::process::grandstand(&arguments(&text, &[]))
            .stdout(std::process::Stdio::null())
            .stderr(fs::File::create(ground.path().join("dev.log")).unwrap())
            .spawn()
            .unwrap();
        // The moment is what varies here; nothing waits for it.
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        let pid = rustix::process::Pid::from_raw(child.id().unwrap() as i32).unwrap();

        rustix::process::kill_process(pid, Signal::INT).unwrap();
        in_time("its end", child.wait()).await.unwrap();

        assert!(servers_of(&data).is_empty(), "after {after_ms} ms");
    }
}

#[tokio::test]
async fn after_kill_9_the_next_start_has_everything_and_leaves_no_stray() {
    let (_ground, data) = folder();
    let mut dev = Dev::start(&data, &[]).await;
    dev.scorer().create_open("m").await;
    for n in 1..=20 {
        dev.scorer().score("m", &count_event(n)).await;
    }
    let before = dev.scorer().state("m").await;
    let token = dev.token("scorer");
    dev.process.kill().await;

    let mut dev = Dev::start(&data, &[]).await;

    assert_eq!(servers_of(&data).len(), 1, "the stray was stopped");
    assert_eq!(dev.scorer().state("m").await, before);
    assert_eq!(dev.viewer().state("m").await["hash"], before["hash"]);
    let old_token = Api::new(dev.process.said("scoring_url"), Some(&token));
    let next = old_token.score("m", &count_event(21)).await;
    assert_eq!(
        (&next["epoch"], &next["seq"]),
        (&before["epoch"], &json!(22))
    );
    dev.verify().await;
    dev.process.signal(Signal::INT);
    assert!(dev.process.ended().await.success());
    assert!(servers_of(&data).is_empty());
}

#[tokio::test]
async fn a_second_dev_on_one_folder_says_so_and_the_first_goes_on() {
    let (_ground, data) = folder();
    let dev = Dev::start(&data, &[]).await;
    let servers = servers_of(&data);
    dev.scorer().create_open("m").await;

    let second = run(&arguments(&data.display().to_string(), &[])).await;

    assert_eq!(second.status.code(), Some(1));
    assert!(second.stdout.is_empty(), "it is not ready");
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("in use by another process"), "{said}");
    assert!(said.contains(&data.display().to_string()), "{said}");
    assert_eq!(servers_of(&data), servers);
    dev.scorer().score("m", &count_event(1)).await;
    assert_eq!(dev.viewer().state("m").await["seq"], 2);
}

#[tokio::test]
async fn a_match_is_played_to_its_end_and_every_figure_is_the_files() {
    if !matches::at_hand() {
        return;
    }
    let (_ground, data) = folder();
    let file = matches::file(matches::LIMITED_OVERS[0])
        .display()
        .to_string();

    let mut dev = Dev::start(&data, &["--match", &file, "--speed", "max"]).await;

    let name = matches::LIMITED_OVERS[0];
    assert_eq!(dev.process.ready["match"], name);
    let wish = Wish::of(&[name]).token(&dev.token("premium")).every_event();
    let mut fan = Fan::connect(&dev.process.said("gateway_url"), "fan", wish).await;
    let line = tokio::select! {
        line = dev.process.next_line() => line.unwrap(),
        _ = async { loop { fan.next().await; } } => unreachable!("it listens for ever"),
    };
    assert_eq!(
        line,
        json!({"event": "played", "match": name, "equal": true})
    );
    let end = Place::of(&dev.scorer().state(name).await);
    fan.until_seq(end.seq).await;
    assert_eq!(fan.only().place(), Some(end));
    dev.verify().await;
}

#[tokio::test]
async fn a_newcomer_sees_a_made_up_match_within_5_s() {
    let (_ground, data) = folder();
    let began = Instant::now();

    let mut dev = Dev::start(&data, &["--match", "generated", "--speed", "100"]).await;

    let seed = dev.process.ready["seed"].as_u64().unwrap();
    let name = dev.process.said("match");
    assert_eq!(name, format!("t20-{seed}"));
    let state = found("a match on the page", async || {
        let answer = dev.viewer().get(&format!("/v1/matches/{name}/state")).await;
        let state = (answer.status == 200).then(|| answer.json())?["state"].take();
        state.pointer("/innings/i1").is_some().then_some(state)
    })
    .await;
    is_prompt("a match on the page", began, Duration::from_secs(5));
    assert_eq!(state["strip"]["status"], "live");
    for team in ["a", "b"] {
        let players = state["teams"][team]["players"].as_object().unwrap();
        assert_eq!(players.len(), 11);
    }
    // Something moves, and it ends as quickly as ever while it does.
    let wish = Wish::of(&[&name]).token(&dev.token("premium"));
    let mut fan = Fan::connect(&dev.process.said("gateway_url"), "fan", wish).await;
    fan.until_seq(10).await;
    let began = Instant::now();
    dev.process.signal(Signal::INT);
    assert!(dev.process.ended().await.success());
    is_prompt("its end", began, Duration::from_secs(5));
}

#[tokio::test]
async fn a_made_up_match_is_put_right_to_its_end_and_the_next_begins() {
    let (_ground, data) = folder();
    let play = ["--match", "generated", "--seed", "7", "--speed", "100000"];

    let mut dev = Dev::start(&data, &play).await;

    assert_eq!(dev.process.ready["match"], "t20-7");
    let wish = Wish::of(&["t20-7"])
        .token(&dev.token("premium"))
        .every_event();
    let mut fan = Fan::connect(&dev.process.said("gateway_url"), "fan", wish).await;
    let mut lines = Vec::new();
    while lines.len() < 2 {
        tokio::select! {
            line = dev.process.next_line() => lines.push(line.unwrap()),
            _ = async { loop { fan.next().await; } } => unreachable!("it listens for ever"),
        }
    }
    let played = json!({"event": "played", "match": "t20-7", "equal": true});
    let playing = json!({"event": "playing", "match": "t20-8", "seed": 8});
    assert_eq!(lines, [played, playing]);
    let end = Place::of(&dev.scorer().state("t20-7").await);
    fan.until_seq(end.seq).await;
    assert_eq!(fan.only().place(), Some(end));
    let told = &fan.only().events;
    assert!(told.iter().any(|event| event.get("ref").is_some()));
    let next = dev.process.next_line().await.unwrap();
    assert_eq!(next["match"], "t20-8");
    assert_eq!(next["equal"], true);
    dev.verify().await;
}

#[tokio::test]
async fn a_match_that_was_left_is_closed_and_goes_on_when_asked_for() {
    let (_ground, data) = folder();
    let status = async |dev: &Dev| {
        let state = dev.scorer().state("t20-7").await;
        state["state"]["strip"]["status"].clone()
    };
    let with = |seed, speed| ["--match", "generated", "--seed", seed, "--speed", speed];
    // Half a minute, so that it is far from its end when it is left.
    let mut dev = Dev::start(&data, &with("7", "300")).await;
    found("some balls", async || {
        let state = dev.scorer().get("/v1/matches/t20-7").await;
        (state.status == 200 && state.json()["seq"].as_u64() > Some(20)).then_some(())
    })
    .await;
    assert_eq!(status(&dev).await, "live");
    dev.process.kill().await;

    let mut dev = Dev::start(&data, &with("8", "1000")).await;
    found("a closed match", async || {
        (status(&dev).await == "ended").then_some(())
    })
    .await;
    dev.process.signal(Signal::INT);
    assert!(dev.process.ended().await.success());

    let mut dev = Dev::start(&data, &with("7", "100000")).await;
    let line = dev.process.next_line().await.unwrap();
    let played = json!({"event": "played", "match": "t20-7", "equal": true});
    assert_eq!(line, played);
    dev.verify().await;
}

#[tokio::test]
async fn a_seed_for_what_is_not_made_up_is_refused() {
    let (_ground, data) = folder();
    let text = data.display().to_string();

    let refused = run(&arguments(&text, &["--match", "none", "--seed", "7"])).await;

    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("--seed") && said.contains("none"), "{said}");
    assert!(!data.exists(), "nothing is made");
}

#[tokio::test]
async fn its_nats_server_comes_back_after_kill_9_and_everything_goes_on() {
    let (_ground, data) = folder();
    let dev = Dev::start(&data, &[]).await;
    let (scorer, admin) = (dev.scorer(), Api::new(dev.process.said("admin_url"), None));
    scorer.create_open("m").await;
    let wish = Wish::of(&["m"]).token(&dev.token("premium"));
    let mut fan = Fan::connect(&dev.process.said("gateway_url"), "fan", wish).await;
    let (mut n, mut killed) = (0, None);

    for times in [1, 4] {
        // And again as soon as it is there, while it is being provisioned.
        for _ in 0..times {
            let before = killed;
            let next = found("the next nats-server", async || dev.kill_nats(before));
            killed = Some(next.await);
        }
        n += 1;
        // Sent again until it is taken: the same id, so it is there once.
        found("an accepted event", async || {
            let answer = scorer.post("/v1/matches/m/events", &count_event(n)).await;
            answer.status.is_success().then_some(())
        })
        .await;
        fan.until_seq(n + 1).await;
    }

    let state = scorer.state("m").await;
    assert_eq!(state["seq"], 3);
    assert_eq!(fan.only().place(), Some(Place::of(&state)));
    found("readiness", async || {
        (admin.get("/readyz").await.status == 200).then_some(())
    })
    .await;
    dev.verify().await;
}
