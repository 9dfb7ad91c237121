//! How much CPU time a process on this machine has taken.

use std::io;
use std::time::Duration;

/// A process that is watched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pid: i32,
}

impl Process {
    /// A process whose time can be read now.
    pub(crate) fn watch(pid: i32) -> io::Result<Self> {
        let process = Self { pid };
        process.cpu_time()?;
        Ok(process)
    }

    /// What it has taken since it began, in its own code and in the kernel.
    pub(crate) fn cpu_time(self) -> io::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let ticks = ticks(&stat).ok_or_else(|| io::Error::other("its times can't be read"))?;
        let ticks_per_s = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_millis(ticks * 1_000 / ticks_per_s.max(1)))
    }
}

/// User and system time out of `/proc/PID/stat`. The name before them may hold spaces and brackets.
fn ticks(stat: &str) -> Option<u64> {
    const USER: usize = 11;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(USER);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a ) b (c)) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 8 9 20 0 1 0 100 5 6";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(Process::watch(0).is_err());
    }
}
