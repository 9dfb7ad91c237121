//! A nats-server of our own, as a child process that is stopped with us or by the next of us.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde::Deserialize;
use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::keys::Keys;
use crate::stray::{STOP_MAX, signal, stop_stray};

const CONF: &str = include_str!("../../../nats/nats-server.conf");
/// How long a start may take: a large store is read first.
const START_MAX: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// What to run and where.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The nats-server, see [`crate::find_server`].
    pub program: PathBuf,
    /// The data folder: configuration and log go to `nats`, what is stored to `jetstream` in it.
    pub data_dir: PathBuf,
    /// The port on loopback; 0 for any free one.
    pub port: u16,
}

/// Why the server does not run.
#[derive(Debug, Error)]
pub enum StartError {
    /// Another process runs a server on this data folder.
    #[error("{0} is in use by another process; stop it, or choose another folder with --data")]
    DataInUse(PathBuf),
    /// Another process listens on the port.
    #[error("port {0} is in use; choose another with --nats-port (0: any free one)")]
    PortInUse(u16),
    /// An earlier server of this folder does not stop.
    #[error("the nats-server that an earlier run left behind can't be stopped: {0}")]
    Stray(io::Error),
    /// It can't be prepared or run.
    #[error("{what}: {source}")]
    Io {
        /// What failed.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// It stopped at once, or did not listen in time.
    #[error("nats-server did not start: {reason}; its log is {log}", log = .log.display())]
    NotReady {
        /// Its last words, or that time ran out.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
}

/// A running nats-server. [`ServerProcess::stop`] ends it well; dropping it kills it, which loses
/// nothing that was acknowledged.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    pid: Pid,
    port: u16,
    /// Held while we live: the system lets go of it however we end.
    _owner: File,
}

impl ServerProcess {
    /// Starts a server with `keys` and waits until it answers. A server that an earlier run on this
    /// folder left behind is stopped first.
    pub async fn start(options: &ServerOptions, keys: &Keys) -> Result<Self, StartError> {
        let home = Home::prepare(&options.data_dir)?;
        let owner = home.lock()?;
        stop_stray(&home.pid_file, &home.conf)
            .await
            .map_err(StartError::Stray)?;
        home.clean()?;
        if options.port != 0 {
            // The server would say so too, but only in its log.
            match TcpListener::bind(("127.0.0.1", options.port)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Err(StartError::PortInUse(options.port));
                }
                Err(source) => return Err(io_error(&format!("port {}", options.port), source)),
            }
        }
        let mut child = spawn(options, keys, &home)?;
        let port = match tokio::time::timeout(START_MAX, ready_port(&mut child, &home)).await {
            Ok(port) => port?,
            Err(_) => {
                return Err(home.not_ready(format!("nothing after {} s", START_MAX.as_secs())));
            }
        };
        let pid = child
            .id()
            .and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        let pid = pid.ok_or_else(|| home.not_ready("it ended at once".to_owned()))?;
        tracing::info!(port, pid = pid.as_raw_nonzero().get(), "nats-server runs");
        Ok(Self {
            child,
            pid,
            port,
            _owner: owner,
        })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Waits until it ends by itself, which it should not.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks it to stop and waits; kills it if it does not.
    pub async fn stop(mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        signal(self.pid, Signal::TERM)?;
        match tokio::time::timeout(STOP_MAX, self.child.wait()).await {
            Ok(ended) => ended.map(|_| ()),
            Err(_) => {
                tracing::warn!("nats-server does not stop; killing it");
                self.child.kill().await
            }
        }
    }

    /// Kills it (`kill -9`), as a fault would.
    pub async fn kill(mut self) -> io::Result<()> {
        self.child.kill().await
    }
}

/// The folder of a server.
struct Home {
    data_dir: PathBuf,
    conf: PathBuf,
    log: PathBuf,
    pid_file: PathBuf,
    ports_dir: PathBuf,
    owner_file: PathBuf,
    store: PathBuf,
}

impl Home {
    /// Makes the folders and writes the configuration. Paths are made absolute: a stray server is
    /// recognised by them, wherever the next start is run from.
    fn prepare(data_dir: &Path) -> Result<Self, StartError> {
        let nats = data_dir.join("nats");
        let made = fs::create_dir_all(nats.join("ports")).and_then(|()| fs::canonicalize(data_dir));
        let data_dir = made.map_err(|source| io_error(&nats.display().to_string(), source))?;
        let nats = data_dir.join("nats");
        Ok(Self {
            conf: nats.join("nats-server.conf"),
            log: nats.join("nats-server.log"),
            pid_file: nats.join("nats-server.pid"),
            ports_dir: nats.join("ports"),
            owner_file: nats.join("owner.lock"),
            store: data_dir.join("jetstream"),
            data_dir,
        })
    }

    /// Only one process may run a server here: the next one would stop the first one's.
    fn lock(&self) -> Result<File, StartError> {
        let owner =
            File::create(&self.owner_file).map_err(|source| io_error("owner.lock", source))?;
        match owner.try_lock() {
            Ok(()) => Ok(owner),
            Err(TryLockError::WouldBlock) => Err(StartError::DataInUse(self.data_dir.clone())),
            Err(TryLockError::Error(source)) => Err(io_error("owner.lock", source)),
        }
    }

    /// Takes away what an earlier server said, and writes the configuration of this version.
    fn clean(&self) -> Result<(), StartError> {
        let clean = || -> io::Result<()> {
            for entry in fs::read_dir(&self.ports_dir)? {
                fs::remove_file(entry?.path())?;
            }
            fs::write(&self.conf, CONF)
        };
        clean().map_err(|source| io_error(&self.conf.display().to_string(), source))
    }

    fn not_ready(&self, reason: String) -> StartError {
        StartError::NotReady {
            reason,
            log: self.log.clone(),
        }
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().last().unwrap_or("it said nothing").to_owned()
    }
}

fn spawn(options: &ServerOptions, keys: &Keys, home: &Home) -> Result<Child, StartError> {
    let program = options.program.display().to_string();
    let log = File::options().create(true).append(true).open(&home.log);
    let log = log.and_then(|log| Ok((log.try_clone()?, log)));
    let (stdout, stderr) =
        log.map_err(|source| io_error(&home.log.display().to_string(), source))?;
    let port = if options.port == 0 {
        "-1".to_owned()
    } else {
        options.port.to_string()
    };
    let mut command = Command::new(&options.program);
    // A stray server is recognised by how this line begins.
    command
        .arg("-c")
        .arg(&home.conf)
        .arg("-sd")
        .arg(&home.store)
        .arg("-P")
        .arg(&home.pid_file)
        .arg("--ports_file_dir")
        .arg(&home.ports_dir)
        .arg(format!("--port={port}"))
        .envs(keys.server_environment())
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        // A terminal's Ctrl-C is for us; we stop the server when nothing needs it any more.
        .process_group(0)
        .kill_on_drop(true);
    command.spawn().map_err(|source| io_error(&program, source))
}

/// The port, once the server has written it down and greets there.
async fn ready_port(child: &mut Child, home: &Home) -> Result<u16, StartError> {
    loop {
        let ended = child
            .try_wait()
            .map_err(|source| io_error("nats-server", source))?;
        if ended.is_some() {
            return Err(home.not_ready(home.last_words()));
        }
        if let Some(port) = written_port(&home.ports_dir)
            && greets(port).await
        {
            return Ok(port);
        }
        tokio::time::sleep(POLL).await;
    }
}

#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

fn written_port(ports_dir: &Path) -> Option<u16> {
    let entry = fs::read_dir(ports_dir).ok()?.next()?.ok()?;
    let ports: Ports = serde_json::from_slice(&fs::read(entry.path()).ok()?).ok()?;
    ports.nats.first()?.rsplit_once(':')?.1.parse().ok()
}

async fn greets(port: u16) -> bool {
    let greeting = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut start = [0; 5];
        stream.read_exact(&mut start).await?;
        io::Result::Ok(&start == b"INFO ")
    };
    let until = Instant::now() + Duration::from_secs(1);
    matches!(tokio::time::timeout_at(until, greeting).await, Ok(Ok(true)))
}

fn io_error(what: &str, source: io::Error) -> StartError {
    StartError::Io {
        what: what.to_owned(),
        source,
    }
}
