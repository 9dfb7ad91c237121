//! What leagues play beside the Laws: the pad shows it ahead of the server as the server counts it, and
//! asks for what is due by it.

use grandstand_play::generate::chance::Chance;
use serde_json::{Value, json};

use crate::ahead::assert_shown_ahead;
use crate::ground::{Ground, MATCH, innings, small_match};
use crate::harness::seed::seed;

/// Events of a random innings, whatever its rules say.
const EVENTS_MAX: usize = 110;

#[tokio::test]
async fn whatever_a_league_plays_is_shown_as_the_server_will_say_it() {
    let ground = Ground::start().await;
    let seed = seed("leagues");
    let leagues = [
        json!({"overs": 8, "pair_overs": 2, "start_runs": 200, "wicket_runs": 4, "wide_runs": 2, "wides_rebowled": false, "last_over_by_law": true}),
        json!({"overs": 9, "over_deliveries_max": 8, "last_over_by_law": true, "batter_balls_max": 12}),
        json!({"overs": 12, "noballs_rebowled": false, "retire_runs": 9, "free_hits": false}),
        json!({"overs": 12, "balls_per_over": 5, "wickets_max": 5, "last_batter_stands": true, "retire_runs": 12}),
        json!({"overs": 10, "dismissed_bat_on": true, "wicket_runs": 5, "overs_per_end": 2}),
    ];
    for (number, rules) in leagues.iter().enumerate() {
        let match_id = format!("league-{number}");
        let mut chance = Chance::new(seed, number as u64);
        play(&ground, &match_id, rules, &mut chance).await;
        let log = ground.log(&match_id).await;
        eprintln!("{rules}");
        // Where five of five are out at once it is over after a dozen events.
        assert_shown_ahead(&log, 12).await;
    }
}

/// A random innings by these rules, entered as the platform proposes it.
async fn play(ground: &Ground, match_id: &str, rules: &Value, chance: &mut Chance) {
    let mut body = small_match();
    body["rules"] = rules.clone();
    let players = body["teams"]["a"]["players"].as_array_mut().unwrap();
    players.extend((0..6).map(|n| json!({"id": format!("more{n}"), "name": format!("More {n}")})));
    let mut waiting: Vec<Value> = players.iter().map(|player| player["id"].clone()).collect();
    ground.scorer.create(match_id, &body).await;
    let start = json!({"id": "start", "type": "innings_start", "data": {"batting": "a"}});
    ground.scorer.score(match_id, &start).await;
    for n in 0..EVENTS_MAX {
        let path = format!("/v1/matches/{match_id}/proposals");
        let due = ground.scorer.get(&path).await.json()["proposals"].clone();
        let mut event = if due["innings_end"].is_object() {
            return;
        } else if due["batter_retired"].is_object() {
            json!({"type": "batter_retired", "data": due["batter_retired"]})
        } else if due["over_end"].is_object() {
            json!({"type": "over_end", "data": due["over_end"]})
        } else {
            match next(&due, rules, &mut waiting, chance) {
                Some(event) => event,
                None => return,
            }
        };
        event["id"] = json!(format!("n{n}"));
        ground.scorer.score(match_id, &event).await;
    }
}

/// The next ball, or who comes in for it; none if nobody is left.
fn next(
    due: &Value,
    rules: &Value,
    waiting: &mut Vec<Value>,
    chance: &mut Chance,
) -> Option<Value> {
    let (striker, non_striker) = (&due["striker"], &due["non_striker"]);
    let may_be_alone = rules["last_batter_stands"] == true && !striker.is_null();
    if striker.is_null() || (non_striker.is_null() && !(may_be_alone && chance.happens(500))) {
        if waiting.is_empty() {
            return None;
        }
        let player = waiting.remove(0);
        if rules["pair_overs"].is_u64() {
            // Everybody bats again, should all have had their turn.
            waiting.push(player.clone());
        }
        return Some(json!({"type": "batter_in", "data": {"player": player}}));
    }
    let over = due["over"].as_u64().unwrap();
    let bowler = if over.is_multiple_of(2) { "cat" } else { "eve" };
    let mut data = json!({"over": over, "batter": striker, "bowler": bowler, "runs": 0});
    if !non_striker.is_null() {
        data["non_striker"] = non_striker.clone();
    }
    match chance.below(12) {
        0 | 1 => {
            data["extras"] = json!({"wides": 1 + chance.below(3)});
            // Some records have runs off the bat on a wide.
            data["runs"] = json!(chance.below(2));
        }
        2 => data["extras"] = json!({"noballs": 1, "byes": chance.below(3)}),
        3 => data["extras"] = json!({"legbyes": 1}),
        4 => data["wickets"] = json!([{"kind": "bowled", "player_out": striker}]),
        _ => data["runs"] = json!(chance.below(5)),
    }
    Some(json!({"type": "delivery", "data": data}))
}

/// A match of the small sides by these rules, its innings begun.
async fn begin(ground: &Ground, rules: Value) {
    let mut body = small_match();
    body["rules"] = rules;
    ground.scorer.create(MATCH, &body).await;
    ground.scorer.score(MATCH, &innings()).await;
}

#[tokio::test]
async fn juniors_in_pairs_are_scored_by_taps() {
    let ground = Ground::start().await;
    begin(&ground, json!({"overs": 2, "pair_overs": 1, "start_runs": 200, "wicket_runs": 4, "wide_runs": 2, "wides_rebowled": false})).await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.tap_all(&["#bowler", "Cat"]).await;
    phone.until("#total", "200/0").await;
    phone.cut();
    phone.tap_all(&["#kw", "Bowled"]).await;
    phone.until("#total", "196/1").await;
    // Who is out bats on, but does not face the next ball.
    phone.until("#striker", "Bea").await;
    phone
        .tap_all(&["#kwd", "#kwd", "#k1", "#k0", "#k0", "#k0"])
        .await;
    phone.until("#due", "End of over 1").await;
    phone.tap_text("Eve").await;
    phone.until("#due", "Who comes in").await;
    phone.tap_all(&["Dot", "Fay", "#k1"]).await;
    phone.join().await;
    phone.until_sent().await;

    let state = ground.scorer.state(MATCH).await["state"].clone();
    let first = &state["innings"]["i1"];
    assert_eq!(first["runs"], 200);
    assert_eq!(first["per_over"]["o001"]["balls"], "W 2wd 1 . . .");
    assert_eq!(first["batting"]["b01"]["outs"], 1);
    assert_eq!(first["batting"]["b03"]["runs"], 1);
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn who_has_made_what_he_may_retires_and_the_last_batter_bats_on_alone() {
    let ground = Ground::start().await;
    begin(
        &ground,
        json!({"overs": 5, "retire_runs": 6, "wickets_max": 2, "last_batter_stands": true}),
    )
    .await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.tap_all(&["#bowler", "Cat", "#k6"]).await;
    phone.until("#due", "Ann is due to retire").await;
    phone.tap_all(&["Retires", "Dot", "#kw", "Bowled"]).await;
    phone.until(".alone", "bats alone").await;
    phone.tap_all(&["#k1", "#k1", "#kw", "LBW"]).await;
    phone.until("#due", "All out").await;
    phone.tap_text("End the innings").await;
    phone.until_sent().await;

    let state = ground.scorer.state(MATCH).await["state"].clone();
    let first = &state["innings"]["i1"];
    assert_eq!(
        (&first["runs"], &first["wickets"], &first["end"]),
        (&json!(8), &json!(2), &json!("all_out"))
    );
    assert_eq!(first["per_over"]["o001"]["balls"], "6 W 1 1 W");
    assert_eq!(first["batting"]["b02"]["runs"], 2);
    phone.assert_no_errors().await;
}
