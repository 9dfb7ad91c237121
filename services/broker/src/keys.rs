//! The NATS identities of the three roles: an nkey seed for each, in a folder that only its owner reads.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nkeys::KeyPair;
use thiserror::Error;

/// As whom a process signs in to NATS. Each role may do only what its work needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Appends records.
    Scoring,
    /// Reads records, keeps sessions and its own presence.
    Gateway,
    /// Provisions, verifies, replays, restores, revokes.
    Ops,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Scoring, Self::Gateway, Self::Ops];

    /// The role's name, as in file names and inboxes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scoring => "scoring",
            Self::Gateway => "gateway",
            Self::Ops => "ops",
        }
    }

    /// The variable by which `nats-server.conf` learns the public half of the role's key.
    pub fn server_variable(self) -> &'static str {
        match self {
            Self::Scoring => "GRANDSTAND_NKEY_SCORING",
            Self::Gateway => "GRANDSTAND_NKEY_GATEWAY",
            Self::Ops => "GRANDSTAND_NKEY_OPS",
        }
    }

    fn file(self, dir: &Path) -> PathBuf {
        dir.join(format!("{}.nk", self.name()))
    }
}

/// Why a role's key can't be had.
#[derive(Debug, Error)]
pub enum KeysError {
    /// There is no such file.
    #[error("there is no key {0}")]
    Missing(PathBuf),
    /// The file holds something else.
    #[error("{0} is not an nkey seed")]
    NotASeed(PathBuf),
    /// The folder or file can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The keys of all roles, as the one who starts a nats-server needs them.
pub struct Keys {
    public: [String; 3],
}

impl Keys {
    /// Reads `dir/<role>.nk` of every role, and makes what is missing. Safe to call from several
    /// processes at once: they all end with the same keys.
    pub fn load_or_create(dir: &Path) -> Result<Self, KeysError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|source| io_error(dir, source))?;
        let mut public = [String::new(), String::new(), String::new()];
        for (role, public) in Role::ALL.into_iter().zip(&mut public) {
            let pair = match load(dir, role) {
                Err(KeysError::Missing(_)) => {
                    create(dir, role)?;
                    load(dir, role)?
                }
                other => other?,
            };
            *public = pair.public_key();
        }
        Ok(Self { public })
    }

    /// What `nats-server.conf` expects in the server's environment: the public halves.
    pub fn server_environment(&self) -> [(&'static str, &str); 3] {
        let [scoring, gateway, ops] = &self.public;
        [
            (Role::Scoring.server_variable(), scoring),
            (Role::Gateway.server_variable(), gateway),
            (Role::Ops.server_variable(), ops),
        ]
    }
}

/// The key of `role` out of `dir`.
pub(crate) fn load(dir: &Path, role: Role) -> Result<KeyPair, KeysError> {
    let path = role.file(dir);
    let seed = match fs::read_to_string(&path) {
        Ok(seed) => seed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeysError::Missing(path));
        }
        Err(source) => return Err(io_error(&path, source)),
    };
    KeyPair::from_seed(seed.trim()).map_err(|_| KeysError::NotASeed(path))
}

/// Writes a new key beside its place and links it there, so that nobody reads half of one and the
/// first of two makers wins.
fn create(dir: &Path, role: Role) -> Result<(), KeysError> {
    let place = role.file(dir);
    let seed = KeyPair::new_user()
        .seed()
        .expect("a key that was just made has its private half");
    let draft = dir.join(format!(
        ".{}.{}.draft",
        role.name(),
        crate::names::random_suffix()
    ));
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        writeln!(file, "{seed}")?;
        file.sync_all()?;
        match fs::hard_link(&draft, &place) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    };
    let written = write();
    // A draft that stays behind is a secret in a place where nobody looks for one.
    let removed = fs::remove_file(&draft);
    written
        .and(removed)
        .map_err(|source| io_error(&place, source))
}

fn io_error(path: &Path, source: io::Error) -> KeysError {
    KeysError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_made_once_and_only_their_owner_reads_them() {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().join("keys");

        let first = Keys::load_or_create(&dir).unwrap();
        let second = Keys::load_or_create(&dir).unwrap();

        assert_eq!(first.server_environment(), second.server_environment());
        assert_eq!(
            fs::metadata(&dir).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let files: Vec<_> = fs::read_dir(&dir)
            .unwrap()
            .map(|entry| entry.unwrap())
            .collect();
        assert_eq!(files.len(), 3, "no draft stays behind");
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn makers_at_once_agree_on_the_keys() {
        let data = tempfile::tempdir().unwrap();
        let environments: Vec<_> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Keys::load_or_create(data.path()).unwrap().public))
                .collect();
            makers
                .into_iter()
                .map(|maker| maker.join().unwrap())
                .collect()
        });
        assert!(environments.iter().all(|one| *one == environments[0]));
    }

    #[test]
    fn a_missing_and_a_broken_key_are_told_apart() {
        let data = tempfile::tempdir().unwrap();
        assert!(matches!(
            load(data.path(), Role::Ops),
            Err(KeysError::Missing(_))
        ));
        fs::write(data.path().join("ops.nk"), "nonsense").unwrap();
        assert!(matches!(
            load(data.path(), Role::Ops),
            Err(KeysError::NotASeed(_))
        ));
    }
}
