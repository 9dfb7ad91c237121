//! One version of the pad: all that it is made of, under paths that name the version, so that no page is made of two.
//!
//! A page and its modules ask for `/files/{version}/…`, which nobody has but a server of that
//! version: during an update, behind a balancer or out of a cache, a load is whole or it fails.

use std::borrow::Cow;
use std::collections::HashSet;

use axum::Router;
use axum::body::Bytes;
use sha2::{Digest, Sha256};

use crate::file::{CSS, File, HTML, JS, Lasts, served, short_digest};

/// The service worker is asked for where its scope begins, and says itself which version it is.
pub(crate) const WORKER: &str = "/worker.js";

/// The files as routes: each one in its version, and under its own path what others know it by.
pub(crate) fn routes(files: &[File]) -> Router {
    let version = version_of(files);
    let mut router = Router::new();
    for file in files {
        let bytes = Bytes::from(made(files, file, &version));
        if !is_code(file) {
            let named = served(file.content_type, bytes.clone(), Lasts::UntilAsked);
            router = router.route(file.path, named);
        }
        if file.path != WORKER {
            let kept = served(file.content_type, bytes, Lasts::ForEver);
            router = router.route(&within(&version, file.path), kept);
        }
    }
    router
}

/// A hash over everything, as it is served: whatever changes, the version does.
fn version_of(files: &[File]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        let bytes = made(files, file, "");
        for part in [file.path.as_bytes(), &bytes] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
    }
    short_digest(hash.finalize().as_slice())
}

fn within(version: &str, path: &str) -> String {
    format!("/files/{version}{path}")
}

/// Scripts and styles: pages alone ask for them. Icons and the manifest are also known to whoever
/// installs the pad, which is not to look changed with each version.
fn is_code(file: &File) -> bool {
    file.path != WORKER && [JS, CSS].contains(&file.content_type)
}

/// A file as it is served in a version: what it loads is of the same one.
fn made(files: &[File], file: &File, version: &str) -> Vec<u8> {
    if ![JS, HTML].contains(&file.content_type) {
        return file.bytes.to_vec();
    }
    let text = String::from_utf8_lossy(file.bytes);
    if file.path == WORKER {
        return [naming(files, version).as_bytes(), text.as_bytes()].concat();
    }
    let code: HashSet<&str> = files
        .iter()
        .filter(|one| is_code(one))
        .map(|one| one.path)
        .collect();
    let text = text.split('"').map(|part| match code.contains(part) {
        true => Cow::from(within(version, part)),
        false => Cow::from(part),
    });
    text.collect::<Vec<_>>().join("\"").into_bytes()
}

/// What the worker must know of its version.
fn naming(files: &[File], version: &str) -> String {
    let paths = files.iter().map(|file| file.path);
    let paths: Vec<&str> = paths.filter(|path| *path != WORKER).collect();
    // Plain paths in quotes are the same in both languages.
    format!("const VERSION = {version:?};\nconst FILES = {paths:?};\n")
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that cannot ask its router fails"
)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode, header};
    use tower::ServiceExt;

    use super::*;
    use crate::PAD;

    async fn ask(pad: &Router, path: &str) -> (StatusCode, String, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = pad.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let lasts = parts.headers.get(header::CACHE_CONTROL);
        let lasts = lasts.map_or("", |value| value.to_str().unwrap()).to_owned();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (parts.status, lasts, text)
    }

    #[tokio::test]
    async fn whatever_a_page_loads_is_of_its_version() {
        let (version, pad) = (version_of(PAD), routes(PAD));
        let folder = format!("/files/{version}");
        let mut asked = vec!["/".to_owned(), "/board/small".to_owned()];
        let mut at = 0;
        while let Some(path) = asked.get(at).cloned() {
            let (status, _, text) = ask(&pad, &path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            let within_folder = path.rsplit_once('/').unwrap().0;
            for quoted in text.split('"') {
                let is_code = quoted.ends_with(".js") || quoted.ends_with(".css");
                let loaded = match quoted.strip_prefix("./") {
                    Some(beside) => format!("{within_folder}/{beside}"),
                    None => quoted.to_owned(),
                };
                if !is_code || !loaded.starts_with('/') || loaded == WORKER {
                    continue;
                }
                assert!(loaded.starts_with(&folder), "{path} loads {loaded}");
                if !asked.contains(&loaded) {
                    asked.push(loaded);
                }
            }
            at += 1;
        }
        let code = PAD.iter().filter(|file| is_code(file)).count();
        // Both pages, and all the code.
        assert_eq!(asked.len(), code + 2);
    }

    #[tokio::test]
    async fn a_version_is_had_whole_or_not_at_all() {
        let (version, pad) = (version_of(PAD), routes(PAD));
        for file in PAD.iter().filter(|file| file.path != WORKER) {
            let (status, lasts, _) = ask(&pad, &within(&version, file.path)).await;
            assert_eq!(status, StatusCode::OK, "{}", file.path);
            assert!(lasts.ends_with("immutable"), "{}", file.path);
            let (status, ..) = ask(&pad, &within("0123456789abcdef", file.path)).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{}", file.path);
        }
        let (_, lasts, worker) = ask(&pad, WORKER).await;
        assert_eq!(lasts, "no-cache");
        assert!(worker.starts_with(&format!("const VERSION = \"{version}\";\n")));
    }

    #[test]
    fn whatever_changes_is_another_version() {
        let all: Vec<File> = PAD.to_vec();
        let mut versions = vec![version_of(&all)];
        for at in 0..all.len() {
            let mut changed = all.clone();
            changed[at].bytes = b"other";
            versions.push(version_of(&changed));
            changed.remove(at);
            versions.push(version_of(&changed));
        }
        let many = versions.len();
        versions.sort_unstable();
        versions.dedup();
        assert_eq!(versions.len(), many);
    }
}
