//! Where a replay goes, and how a file of records comes to be: whole or not at all.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use grandstand_broker::{Broker, Replay};
use tempfile::NamedTempFile;

use crate::args::ReplayArgs;
use crate::line::RecordLine;

/// Where a replay goes.
pub(crate) enum Target {
    /// To whoever reads stdout.
    Out,
    /// To a file of NDJSON.
    File(RecordFile),
    /// To `replay.<run>.<match>`.
    Subject(Replay),
}

impl Target {
    /// The target that is asked for; one that holds something already is refused.
    pub(crate) async fn open(broker: &Broker, args: &ReplayArgs) -> anyhow::Result<Self> {
        if let Some(path) = &args.to_file {
            return Ok(Self::File(RecordFile::create(path)?));
        }
        match &args.to_subject {
            Some(run) => Ok(Self::Subject(broker.replay(run, &args.match_id).await?)),
            None => Ok(Self::Out),
        }
    }

    /// All is written; where it is, unless everybody has seen it.
    pub(crate) fn finish(self) -> anyhow::Result<Option<String>> {
        match self {
            Self::Out => Ok(None),
            Self::File(file) => Ok(Some(file.finish()?.display().to_string())),
            Self::Subject(replay) => Ok(Some(replay.subject().to_owned())),
        }
    }
}

/// A file that is being written under another name.
pub(crate) struct RecordFile {
    path: PathBuf,
    written: BufWriter<NamedTempFile>,
}

impl RecordFile {
    fn create(path: &Path) -> anyhow::Result<Self> {
        if path.exists() {
            bail!(
                "{} is there already; name another file, or move it away",
                path.display()
            );
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let file = NamedTempFile::new_in(folder)
            .with_context(|| format!("no file can be made in {}", folder.display()))?;
        Ok(Self {
            path: path.to_owned(),
            written: BufWriter::new(file),
        })
    }

    /// Writes one record.
    pub(crate) fn write(&mut self, line: &RecordLine<'_>) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.written, line)?;
        self.written.write_all(b"\n")?;
        Ok(())
    }

    /// Gives the file its name, once all of it is on the disk.
    fn finish(self) -> anyhow::Result<PathBuf> {
        let file = self
            .written
            .into_inner()
            .map_err(|error| error.into_error())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(&self.path)
            .with_context(|| format!("{} can't be made", self.path.display()))?;
        Ok(self.path)
    }
}
