//! The data folder: whose it is, and of which version.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Version of the folder's layout. A folder of another one is left as it is.
const VERSION: &str = "1";

/// A data folder that this version can use.
pub(crate) struct DataFolder {
    pub(crate) path: PathBuf,
    pub(crate) keys: PathBuf,
}

impl DataFolder {
    /// Opens the folder, or makes it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("the data folder {}", path.display()))?;
        let path = path
            .canonicalize()
            .with_context(|| format!("the data folder {}", path.display()))?;
        check_version(&path)?;
        Ok(Self {
            keys: path.join("keys"),
            path,
        })
    }
}

/// What a folder is to us.
enum Found {
    /// One of this version.
    Ours,
    /// One that nobody uses.
    Unused,
}

/// Whether the folder at `path` can be used; writes nothing.
pub(crate) fn check(path: &Path) -> anyhow::Result<()> {
    look(path).map(|_| ())
}

fn check_version(path: &Path) -> anyhow::Result<()> {
    match look(path)? {
        Found::Ours => Ok(()),
        Found::Unused => {
            let (file, half) = (path.join("VERSION"), path.join("VERSION.new"));
            // Renamed into place, so that nobody finds half a file after a crash.
            fs::write(&half, format!("{VERSION}\n"))?;
            fs::rename(&half, &file).with_context(|| format!("writing {}", file.display()))
        }
    }
}

fn look(path: &Path) -> anyhow::Result<Found> {
    let file = path.join("VERSION");
    match fs::read_to_string(&file) {
        Ok(found) if found.trim() == VERSION => Ok(Found::Ours),
        Ok(found) => bail!(
            "the data folder {} is of version {:?}, and this grandstand knows version {VERSION}: \
             use the grandstand that made it, or another folder with --data",
            path.display(),
            found.trim()
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let half = path.join("VERSION.new");
            // What a start that was killed in the middle left behind is no stranger.
            let strange =
                fs::read_dir(path)?.any(|entry| !entry.is_ok_and(|entry| entry.path() == half));
            if strange {
                bail!(
                    "{} is no data folder of grandstand (it has no VERSION) and is not empty: \
                     name another with --data",
                    path.display()
                );
            }
            Ok(Found::Unused)
        }
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_another_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        DataFolder::open(folder.path()).unwrap();
        DataFolder::open(folder.path()).unwrap();
        fs::write(folder.path().join("VERSION"), "2\n").unwrap();
        let error = DataFolder::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("version \"2\""), "{error}");
        assert_eq!(
            fs::read_to_string(folder.path().join("VERSION")).unwrap(),
            "2\n"
        );
    }

    #[test]
    fn a_start_that_was_killed_in_the_middle_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("VERSION.new"), "").unwrap();
        DataFolder::open(folder.path()).unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("VERSION")).unwrap(),
            "1\n"
        );
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "text").unwrap();
        assert!(DataFolder::open(folder.path()).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
