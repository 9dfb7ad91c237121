//! `grandstand nats-server`: the one finder of a server, for harness, CI and images too.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use grandstand_broker::{FindOptions, Keys, find_server};

/// What to say of the server.
#[derive(Args)]
#[command(after_help = "Example: \"$(grandstand nats-server --print-path)\" --version")]
#[group(required = true, multiple = false)]
pub(crate) struct NatsServerArgs {
    /// Print the program's path, found or fetched
    #[arg(long)]
    print_path: bool,
    /// Print the variables that nats/nats-server.conf reads, with the public halves of the keys in
    /// this folder, which are made if they are not there
    #[arg(long, value_name = "DIR")]
    print_env: Option<PathBuf>,
}

/// Prints what was asked for.
pub(crate) fn run(args: NatsServerArgs) -> anyhow::Result<ExitCode> {
    match args.print_env {
        Some(keys_dir) => {
            for (name, value) in Keys::load_or_create(&keys_dir)?.server_environment() {
                println!("{name}={value}");
            }
        }
        None => println!(
            "{}",
            find_server(&FindOptions::from_environment())?.display()
        ),
    }
    Ok(ExitCode::SUCCESS)
}
