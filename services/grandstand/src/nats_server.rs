//! `grandstand nats-server`: the one finder of a server, for harness, CI and images too.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::Args;
use grandstand_broker::{FindOptions, Keys, find_server};

/// What to say of the server, or to run it
#[derive(Args)]
#[command(
    after_help = "Example: \"$(grandstand nats-server --print-path)\" --version\n\
                  Example: grandstand nats-server --run data/keys -- -c nats/nats-server.conf -sd data/jetstream"
)]
pub(crate) struct NatsServerArgs {
    /// What is asked for.
    #[command(flatten)]
    wish: Wish,
    /// What the server that is run is told
    #[arg(value_name = "ARG", last = true, requires = "run")]
    arguments: Vec<OsString>,
}

/// One of these
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Wish {
    /// Print the program's path, found or fetched
    #[arg(long)]
    print_path: bool,
    /// Print the variables that nats/nats-server.conf reads, with the public halves of the keys in
    /// this folder, which are made if they are not there
    #[arg(long, value_name = "DIR")]
    print_env: Option<PathBuf>,
    /// Become the server, with those variables; what follows -- is told to it
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
}

/// Does what was asked for.
pub(crate) fn run(args: NatsServerArgs) -> anyhow::Result<ExitCode> {
    if let Some(keys_dir) = args.wish.print_env {
        for (name, value) in Keys::load_or_create(&keys_dir)?.server_environment() {
            println!("{name}={value}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let program = find_server(&FindOptions::from_environment())?;
    match args.wish.run {
        Some(keys_dir) => {
            let keys = Keys::load_or_create(&keys_dir)?;
            let mut server = Command::new(&program);
            // In our place, so that it gets the signals that are meant for it.
            let error = server
                .args(args.arguments)
                .envs(keys.server_environment())
                .exec();
            Err(error).with_context(|| program.display().to_string())
        }
        None => {
            println!("{}", program.display());
            Ok(ExitCode::SUCCESS)
        }
    }
}
