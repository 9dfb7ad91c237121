//! File descriptors: whether the connections that are allowed fit the process's limit, which is
//! raised where the system lets us.

use grandstand_gateway::AdmissionArgs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use thiserror::Error;

/// What a process opens beside its connections: the admin port's, those who are told that there is
/// no room, the broker, logs, and slack.
const OTHERS: u64 = 256;
/// With fewer a full gateway could hardly be polled: then the connections are too many.
const POLLS_MIN: usize = 100;

/// The connections that one process is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// By `--connections-max`.
    pub(crate) connections: usize,
    /// By `--polls-max` beside them, of a gateway.
    pub(crate) polls: usize,
}

/// The connections that are allowed are more than this process can hold.
#[derive(Debug, PartialEq, Eq, Error)]
#[error(
    "{} need {needed} file descriptors, and this process may open {allowed}: \
     {}, or raise the limit \
     (`ulimit -Hn`, LimitNOFILE= of systemd, ulimits of a container)", .wanted.in_words(), cure(.wanted, .allowed)
)]
pub(crate) struct TooManyConnections {
    wanted: Wanted,
    needed: u64,
    allowed: u64,
}

/// Makes sure that so many connections have descriptors, raising the soft limit where it must.
pub(crate) fn reserve(wanted: Wanted) -> Result<(), TooManyConnections> {
    let limit = getrlimit(Resource::Nofile);
    let needed = judge(wanted, limit)?;
    let Some(current) = limit.current.filter(|current| *current < needed) else {
        return Ok(());
    };
    let raised = Rlimit {
        current: Some(needed),
        ..limit
    };
    setrlimit(Resource::Nofile, raised).map_err(|_| TooManyConnections {
        wanted,
        needed,
        allowed: current,
    })?;
    tracing::info!(
        from = current,
        to = needed,
        "raised the limit of file descriptors"
    );
    Ok(())
}

/// How many descriptors that takes, if the hard limit allows them.
pub(crate) fn judge(wanted: Wanted, limit: Rlimit) -> Result<u64, TooManyConnections> {
    let both = (wanted.connections as u64).saturating_add(wanted.polls as u64);
    let needed = both.saturating_add(OTHERS);
    match limit.maximum {
        Some(allowed) if needed > allowed => Err(TooManyConnections {
            wanted,
            needed,
            allowed,
        }),
        _ => Ok(needed),
    }
}

impl Wanted {
    fn in_words(self) -> String {
        let Self { connections, polls } = self;
        match polls {
            0 => format!("{connections} connections"),
            _ => format!("{connections} connections and {polls} that poll"),
        }
    }
}

fn cure(wanted: &Wanted, allowed: &u64) -> String {
    let polls = wanted.polls as u64;
    match allowed.saturating_sub(OTHERS).saturating_sub(polls) {
        0 => "allow fewer with --connections-max (GRANDSTAND_CONNECTIONS_MAX) and \
                  --polls-max (GRANDSTAND_POLLS_MAX)"
            .to_owned(),
        fitting => {
            format!("allow at most {fitting} with --connections-max (GRANDSTAND_CONNECTIONS_MAX)")
        }
    }
}

/// How many may poll beside so many connections: `asked`, or as many as usual, or as fit.
pub(crate) fn polls(asked: Option<usize>, connections: usize) -> usize {
    let usual = AdmissionArgs::POLLS_MAX;
    let polls = asked.unwrap_or_else(|| match getrlimit(Resource::Nofile).maximum {
        Some(allowed) => polls_beside(connections, allowed).clamp(POLLS_MIN, usual),
        None => usual,
    });
    if asked.is_none() && polls < usual {
        tracing::info!(
            polls,
            usual,
            connections,
            "fewer may poll than usual: there are not more file descriptors"
        );
    }
    polls
}

fn polls_beside(connections: usize, allowed: u64) -> usize {
    let left = allowed.saturating_sub(OTHERS);
    usize::try_from(left)
        .unwrap_or(usize::MAX)
        .saturating_sub(connections)
}

/// How many connections each of `edges` may have in one process beside `polls`, `wanted` at most.
pub(crate) fn fitting(edges: usize, wanted: usize, polls: usize) -> usize {
    match getrlimit(Resource::Nofile).maximum {
        Some(allowed) => {
            let left = allowed.saturating_sub(OTHERS).saturating_sub(polls as u64);
            let each = left / edges.max(1) as u64;
            wanted.min(usize::try_from(each).unwrap_or(wanted))
        }
        None => wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(connections: usize, polls: usize) -> Wanted {
        Wanted { connections, polls }
    }

    #[test]
    fn connections_fit_up_to_the_hard_limit_and_not_one_more() {
        let limit = Rlimit {
            current: Some(1_024),
            maximum: Some(4_096),
        };
        let most = 4_096 - OTHERS as usize;
        for polls in [0, 1_000] {
            assert_eq!(judge(wanted(most - polls, polls), limit), Ok(4_096));
            let error = judge(wanted(most - polls + 1, polls), limit).unwrap_err();
            let said = error.to_string();
            for number in [most - polls, most - polls + 1, 4_096, 4_097] {
                assert!(said.contains(&number.to_string()), "{number}: {said}");
            }
            assert!(said.contains("--connections-max"), "{said}");
        }
        let said = judge(wanted(1, most), limit).unwrap_err().to_string();
        assert!(said.contains("--polls-max"), "{said}");
        assert!(judge(wanted(usize::MAX, usize::MAX), limit).is_err());
    }

    #[test]
    fn as_many_may_poll_as_the_connections_leave() {
        let left = |connections| polls_beside(connections, 4_096);
        assert_eq!(left(0), 4_096 - OTHERS as usize);
        let limit = Rlimit {
            current: None,
            maximum: Some(4_096),
        };
        for connections in [0, 2_000, 3_840] {
            let wanted = wanted(connections, left(connections));
            assert_eq!(judge(wanted, limit), Ok(4_096));
        }
        assert_eq!(left(5_000), 0);
        assert_eq!(
            polls(Some(7), usize::MAX),
            7,
            "who says how many is believed"
        );
    }

    #[test]
    fn without_a_limit_everything_fits() {
        let limit = Rlimit {
            current: None,
            maximum: None,
        };
        assert!(judge(wanted(usize::MAX, 0), limit).is_ok());
    }

    #[test]
    fn what_fits_is_reserved() {
        let most = fitting(1, 1_000, 100);
        reserve(wanted(most, 100)).unwrap();
        let limit = getrlimit(Resource::Nofile);
        assert!(
            limit
                .current
                .is_none_or(|current| current >= (most + 100) as u64 + OTHERS)
        );
    }
}
