//! What a process on this machine takes: CPU time and memory.

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

    /// This one.
    pub(crate) fn own() -> Self {
        Self {
            pid: rustix::process::getpid().as_raw_nonzero().get(),
        }
    }

    /// What it has taken since it began, in its own code and in the kernel.
    pub(crate) fn cpu_time(self) -> io::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let ticks = ticks(&stat).ok_or_else(|| io::Error::other("its times can't be read"))?;
        Ok(duration_of(ticks))
    }

    /// The memory that it has in use, in bytes.
    pub(crate) fn rss_bytes(self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        kib_of(&status, "VmRSS:")
            .map(|kib| kib * 1_024)
            .ok_or_else(|| io::Error::other("its memory can't be read"))
    }

    /// The memory that it has in use, in bytes; of what several processes share, its part.
    pub(crate) fn pss_bytes(self) -> io::Result<u64> {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid))?;
        kib_of(&rollup, "Pss:")
            .map(|kib| kib * 1_024)
            .ok_or_else(|| io::Error::other("its memory can't be read"))
    }
}

/// The clock ticks that the system counts CPU time in.
pub(crate) fn duration_of(ticks: u64) -> Duration {
    let ticks_per_s = rustix::param::clock_ticks_per_second();
    Duration::from_millis(ticks * 1_000 / ticks_per_s.max(1))
}

/// A number of KiB by its name in a file of /proc.
pub(crate) fn kib_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
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
        assert!(Process { pid: 0 }.rss_bytes().is_err());
    }

    #[test]
    fn we_take_time_and_memory_ourselves() {
        assert!(Process::own().cpu_time().is_ok());
        assert!(Process::own().rss_bytes().unwrap() > 100_000);
        assert!(Process::own().pss_bytes().unwrap() > 100_000);
    }
}
