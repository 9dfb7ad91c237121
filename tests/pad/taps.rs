//! How often a scorer taps: five times at most for any ball but a run-out.

use serde_json::{Value, json};

use crate::ground::{Ground, MATCH};
use crate::phone::BUSY;

/// Taps for a ball.
const TAPS_MAX: usize = 5;

/// Each ball: its taps, until the next one can be scored; how the over shows it; who is out how.
const BALLS: &[(&[&str], &str, Option<&str>)] = &[
    (&["#k0"], ".", None),
    (&["#k1"], "1", None),
    (&["#k2"], "2", None),
    (&["#k3"], "3", None),
    (&["#k4"], "4", None),
    (&["#k6"], "6", None),
    (&["#kmore", "5"], "5", None),
    (&["#kmore", "4, all run"], "4", None),
    (&["#kmore", "1, one short"], "1", None),
    (&["#kwd", "#kwd"], "1wd", None),
    (&["#kwd", "#k4"], "5wd", None),
    (&["#knb", "#knb"], "1nb", None),
    (&["#knb", "#k6"], "6+1nb", None),
    (&["#knb", "#kb", "#k2"], "1nb+2b", None),
    (&["#knb", "#klb", "#k1"], "1nb+1lb", None),
    (&["#kb", "#k4"], "4b", None),
    (&["#klb", "#k1"], "1lb", None),
    (&["#kswap", "#k0"], ".", None),
    (&["#kw", "Bowled", "NEXT"], "W", Some("bowled")),
    (&["#kw", "LBW", "NEXT"], "W", Some("lbw")),
    (&["#kw", "Caught", "Joy", "NEXT"], "W", Some("caught")),
    (&["#kw", "Caught &", "NEXT"], "W", Some("caught and bowled")),
    (&["#kw", "Stumped", "Joy", "NEXT"], "W", Some("stumped")),
    (
        &["#kwd", "#kw", "Stumped", "Joy", "NEXT"],
        "1wd+W",
        Some("stumped"),
    ),
    (&["#kw", "Hit wicket", "NEXT"], "W", Some("hit wicket")),
];

#[tokio::test]
async fn no_ball_but_a_run_out_takes_more_than_five_taps() {
    let ground = Ground::start().await;
    let mut body = crate::ground::small_match();
    let more: Vec<Value> = (0..12)
        .map(|n| json!({"id": format!("more{n}"), "name": format!("More {n}")}))
        .collect();
    body["teams"]["a"]["players"]
        .as_array_mut()
        .unwrap()
        .extend(more);
    ground.scorer.create(MATCH, &body).await;
    ground.scorer.score(MATCH, &crate::ground::innings()).await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.tap_all(&["#bowler", "Cat"]).await;

    for (taps, _, _) in BALLS {
        phone.taps = 0;
        for tap in *taps {
            match *tap {
                "NEXT" => phone.tap(".sheet.due .options button").await,
                tap => phone.tap_all(&[tap]).await,
            }
        }
        // The keys are there for the next ball; an over that is full asks for its bowler first.
        let is_over = "document.querySelector('#due')?.textContent.startsWith('End of over')";
        let there =
            format!("!({BUSY}) && ({is_over} ? 'over' : document.querySelector('#k0') && 'keys')");
        if phone.browser.wait_for(&there).await == "over" {
            phone.tap(".sheet.due .options button").await;
        }
        assert!(phone.taps <= TAPS_MAX, "{taps:?}: {} taps", phone.taps);
    }
    phone.until_sent().await;

    let state = ground.scorer.state(MATCH).await["state"].clone();
    let innings = &state["innings"]["i1"];
    let overs = innings["per_over"].as_object().unwrap().values();
    let shown: Vec<String> = overs
        .flat_map(|over| {
            over["balls"]
                .as_str()
                .unwrap()
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    let tapped: Vec<&str> = BALLS.iter().map(|(_, ball, _)| *ball).collect();
    assert_eq!(shown, tapped);
    let outs: Vec<&str> = innings["batting"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(|row| row["out"]["kind"].as_str())
        .collect();
    let mut fell: Vec<&str> = BALLS.iter().filter_map(|(_, _, out)| *out).collect();
    let mut outs = outs;
    fell.sort_unstable();
    outs.sort_unstable();
    assert_eq!(outs, fell);
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_run_out_is_entered_with_its_runs_its_fielders_and_who_faces_next() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone
        .tap_all(&[
            "#bowler",
            "Cat",
            "#kw",
            "Run out",
            "Bea",
            "1",
            "Eve",
            "Yes",
            "Hil",
            "The new batter",
            "Dot",
            "#k0",
        ])
        .await;
    phone.until_sent().await;

    let log = ground.log(MATCH).await;
    let balls: Vec<&Value> = log["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "delivery")
        .map(|event| &event["data"])
        .collect();
    assert_eq!(balls[0]["runs"], 1);
    assert_eq!(
        balls[0]["wickets"],
        json!([{"kind": "run out", "player_out": "bea",
        "fielders": [{"player": "eve"}, {"player": "hil"}]}])
    );
    assert_eq!(
        (&balls[1]["batter"], &balls[1]["non_striker"]),
        (&json!("dot"), &json!("ann"))
    );
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn two_wickets_on_one_ball_are_entered_by_taps() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone
        .tap_all(&["#bowler", "Cat", "#kwd", "#kw", "Two are out", "Stumped"])
        .await;
    phone
        .tap_all(&["Joy", "Run out", "Eve", "No", "0", "Dot", "Fay"])
        .await;
    phone.until("#total", "1/2").await;
    phone.tap("#k0").await;
    phone.until_sent().await;

    let balls = ground.entered(&["delivery"]).await;
    assert_eq!(
        balls[0].1["wickets"],
        json!([{"kind": "stumped", "player_out": "ann", "fielders": [{"player": "joy"}]},
            {"kind": "run out", "player_out": "bea", "fielders": [{"player": "eve"}]}])
    );
    assert_eq!(balls[0].1["extras"], json!({"wides": 1}));
    assert_eq!(balls[1].1["batter"], "dot");
    assert_eq!(balls[1].1["non_striker"], "fay");
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn who_does_on_what_another_cannot_is_entered_by_taps() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_after_a_single().await else {
        return;
    };
    phone
        .enter(
            &["Replacement", "Another bowls on for Cat", "Eve", "Injury"],
            &[],
        )
        .await;
    phone.until("#line", "Eve for Cat").await;
    phone.until("#bowler", "Eve").await;
    phone.tap("#k0").await;
    phone
        .enter(
            &["Replacement", "Another bats for Bea", "Dot", "Injury"],
            &[],
        )
        .await;
    phone.tap("#k2").await;
    phone.until_sent().await;

    let balls = ground.entered(&["delivery"]).await;
    assert_eq!(
        balls[1].1["replacements"],
        json!([{"scope": "role", "in": "eve", "out": "cat", "team": "b", "role": "bowler", "reason": "injury"}])
    );
    assert_eq!(balls[1].1["bowler"], "eve");
    assert_eq!(
        balls[2].1["replacements"],
        json!([{"scope": "role", "in": "dot", "out": "bea", "team": "a", "role": "batter", "reason": "injury"}])
    );
    assert_eq!(
        (&balls[2].1["batter"], &balls[2].1["non_striker"]),
        (&json!("dot"), &json!("ann"))
    );
    let retired = ground.entered(&["batter_retired"]).await;
    assert_eq!(
        retired[0].1,
        json!({"player": "bea", "kind": "retired hurt"})
    );
    phone.assert_no_errors().await;
}
