//! Pages and the JavaScript client, as files inside the binary: no build step, no other host.

mod file;

use axum::Router;

use crate::file::{CSS, File, HTML, JS, routes};

/// The fan page at `/`, what it is made of, and the client at `/sdk/grandstand.js`.
pub fn fan_page() -> Router {
    routes(FAN_PAGE)
}

const FAN_PAGE: &[File] = &[
    File::new("/", HTML, include_bytes!("../fan/index.html")),
    File::new("/fan/fan.css", CSS, include_bytes!("../fan/fan.css")),
    File::new("/fan/fan.js", JS, include_bytes!("../fan/fan.js")),
    File::new(
        "/sdk/grandstand.js",
        JS,
        include_bytes!("../sdk/grandstand.js"),
    ),
];
