//! HAProxy with TLS in front of the gateways, where it is installed.

use std::fmt::Write;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::platform::role::{end, end_of};
use crate::platform::{PlatformError, because, output};

const WHAT: &str = "haproxy";
/// How long it may take until it listens.
const READY_MAX: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(20);

/// The balancer.
pub(crate) struct Balancer {
    pub(crate) url: String,
    /// The certificate that it shows.
    pub(crate) ca: PathBuf,
    pub(crate) pid: i32,
    child: Child,
}

/// Whether HAProxy and openssl, which makes its certificate, are there.
pub(crate) fn is_installed() -> bool {
    program(WHAT).is_some() && program("openssl").is_some()
}

impl Balancer {
    /// Starts it in front of these gateways, its files in `folder`.
    pub(crate) async fn start(folder: &Path, gateways: &[String]) -> Result<Self, PlatformError> {
        let ca = certificate(folder).await?;
        // A port that was free a moment ago: the bench shares its machine with nobody who takes it.
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let address = address.map_err(because(WHAT))?;
        let (cfg, log) = (folder.join("haproxy.cfg"), folder.join("haproxy.log"));
        let text = configuration(&folder.join("site.pem"), &address.to_string(), gateways);
        std::fs::write(&cfg, text).map_err(because(WHAT))?;
        let program = program(WHAT).ok_or_else(|| because(WHAT)("it is not installed"))?;
        let mut child = Command::new(program)
            .arg("-f")
            .arg(&cfg)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).map_err(because(WHAT))?)
            .kill_on_drop(true)
            .spawn()
            .map_err(because(WHAT))?;
        let until = Instant::now() + READY_MAX;
        while TcpStream::connect(address).await.is_err() {
            let has_ended = child.try_wait().map_err(because(WHAT))?.is_some();
            if has_ended || Instant::now() >= until {
                return Err(because(WHAT)(end_of(&log)));
            }
            sleep(LOOK).await;
        }
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        Ok(Self {
            url: format!("https://localhost:{}", address.port()),
            ca,
            pid: pid.ok_or_else(|| because(WHAT)("it has ended"))?,
            child,
        })
    }

    /// Ends it.
    pub(crate) async fn end(self) {
        end(self.child).await;
    }
}

/// What of `services/ops/deploy/haproxy.cfg` fans meet, for any number of gateways: each connection is
/// one from end to end.
fn configuration(site: &Path, address: &str, gateways: &[String]) -> String {
    let mut text = format!(
        "global\n    ssl-default-bind-options ssl-min-ver TLSv1.2\n\
         defaults\n    mode http\n    timeout connect 2s\n    timeout http-request 10s\n    \
         timeout client 300s\n    timeout server 300s\n    timeout tunnel 300s\n\
         frontend fans\n    bind {address} ssl crt {} alpn http/1.1\n    \
         http-request set-header X-Forwarded-For %[src]\n    option http-no-delay\n    \
         default_backend gateways\n\
         backend gateways\n    balance leastconn\n",
        site.display()
    );
    for (number, url) in gateways.iter().enumerate() {
        let address = url.trim_start_matches("http://");
        // Its own source address, with ports of its own: one address has too few for all fans.
        let source = format!("127.0.3.{}", number % 250 + 2);
        writeln!(
            text,
            "    server gateway-{number} {address} source {source}"
        )
        .expect("memory takes text");
    }
    text
}

/// Makes a certificate for `localhost`, and the file with its key too that HAProxy reads.
async fn certificate(folder: &Path) -> Result<PathBuf, PlatformError> {
    let (key, ca) = (folder.join("site.key"), folder.join("ca.pem"));
    let mut command = Command::new("openssl");
    let kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE";
    command.args(kind.split_whitespace());
    command.arg("-keyout").arg(&key).arg("-out").arg(&ca);
    output("openssl", command).await?;
    let read = |path| std::fs::read(path).map_err(because("openssl"));
    let both = [read(&ca)?, read(&key)?].concat();
    std::fs::write(folder.join("site.pem"), both).map_err(because("openssl"))?;
    Ok(ca)
}

/// Where a program is; those that only the administrator runs are not on everybody's PATH.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    places
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gateway_is_a_server_with_ports_of_its_own() {
        let gateways = ["http://127.0.0.1:7", "http://127.0.0.1:8"].map(str::to_owned);
        let text = configuration(Path::new("/s.pem"), "127.0.0.1:443", &gateways);
        assert!(text.contains("bind 127.0.0.1:443 ssl crt /s.pem alpn http/1.1\n"));
        assert!(text.contains("server gateway-0 127.0.0.1:7 source 127.0.3.2\n"));
        assert!(text.ends_with("server gateway-1 127.0.0.1:8 source 127.0.3.3\n"));
    }
}
