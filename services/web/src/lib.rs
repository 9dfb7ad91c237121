//! Pages and the JavaScript client, as files inside the binary: no build step, no other host.

mod file;
mod version;

use axum::Router;

use crate::file::{CSS, File, HTML, JS, MANIFEST, SVG, routes};

/// The fan page at `/`, what it is made of, and the client at `/sdk/grandstand.js`.
pub fn fan_page() -> Router {
    routes(FAN_PAGE)
}

/// The scorer's pad at `/`, the board of a match at `/board/{match}`, and what they are made of, all
/// of it of one version.
pub fn pad() -> Router {
    version::routes(PAD)
}

/// The page of the API at `/docs`, which shows the `/openapi.json` of whoever serves it.
pub fn docs() -> Router {
    routes(DOCS)
}

/// A file that is served under the path that it has in this crate.
macro_rules! file {
    ($path:literal, $type:ident) => {
        File::new($path, $type, include_bytes!(concat!("..", $path)))
    };
}

const FAN_PAGE: &[File] = &[
    File::new("/", HTML, include_bytes!("../fan/index.html")),
    file!("/fan/card.js", JS),
    file!("/fan/chart.js", JS),
    file!("/fan/connection.js", JS),
    file!("/fan/dismissal.js", JS),
    file!("/fan/fan.css", CSS),
    file!("/fan/fan.js", JS),
    file!("/fan/feed.js", JS),
    file!("/fan/history.js", JS),
    file!("/fan/list.js", JS),
    file!("/fan/match.css", CSS),
    file!("/fan/match.js", JS),
    file!("/fan/over.js", JS),
    file!("/fan/pass.js", JS),
    file!("/fan/print.css", CSS),
    file!("/fan/score.js", JS),
    file!("/fan/sentence.js", JS),
    file!("/fan/started.js", JS),
    file!("/fan/state.js", JS),
    file!("/fan/story.js", JS),
    file!("/fan/text.js", JS),
    file!("/fan/tree.js", JS),
    file!("/fan/view.js", JS),
    file!("/sdk/connection.js", JS),
    file!("/sdk/doors.js", JS),
    file!("/sdk/events.js", JS),
    file!("/sdk/grandstand.js", JS),
    file!("/sdk/ladder.js", JS),
    file!("/sdk/line.js", JS),
    file!("/sdk/match.js", JS),
    file!("/sdk/memory.js", JS),
    file!("/sdk/msgpack.js", JS),
    file!("/sdk/reconnect.js", JS),
    file!("/sdk/state.js", JS),
    file!("/sdk/strips.js", JS),
    file!("/sdk/token.js", JS),
];

const PAD: &[File] = &[
    File::new("/", HTML, include_bytes!("../pad/index.html")),
    File::new(version::WORKER, JS, include_bytes!("../pad/worker.js")),
    File::new(
        "/board/{match}",
        HTML,
        include_bytes!("../board/index.html"),
    ),
    file!("/board/board.css", CSS),
    file!("/board/board.js", JS),
    file!("/fan/card.js", JS),
    file!("/fan/dismissal.js", JS),
    file!("/fan/over.js", JS),
    file!("/fan/score.js", JS),
    file!("/fan/sentence.js", JS),
    file!("/fan/state.js", JS),
    file!("/fan/text.js", JS),
    file!("/fan/view.js", JS),
    file!("/fan/fan.css", CSS),
    file!("/fan/match.css", CSS),
    file!("/pad/ahead.js", JS),
    file!("/pad/ask.js", JS),
    file!("/pad/ball.js", JS),
    file!("/pad/ball_form.js", JS),
    file!("/pad/balls.js", JS),
    file!("/pad/beside.js", JS),
    file!("/pad/book.js", JS),
    file!("/pad/created.js", JS),
    file!("/pad/device.js", JS),
    file!("/pad/door.js", JS),
    file!("/pad/ends.js", JS),
    file!("/pad/events.js", JS),
    file!("/pad/filling.js", JS),
    file!("/pad/forms.js", JS),
    file!("/pad/innings.js", JS),
    file!("/pad/kept.js", JS),
    file!("/pad/keys.js", JS),
    file!("/pad/league.js", JS),
    file!("/pad/more.js", JS),
    file!("/pad/next.js", JS),
    file!("/pad/pad.js", JS),
    file!("/pad/people.js", JS),
    file!("/pad/place.js", JS),
    file!("/pad/qr.js", JS),
    file!("/pad/refusals.js", JS),
    file!("/pad/scoring.js", JS),
    file!("/pad/sending.js", JS),
    file!("/pad/service.js", JS),
    file!("/pad/setup.js", JS),
    file!("/pad/wicket.js", JS),
    file!("/pad/icon-maskable.svg", SVG),
    file!("/pad/icon.svg", SVG),
    file!("/pad/manifest.json", MANIFEST),
    file!("/pad/pad.css", CSS),
    file!("/pad/queue/answer.js", JS),
    file!("/pad/queue/array.js", JS),
    file!("/pad/queue/outbox.js", JS),
    file!("/pad/queue/pause.js", JS),
    file!("/pad/queue/post.js", JS),
    file!("/pad/queue/queue.js", JS),
    file!("/pad/queue/rows.js", JS),
    file!("/pad/queue/store.js", JS),
    file!("/pad/queue/tabs.js", JS),
    file!("/sdk/state.js", JS),
];

const DOCS: &[File] = &[
    File::new("/docs", HTML, include_bytes!("../docs/index.html")),
    file!("/docs/docs.css", CSS),
    file!("/docs/docs.js", JS),
];

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that cannot read its crate fails"
)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_pages_and_the_client_is_served() {
        let folders = [
            (FAN_PAGE, "fan"),
            (FAN_PAGE, "sdk"),
            (PAD, "pad"),
            (PAD, "pad/queue"),
            (PAD, "board"),
            (DOCS, "docs"),
        ];
        for (files, folder) in folders {
            let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            for entry in fs::read_dir(there).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let path = match name.as_str() {
                    // Its scope is the folder that it is served from.
                    "worker.js" => "/worker.js".to_owned(),
                    name => format!("/{folder}/{name}"),
                };
                let is_served = files.iter().any(|file| file.path == path);
                let is_code = name.ends_with(".js") || name.ends_with(".css");
                assert!(is_served || !is_code, "{path} is not in the list");
            }
        }
    }
}
