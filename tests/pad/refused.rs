//! What the platform refuses is refused by the pad, before it is sent; and nothing else is.

use serde_json::{Value, json};

use crate::ahead::node;
use crate::ground::{Ground, MATCH, innings, small_match};
use crate::harness::api::Answer;

/// What was posted on top of so many events, and the rule by which it was refused.
pub(crate) struct Post {
    pub(crate) seq: u64,
    pub(crate) event: Value,
    pub(crate) rule: Option<String>,
}

/// The pad says the same of these posts as the platform did, wherever the phone was.
pub(crate) async fn assert_refused_alike(log: &Value, posts: &[Post]) {
    let mut asked = log.clone();
    let posts = posts.iter();
    let posts: Vec<Value> = posts
        .map(|post| json!({"seq": post.seq, "event": post.event, "rule": post.rule}))
        .collect();
    let count = posts.len();
    asked["posts"] = json!(posts);
    let Some(said) = node("refused.mjs", &asked).await else {
        return;
    };
    assert_eq!(said["posts"], count, "{said}");
    assert_eq!(said["wrong"], 0, "{said:#}");
}

/// The rule by which something was refused; what can't be read has none.
pub(crate) fn rule_of(answer: &Answer) -> String {
    let problem = answer.json();
    problem["rule"].as_str().unwrap_or("malformed").to_owned()
}

fn add(kind: &str, data: Value) -> Value {
    json!({"id": "new", "type": kind, "data": data})
}

fn correct(op: &str, about: &str, kind: &str, data: Value) -> Value {
    json!({"id": "new", "op": op, "ref": about, "type": kind, "data": data})
}

fn turn(op: &str, about: &str) -> Value {
    json!({"id": "new", "op": op, "ref": about})
}

/// A ball of the first over to Ann, with other members.
fn ball(more: Value) -> Value {
    let mut data =
        json!({"over": 0, "batter": "ann", "non_striker": "bea", "bowler": "cat", "runs": 0});
    data.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    data
}

fn out(kind: &str, player: &str) -> Value {
    json!([{"kind": kind, "player_out": player}])
}

/// Before an innings, and of any time.
fn before_an_innings() -> Vec<(Value, &'static str)> {
    let players: Vec<Value> = (0..36)
        .map(|n| json!({"id": format!("z{n}"), "name": "Z"}))
        .collect();
    vec![
        (add("delivery", ball(json!({}))), "no_innings"),
        (add("over_end", json!({"over": 0})), "no_innings"),
        (add("batter_in", json!({"player": "ann"})), "no_innings"),
        (
            add("batter_returns", json!({"player": "ann"})),
            "no_innings",
        ),
        (
            add(
                "batter_retired",
                json!({"player": "ann", "kind": "retired hurt"}),
            ),
            "no_innings",
        ),
        (
            add(
                "dismissal",
                json!({"player_out": "ann", "kind": "timed out"}),
            ),
            "no_innings",
        ),
        (add("innings_end", json!({"reason": "time"})), "no_innings"),
        (
            add("result", json!({"winner": "a", "result": "tie"})),
            "result",
        ),
        (add("result", json!({})), "result"),
        (
            add("result", json!({"result": "tie", "by": {"runs": 1}})),
            "result",
        ),
        (
            add("result", json!({"result": "draw", "awarded": true})),
            "result",
        ),
        (
            add("result", json!({"winner": "a", "player_of_match": ["zoe"]})),
            "unknown_player",
        ),
        (add("penalty", json!({"team": "a", "runs": 0})), "penalty"),
        (add("penalty", json!({"team": "a", "runs": 101})), "penalty"),
        (add("target_revised", json!({"runs": 0})), "target"),
        (
            add("target_revised", json!({"runs": 9, "overs": "4.6"})),
            "overs",
        ),
        (add("overs_revised", json!({"overs": "4.6"})), "overs"),
        (add("overs_revised", json!({"overs": 501})), "malformed"),
        (
            add(
                "innings_start",
                json!({"batting": "a", "target": {"overs": 9}}),
            ),
            "malformed",
        ),
        (
            add(
                "innings_start",
                json!({"batting": "a", "target": {"runs": 0}}),
            ),
            "target",
        ),
        (
            add(
                "innings_start",
                json!({"batting": "a", "target": {"runs": 9, "overs": "1.7"}}),
            ),
            "overs",
        ),
        (
            add(
                "review",
                json!({"by": "a", "decision": "upheld", "batter": "zoe"}),
            ),
            "unknown_player",
        ),
        (
            add(
                "lineup",
                json!({"team": "a", "players": [{"id": "cat", "name": "Cat"}]}),
            ),
            "player_side",
        ),
        (
            add("lineup", json!({"team": "a", "players": players})),
            "squad_max",
        ),
        (turn("void", "nobody"), "unknown_ref"),
        (turn("restore", "created"), "not_void"),
    ]
}

/// An innings that has begun, without a ball.
fn before_a_ball() -> Vec<(Value, &'static str)> {
    vec![
        (
            add("innings_start", json!({"batting": "b"})),
            "innings_open",
        ),
        (add("over_end", json!({"over": 0})), "over"),
        (
            correct("insert", "created", "delivery", ball(json!({}))),
            "no_innings",
        ),
        (
            correct("insert", "in2", "innings_start", json!({"batting": "a"})),
            "innings_open",
        ),
    ]
}

/// In the second over, when Bea is out and Dot in.
fn in_the_second_over() -> Vec<(Value, &'static str)> {
    let next = |more: Value| {
        let mut data = ball(json!({"over": 1, "non_striker": "dot", "bowler": "eve"}));
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        add("delivery", data)
    };
    let person = |player: &str| json!({"player": player});
    let replaced =
        |one: Value| json!({"replacements": [{"scope": "match", "in": one, "reason": "x"}]});
    vec![
        (next(json!({"non_striker": null})), "malformed"),
        (next(json!({"non_striker": "ann"})), "batter_is_non_striker"),
        (next(json!({"batter": "zoe"})), "unknown_player"),
        (next(json!({"batter": "cat"})), "batting_side"),
        (next(json!({"non_striker": "bea"})), "batter_out"),
        (next(json!({"bowler": "zoe"})), "unknown_player"),
        (next(json!({"bowler": "fay"})), "fielding_side"),
        (next(replaced(json!("zoe"))), "unknown_player"),
        (
            next(json!({"review": {"by": "a", "decision": "pending", "batter": "zoe"}})),
            "unknown_player",
        ),
        (next(json!({"over": 999})), "over"),
        (next(json!({"over": 0})), "over"),
        (next(json!({"runs": 21})), "runs"),
        (next(json!({"extras": {"byes": 21}})), "runs"),
        (
            next(json!({"extras": {"wides": 1, "noballs": 1}})),
            "extras",
        ),
        (
            next(json!({"wickets": out("retired hurt", "ann")})),
            "retirement",
        ),
        (
            next(json!({"wickets": out("timed out", "ann")})),
            "timed_out",
        ),
        (
            next(json!({"wickets": out("run out", "fay")})),
            "player_out",
        ),
        (next(json!({"wickets": out("lbw", "dot")})), "player_out"),
        (
            next(json!({"wickets": out("hit the ball twice", "dot")})),
            "player_out",
        ),
        (
            next(
                json!({"wickets": [{"kind": "lbw", "player_out": "ann"}, {"kind": "run out", "player_out": "ann"}]}),
            ),
            "player_out_twice",
        ),
        (
            next(
                json!({"wickets": [{"kind": "caught", "player_out": "ann", "fielders": [{"player": "zoe"}]}]}),
            ),
            "unknown_player",
        ),
        (add("over_end", json!({"over": 0})), "over"),
        (add("over_end", json!({"over": 2})), "over"),
        (add("batter_in", person("bea")), "batter_out"),
        (add("batter_in", person("cat")), "batting_side"),
        (add("batter_in", person("zoe")), "unknown_player"),
        (add("batter_returns", person("bea")), "batter_out"),
        (
            add("batter_retired", json!({"player": "ann", "kind": "lbw"})),
            "retirement_kind",
        ),
        (
            add(
                "batter_retired",
                json!({"player": "bea", "kind": "retired out"}),
            ),
            "batter_out",
        ),
        (
            add(
                "dismissal",
                json!({"player_out": "ann", "kind": "retired out"}),
            ),
            "retirement",
        ),
        (
            add("dismissal", json!({"player_out": "ann", "kind": "lbw"})),
            "dismissal_kind",
        ),
        (
            add("dismissal", json!({"player_out": "bea", "kind": "run out"})),
            "batter_out",
        ),
        (
            add(
                "dismissal",
                json!({"player_out": "ann", "kind": "run out", "fielders": [{"player": "zoe"}]}),
            ),
            "unknown_player",
        ),
        (
            add(
                "innings_end",
                json!({"reason": "all_out", "absent_hurt": ["cat"]}),
            ),
            "batting_side",
        ),
        // Where they stand, whatever is so by now.
        (
            correct("amend", "end0", "over_end", json!({"over": 1})),
            "over",
        ),
        (
            correct("insert", "end0", "over_end", json!({"over": 0})),
            "over",
        ),
        (
            correct("insert", "end0", "delivery", ball(json!({}))),
            "batter_out",
        ),
        (
            correct(
                "insert",
                "end0",
                "delivery",
                ball(json!({"non_striker": "dot"})),
            ),
            "over",
        ),
        (
            correct("amend", "b3", "delivery", ball(json!({"over": 0}))),
            "batter_out",
        ),
        (
            correct(
                "amend",
                "b1",
                "delivery",
                ball(json!({"replacements": [{"scope": "match", "in": "liv", "reason": "x"}]})),
            ),
            "unknown_player",
        ),
        (turn("void", "gone"), "void"),
        (
            correct("amend", "gone", "comment", json!({"text": "y"})),
            "void",
        ),
        (turn("restore", "b1"), "not_void"),
    ]
}

#[tokio::test]
async fn what_the_platform_refuses_is_refused_by_the_pad_by_the_same_rule() {
    let ground = Ground::start().await;
    ground.scorer.create(MATCH, &small_match()).await;
    let mut posts = Vec::new();
    refuse(&ground, &mut posts, before_an_innings()).await;
    ground.scorer.score(MATCH, &innings()).await;
    refuse(&ground, &mut posts, before_a_ball()).await;
    let events = json!([
        {"id": "b1", "type": "delivery", "data": ball(json!({}))},
        {"id": "b2", "type": "delivery", "data": ball(json!({"wickets": out("run out", "bea")}))},
        {"id": "in3", "type": "batter_in", "data": {"player": "dot"}},
        {"id": "end0", "type": "over_end", "data": {"over": 0}},
        {"id": "squad", "type": "lineup", "data": {"team": "b", "players": [{"id": "liv", "name": "Liv"}]}},
        {"id": "b3", "type": "delivery", "data": ball(json!({"over": 1, "non_striker": "dot", "bowler": "eve"}))},
        {"id": "gone", "type": "comment", "data": {"text": "x"}},
        {"id": "going", "op": "void", "ref": "gone"},
    ]);
    ground.scorer.score(MATCH, &events).await;
    refuse(&ground, &mut posts, in_the_second_over()).await;
    let start = json!({"id": "unbegun", "op": "void", "ref": "start"});
    ground.scorer.score(MATCH, &start).await;
    let amend = correct("amend", "b1", "delivery", ball(json!({"runs": 1})));
    refuse(&ground, &mut posts, vec![(amend, "no_innings")]).await;
    let other = json!([{"id": "other", "type": "innings_start", "data": {"batting": "b"}}, {"id": "lock", "type": "lock", "data": {}}]);
    ground.scorer.score(MATCH, &other).await;
    let locked = vec![(add("delivery", ball(json!({}))), "locked")];
    refuse(&ground, &mut posts, locked).await;
    assert_refused_alike(&ground.log(MATCH).await, &posts).await;
}

/// Posts what is refused by these rules, all of it on top of the same log.
async fn refuse(ground: &Ground, posts: &mut Vec<Post>, all: Vec<(Value, &'static str)>) {
    let seq = ground.scorer.state(MATCH).await["seq"].as_u64().unwrap();
    for (mut event, rule) in all {
        if let Some(data) = event.get_mut("data").and_then(Value::as_object_mut) {
            data.retain(|_, member| !member.is_null());
        }
        let path = format!("/v1/matches/{MATCH}/events");
        let answer = ground.scorer.post(&path, &event).await;
        assert_eq!(rule_of(&answer), rule, "{event}: {}", answer.text());
        let rule = Some(rule.to_owned());
        posts.push(Post { seq, event, rule });
    }
}
