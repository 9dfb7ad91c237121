//! The token secret: `token.key` in the keys folder, read or made once.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The file's name in the keys folder.
pub const TOKEN_KEY_FILE: &str = "token.key";
/// A secret shorter than HS256's own output would be its weakest part.
const SECRET_BYTES_MIN: usize = 32;
/// Nobody's secret is longer; a wrong file may be.
const SECRET_BYTES_MAX: usize = 4096;
const SECRET_BYTES_MADE: usize = 32;

/// The secret that signs and verifies tokens: the text of the file, without white space around it.
#[derive(Clone)]
pub struct TokenKey(String);

impl TokenKey {
    /// Takes `secret` if it is long enough.
    pub fn new(secret: &str) -> Option<Self> {
        let secret = secret.trim();
        (SECRET_BYTES_MIN..=SECRET_BYTES_MAX)
            .contains(&secret.len())
            .then(|| Self(secret.to_owned()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(secret)")
    }
}

/// Why there is no secret to use.
#[derive(Debug, Error)]
pub enum KeyError {
    /// There is no such file.
    #[error("no token secret at {}; `dev` makes one, or copy the one of the other roles", .0.display())]
    Absent(PathBuf),
    /// Others on this machine may read it, or the group may change it.
    #[error("{} is open to others (mode {mode:o}); run `chmod 600` on it", path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no secret of sensible length.
    #[error("{} must hold {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} characters of secret text", .0.display())]
    Unfit(PathBuf),
    /// The file system said no.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no random bytes.
    #[error("the system has no random bytes to make a secret of")]
    NoRandomness,
}

/// Reads the secret of the keys folder.
pub fn load(keys_dir: &Path) -> Result<TokenKey, KeyError> {
    let path = keys_dir.join(TOKEN_KEY_FILE);
    let file = File::open(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => KeyError::Absent(path.clone()),
        _ => io_error(&path, source),
    })?;
    let metadata = file.metadata().map_err(|source| io_error(&path, source))?;
    // The group may read: orchestrators mount secrets so. It may not write, and others nothing.
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o027 != 0 {
        return Err(KeyError::Exposed { path, mode });
    }
    let mut text = String::new();
    let read = file
        .take(SECRET_BYTES_MAX as u64 + 2)
        .read_to_string(&mut text);
    match read {
        Ok(_) => TokenKey::new(&text).ok_or(KeyError::Unfit(path)),
        Err(source) if source.kind() == io::ErrorKind::InvalidData => Err(KeyError::Unfit(path)),
        Err(source) => Err(io_error(&path, source)),
    }
}

/// Reads the secret of the keys folder, or makes both. Of several who make it at once, all get the
/// same one.
pub fn load_or_create(keys_dir: &Path) -> Result<TokenKey, KeyError> {
    match load(keys_dir) {
        Err(KeyError::Absent(_)) => {
            create(keys_dir)?;
            load(keys_dir)
        }
        other => other,
    }
}

/// Writes the secret under a name of its own and links it into place, so that nobody ever reads
/// half of it and the first of several wins.
fn create(keys_dir: &Path) -> Result<(), KeyError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(keys_dir)
        .map_err(|source| io_error(keys_dir, source))?;
    let draft = keys_dir.join(format!(".{TOKEN_KEY_FILE}.{}", random_hex::<8>()?));
    let path = keys_dir.join(TOKEN_KEY_FILE);
    let written = write_draft(&draft, &random_hex::<SECRET_BYTES_MADE>()?);
    let linked = written.and_then(|()| match fs::hard_link(&draft, &path) {
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    // The draft may not exist if writing failed; what counts is the error from before.
    let _ = fs::remove_file(&draft);
    linked
        .and_then(|()| File::open(keys_dir)?.sync_all())
        .map_err(|source| io_error(&path, source))
}

fn write_draft(draft: &Path, secret: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()
}

fn random_hex<const N: usize>() -> Result<String, KeyError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn io_error(path: &Path, source: io::Error) -> KeyError {
    KeyError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, text: &[u8], mode: u32) {
        let path = dir.join(TOKEN_KEY_FILE);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_made_secret_is_private_long_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let keys_dir = dir.path().join("keys");

        let made = load_or_create(&keys_dir).unwrap();
        let again = load_or_create(&keys_dir).unwrap();

        assert_eq!(made.as_bytes(), again.as_bytes());
        assert_eq!(made.as_bytes().len(), 2 * SECRET_BYTES_MADE);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&keys_dir), 0o700);
        assert_eq!(mode(&keys_dir.join(TOKEN_KEY_FILE)), 0o600);
        assert_eq!(
            fs::read_dir(&keys_dir).unwrap().count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn all_who_make_it_at_once_get_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| load_or_create(dir.path()).unwrap()))
                .collect();
            makers.into_iter().map(|m| m.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|k| k.as_bytes() == keys[0].as_bytes()));
    }

    #[test]
    fn white_space_around_a_secret_is_no_part_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let secret = "s".repeat(SECRET_BYTES_MIN);
        write(dir.path(), format!("{secret}\n").as_bytes(), 0o440);
        assert_eq!(load(dir.path()).unwrap().as_bytes(), secret.as_bytes());
    }

    #[test]
    fn an_unfit_secret_is_refused_with_its_reason() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(load(dir.path()), Err(KeyError::Absent(_))));
        for unfit in [&b"short"[..], &[b' '; 64], &[b'x'; 4097], &[0xff; 64]] {
            write(dir.path(), unfit, 0o600);
            assert!(matches!(load(dir.path()), Err(KeyError::Unfit(_))));
        }
        for mode in [0o604, 0o620, 0o666, 0o601] {
            write(dir.path(), &[b'x'; 64], mode);
            let error = load(dir.path()).unwrap_err();
            assert!(matches!(error, KeyError::Exposed { .. }), "{mode:o}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let key = TokenKey::new(&"s3cr3t".repeat(8)).unwrap();
        assert!(!format!("{key:?}").contains("s3cr3t"));
    }
}
