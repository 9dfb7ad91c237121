//! Closes made-up matches that whoever scored them has left in the middle.

use grandstand_core::ids::MatchId;
use serde_json::{Value, json};

use crate::args::Token;
use crate::batch::next_batch;
use crate::event::Event;
use crate::generate;
use crate::post::Poster;
use crate::problem::PostError;

/// Says of every made-up match that is not over, but for `playing`, that it is abandoned. Scored
/// on, it is live again. How many there were.
pub async fn abandon_left(
    scoring: &str,
    token: Token,
    playing: &MatchId,
) -> Result<usize, PostError> {
    let poster = |match_id| Poster::new(&[scoring.to_owned()], token.reveal(), match_id);
    let listed = poster(playing.clone())?.matches().await?;
    let mut count = 0;
    for (match_id, entry) in listed.iter().filter_map(left) {
        if match_id == *playing {
            continue;
        }
        // Left again, it is closed again: by an id of its own.
        let id = format!("left-{}", entry["seq"]);
        let data = json!({"status": "abandoned", "note": "Left unfinished"});
        let events = [Event::added(id, "status", data)];
        let (_, body) = next_batch(&events, 1);
        poster(match_id)?.post(&events, body).await?;
        count += 1;
    }
    Ok(count)
}

/// The id of a made-up match that is not over.
fn left(entry: &Value) -> Option<(MatchId, &Value)> {
    let match_id = MatchId::new(entry.get("match")?.as_str()?).ok()?;
    let is_over = entry.pointer("/strip/status")? == "ended";
    (generate::is_made_up(&match_id) && !is_over).then_some((match_id, entry))
}
