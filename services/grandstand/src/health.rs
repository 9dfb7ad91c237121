//! `grandstand health`: whether a role is ready, for images that hold no curl.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

/// An answer that takes longer is none.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// What is read of an answer.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Whom to ask
#[derive(Args)]
#[command(after_help = "Example: grandstand health 127.0.0.1:7012\n\
                  Exits with 0 if it is ready, else says what is wrong and exits with 1.")]
pub(crate) struct HealthArgs {
    /// Address and port of a role's admin port, or the http URL of another server's health
    #[arg(value_name = "ADDR|URL", env = "GRANDSTAND_ADMIN_LISTEN")]
    place: String,
}

/// Asks `/readyz`, or what the URL names.
pub(crate) fn run(args: &HealthArgs) -> anyhow::Result<ExitCode> {
    let place = &args.place;
    let (address, path) = address_and_path(place);
    let answer = ask(address, path).with_context(|| format!("no answer from {place}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(ExitCode::SUCCESS),
        Some("503") => bail!("not ready: {}", body.trim()),
        _ => bail!("{place} does not tell its health"),
    }
}

fn address_and_path(place: &str) -> (&str, &str) {
    let place = place.strip_prefix("http://").unwrap_or(place);
    match place.find('/') {
        Some(at) => place.split_at(at),
        None => (place, "/readyz"),
    }
}

fn ask(address: &str, path: &str) -> anyhow::Result<String> {
    let address = address
        .to_socket_addrs()?
        .next()
        .context("there is no such address")?;
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    let question = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(question.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_roles_and_a_url_is_anybodys() {
        for (place, address, path) in [
            ("127.0.0.1:7012", "127.0.0.1:7012", "/readyz"),
            ("http://nats:8222/healthz?a=b", "nats:8222", "/healthz?a=b"),
            ("http://[::1]:7012", "[::1]:7012", "/readyz"),
        ] {
            assert_eq!(address_and_path(place), (address, path));
        }
    }
}
