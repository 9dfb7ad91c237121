//! The README's tour, taken as it stands there: every command is run in order, and prints what it is
//! said to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "readme/blocks.rs"]
mod blocks;
mod harness;
#[path = "clients/installed.rs"]
mod installed;
#[path = "readme/terminal.rs"]
mod terminal;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;

use blocks::{Step, steps};
use harness::api::Api;
use harness::browser::Browser;
use harness::dev::{Dev, folder};
use harness::process::run;
use harness::wait::found;
use installed::{Language, modules};
use terminal::Terminal;

#[tokio::test]
async fn the_tour_of_the_readme_does_what_it_says() {
    if !Language::at_hand().await.contains(&Language::Python) {
        return;
    }
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(repository.join("README.md")).unwrap();
    let tour = steps(&readme, "Five minutes");
    let (first, rest) = tour.split_first().unwrap();
    assert_eq!(first.commands, "cargo run --release -- dev");

    let (ground, _) = folder();
    let ground = ground.path().canonicalize().unwrap();
    let dev = Dev::start(&ground.join("grandstand-data"), &["--match", "generated"]).await;
    symlink(repository.join("schemas"), ground.join("schemas")).unwrap();
    let programs = ground.join("programs");
    fs::create_dir(&programs).unwrap();
    symlink(
        env!("CARGO_BIN_EXE_grandstand"),
        programs.join("grandstand"),
    )
    .unwrap();
    until_all_is_right(&dev).await;
    let here = Here::of(&dev);
    let page = Api::new(dev.process.said("gateway_url"), None)
        .get("/")
        .await;
    assert_eq!(page.status, 200, "the fan page");

    let mut terminal = Terminal::open(&ground, &programs).await;
    for step in rest {
        terminal.run(&here.step(step)).await;
        if step.commands.contains("http.server") {
            look_at_the_page(&here.text("http://127.0.0.1:7003")).await;
        }
    }
    let roles = steps(&readme, "One role a process");
    let started = roles[0].commands.lines().take(2);
    let checked: Vec<String> = started
        .map(|line| format!("{line} --check-config"))
        .collect();
    let checked = Step {
        commands: checked.join("\n"),
        prints: Vec::new(),
    };
    terminal.run(&here.step(&checked)).await;
}

/// A reader needs longer than a gateway that has just started does to hear that scores are taken.
async fn until_all_is_right(dev: &Dev) {
    let (nats_url, keys) = (dev.process.said("nats_url"), dev.process.said("keys"));
    found("a platform that is all right", async || {
        let status = run(&["ops", "status", "--nats-url", &nats_url, "--keys", &keys]).await;
        status.status.success().then_some(())
    })
    .await;
}

/// The ten lines of the README, in a browser.
async fn look_at_the_page(url: &str) {
    let files = Api::new(url, None);
    found("the page", async || {
        let answer = Api::try_send(files.request(reqwest::Method::GET, "/score.html")).await?;
        (answer.status == 200).then_some(())
    })
    .await;
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    browser.goto(&format!("{url}/score.html")).await;
    browser
        .wait_for("document.querySelector('#score').textContent === 'Reds 6/0 (0.1) (live)'")
        .await;
}

/// What stands for the README's fixed ports, and for what it installs.
struct Here(Vec<(String, String)>);

impl Here {
    fn of(dev: &Dev) -> Self {
        let mut here = vec![
            (
                "python3 -m pip install --quiet --target grandstand-data/python websockets"
                    .to_owned(),
                "true".to_owned(),
            ),
            (
                "PYTHONPATH=grandstand-data/python".to_owned(),
                format!("PYTHONPATH={}", modules().display()),
            ),
        ];
        for (port, url) in [("7001", "scoring_url"), ("7002", "gateway_url")] {
            let address = dev.process.said(url).replace("http://", "");
            here.push((format!("127.0.0.1:{port}"), address));
        }
        for port in ["7003", "7101", "7102", "7111", "7112"] {
            let free = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap();
            here.push((format!("127.0.0.1:{port}"), free.to_string()));
            here.push((
                format!("127.0.0.1 {port}"),
                format!("127.0.0.1 {}", free.port()),
            ));
        }
        Self(here)
    }

    fn text(&self, text: &str) -> String {
        let replace = |text: String, (there, here): &(String, String)| text.replace(there, here);
        self.0.iter().fold(text.to_owned(), replace)
    }

    fn step(&self, step: &Step) -> Step {
        Step {
            commands: self.text(&step.commands),
            prints: step.prints.clone(),
        }
    }
}
