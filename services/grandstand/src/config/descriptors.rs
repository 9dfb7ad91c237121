//! File descriptors: whether the connections that are allowed fit the process's limit, which is
//! raised where the system lets us.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use thiserror::Error;

/// What a process opens beside its connections: the admin port's, those who are told that there is
/// no room, the broker, logs, and slack.
const OTHERS: u64 = 256;

/// The connections that are allowed are more than this process can hold.
#[derive(Debug, PartialEq, Eq, Error)]
#[error(
    "{connections} connections need {needed} file descriptors, and this process may open {allowed}: \
     allow at most {fitting} with --connections-max (GRANDSTAND_CONNECTIONS_MAX), or raise the limit \
     (`ulimit -Hn`, LimitNOFILE= of systemd, ulimits of a container)"
)]
pub(crate) struct TooManyConnections {
    connections: u64,
    needed: u64,
    allowed: u64,
    fitting: u64,
}

/// Makes sure that so many connections have descriptors, raising the soft limit where it must.
pub(crate) fn reserve(connections: usize) -> Result<(), TooManyConnections> {
    let limit = getrlimit(Resource::Nofile);
    let needed = judge(connections, limit)?;
    let Some(current) = limit.current.filter(|current| *current < needed) else {
        return Ok(());
    };
    let raised = Rlimit {
        current: Some(needed),
        ..limit
    };
    setrlimit(Resource::Nofile, raised)
        .map_err(|_| TooManyConnections::new(connections as u64, current))?;
    tracing::info!(
        from = current,
        to = needed,
        "raised the limit of file descriptors"
    );
    Ok(())
}

/// How many descriptors that takes, if the hard limit allows them.
pub(crate) fn judge(connections: usize, limit: Rlimit) -> Result<u64, TooManyConnections> {
    let connections = connections as u64;
    match limit.maximum {
        Some(allowed) if connections.saturating_add(OTHERS) > allowed => {
            Err(TooManyConnections::new(connections, allowed))
        }
        _ => Ok(connections.saturating_add(OTHERS)),
    }
}

/// How many connections each of `edges` may have in one process, `wanted` at most.
pub(crate) fn fitting(edges: usize, wanted: usize) -> usize {
    match getrlimit(Resource::Nofile).maximum {
        Some(allowed) => {
            let each = allowed.saturating_sub(OTHERS) / edges.max(1) as u64;
            wanted.min(usize::try_from(each).unwrap_or(wanted))
        }
        None => wanted,
    }
}

impl TooManyConnections {
    fn new(connections: u64, allowed: u64) -> Self {
        Self {
            connections,
            needed: connections.saturating_add(OTHERS),
            allowed,
            fitting: allowed.saturating_sub(OTHERS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_up_to_the_hard_limit_and_not_one_more() {
        let limit = Rlimit {
            current: Some(1_024),
            maximum: Some(4_096),
        };
        let most = 4_096 - OTHERS as usize;
        assert_eq!(judge(most, limit), Ok(4_096));
        let error = judge(most + 1, limit).unwrap_err();
        assert_eq!(error.fitting, most as u64);
        assert!(error.to_string().contains("--connections-max"), "{error}");
        assert!(judge(usize::MAX, limit).is_err());
    }

    #[test]
    fn without_a_limit_everything_fits() {
        let limit = Rlimit {
            current: None,
            maximum: None,
        };
        assert!(judge(usize::MAX, limit).is_ok());
    }

    #[test]
    fn what_fits_is_reserved() {
        let most = fitting(1, 1_000);
        reserve(most).unwrap();
        let limit = getrlimit(Resource::Nofile);
        assert!(
            limit
                .current
                .is_none_or(|current| current >= most as u64 + OTHERS)
        );
    }
}
