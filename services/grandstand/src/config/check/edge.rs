//! Keys, addresses and limits of a role, looked at without changing anything.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use grandstand_broker::Role;
use grandstand_server::keys::{self, KeyError};
use rustix::process::{Resource, getrlimit};

use super::Finding;
use crate::config::descriptors::{self, Wanted};
use crate::process::{KEYS, listen};

/// The token secret and the role's NATS key: there, private, of the right form.
pub(super) fn keys(keys_dir: &Path, role: Role) -> Vec<Finding> {
    let make = format!(
        "copy the folder of the other roles, or make one with `grandstand keys --keys {}`",
        keys_dir.display()
    );
    let secret = match keys::load(keys_dir) {
        Ok(_) => Finding::fine(KEYS, "the token secret is there and private"),
        Err(error) => {
            let cure = match &error {
                KeyError::Exposed { path, .. } => format!("run `chmod 600 {}`", path.display()),
                KeyError::Absent(_) => make.clone(),
                KeyError::Unfit(path) => format!("put the right file at {}", path.display()),
                KeyError::Io { .. } | KeyError::NoRandomness => {
                    "let the user that runs this read it".to_owned()
                }
            };
            Finding::wrong(KEYS, error.to_string(), cure)
        }
    };
    vec![secret, nats_key(keys_dir, role, make)]
}

/// What is in it is judged by the server that it signs in at.
fn nats_key(keys_dir: &Path, role: Role, make: String) -> Finding {
    let path = keys_dir.join(format!("{}.nk", role.name()));
    let shown = path.display();
    match fs::metadata(&path).and_then(|metadata| fs::File::open(&path).map(|_| metadata)) {
        Ok(metadata) => match metadata.permissions().mode() & 0o777 {
            mode if mode & 0o027 != 0 => Finding::wrong(
                KEYS,
                format!("{shown} is open to others (mode {mode:o})"),
                format!("run `chmod 600 {shown}`"),
            ),
            _ => Finding::fine(KEYS, "the NATS key is there and private"),
        },
        Err(error) => Finding::wrong(KEYS, format!("{shown}: {error}"), make),
    }
}

/// Whether all these addresses can be listened on at once: (flag, variable, address).
pub(super) fn addresses(addresses: &[(&str, &str, SocketAddr)]) -> Vec<Finding> {
    // Held until all are tried: two flags may name the same address.
    let mut bound = Vec::new();
    let try_one = |(flag, variable, address): &(&str, &str, SocketAddr)| {
        let place = format!("{flag} ({variable})");
        match listen(flag, variable, *address) {
            Ok(listener) => {
                bound.push(listener);
                Finding::fine(&place, format!("{address} can be listened on"))
            }
            Err(refused) => Finding::wrong(&place, refused.reason, refused.cure),
        }
    };
    addresses.iter().map(try_one).collect()
}

/// Whether the connections that are allowed fit the limit of descriptors.
pub(super) fn connections(wanted: Wanted) -> Finding {
    let place = "--connections-max (GRANDSTAND_CONNECTIONS_MAX)";
    match descriptors::judge(wanted, getrlimit(Resource::Nofile)) {
        Ok(needed) => Finding::fine(place, format!("{needed} file descriptors are allowed")),
        Err(error) => Finding::wrong(
            place,
            error.to_string(),
            "allow fewer connections, or raise the limit",
        ),
    }
}
