//! What is taken on this machine between two looks: by the gateways, by the rest of the platform, by
//! ourselves, and by whoever is beside us.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::crowd::now_us;
use crate::process::{Process, duration_of, kib_of};

/// A page of kernel memory, as /proc/net/sockstat counts.
const PAGE_BYTES: u64 = 4_096;

/// Who is watched.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    /// What serves the fans: gateways, or the bare loop.
    pub(crate) servers: Vec<Process>,
    /// Scoring, NATS.
    pub(crate) platform: Vec<Process>,
    /// Ourselves and our children.
    pub(crate) ours: Vec<Process>,
}

/// On what it was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    at: u64,
    cores: usize,
    kernel: String,
    /// Whether the binary is one that anything can be said of.
    build: &'static str,
}

impl Machine {
    /// This one, as it is.
    pub(crate) fn look() -> Self {
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            at: now_us() / 1_000_000,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel.trim().to_owned(),
            build: match cfg!(debug_assertions) {
                true => "debug, whose numbers say nothing",
                false => "release",
            },
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            cores,
            kernel,
            build,
        } = self;
        write!(
            f,
            "{cores} cores, Linux {kernel}, build: {build}, Unix time {at}"
        )
    }
}

/// CPU times at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuLook {
    at: Instant,
    servers: Duration,
    platform: Duration,
    ours: Duration,
    /// Of everybody; none where the system does not tell.
    all: Option<Duration>,
}

/// What was taken between two looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct CpuUse {
    pub(crate) took_ms: u64,
    pub(crate) servers_ms: u64,
    pub(crate) platform_ms: u64,
    pub(crate) bench_ms: u64,
    /// What nobody of the above took.
    pub(crate) beside_ms: Option<u64>,
}

/// Memory at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MemoryLook {
    pub(crate) servers_rss_bytes: u64,
    /// Buffers of TCP sockets.
    tcp_bytes: u64,
    /// Kernel objects, the sockets among them.
    slab_bytes: u64,
}

/// What connections take of memory, each.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct MemoryPerConnection {
    /// Of the servers.
    pub(crate) rss_bytes: Option<i64>,
    /// Of the kernel, for both ends: objects and buffers.
    pub(crate) kernel_bytes: i64,
}

impl Watched {
    /// Looks at CPU times.
    pub(crate) fn cpu(&self) -> CpuLook {
        CpuLook {
            at: Instant::now(),
            servers: cpu_of(&self.servers),
            platform: cpu_of(&self.platform),
            ours: cpu_of(&self.ours),
            all: std::fs::read_to_string("/proc/stat")
                .ok()
                .and_then(|stat| busy(&stat)),
        }
    }

    /// What the servers have in use together, in bytes: what they share, as their program, counts once.
    /// 0 where the system does not tell.
    pub(crate) fn servers_bytes(&self) -> u64 {
        let pss = self.servers.iter().filter_map(|p| p.pss_bytes().ok());
        pss.sum()
    }

    /// Looks at memory.
    pub(crate) fn memory(&self) -> MemoryLook {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let rss = self.servers.iter().filter_map(|p| p.rss_bytes().ok());
        MemoryLook {
            servers_rss_bytes: rss.sum(),
            tcp_bytes: tcp_pages(&read("/proc/net/sockstat")).unwrap_or(0) * PAGE_BYTES,
            slab_bytes: kib_of(&read("/proc/meminfo"), "Slab:").unwrap_or(0) * 1_024,
        }
    }
}

impl CpuLook {
    /// What was taken since then.
    pub(crate) fn until(self, now: Self) -> CpuUse {
        let servers = now.servers.saturating_sub(self.servers);
        let platform = now.platform.saturating_sub(self.platform);
        let ours = now.ours.saturating_sub(self.ours);
        let all = now.all.zip(self.all);
        let beside = all.map(|(now, then)| {
            now.saturating_sub(then)
                .saturating_sub(servers + platform + ours)
        });
        CpuUse {
            took_ms: whole_ms(now.at - self.at),
            servers_ms: whole_ms(servers),
            platform_ms: whole_ms(platform),
            bench_ms: whole_ms(ours),
            beside_ms: beside.map(whole_ms),
        }
    }
}

impl MemoryLook {
    /// What each of so many connections has taken since then.
    pub(crate) fn per_connection(self, now: Self, connections: u32) -> MemoryPerConnection {
        let each = |then: u64, now: u64| {
            (now.cast_signed() - then.cast_signed()) / i64::from(connections.max(1))
        };
        let kernel = |look: Self| look.tcp_bytes + look.slab_bytes;
        MemoryPerConnection {
            rss_bytes: (now.servers_rss_bytes > 0)
                .then(|| each(self.servers_rss_bytes, now.servers_rss_bytes)),
            kernel_bytes: each(kernel(self), kernel(now)),
        }
    }
}

pub(crate) fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn cpu_of(processes: &[Process]) -> Duration {
    processes.iter().filter_map(|p| p.cpu_time().ok()).sum()
}

/// Time in which a processor did something: user, nice, system, interrupts; not idle, not stolen.
fn busy(stat: &str) -> Option<Duration> {
    let fields = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = fields
        .split_whitespace()
        .map_while(|field| field.parse().ok())
        .collect();
    let &[user, nice, system, _idle, _waiting, hard, soft, ..] = &ticks[..] else {
        return None;
    };
    Some(duration_of(user + nice + system + hard + soft))
}

/// Pages of buffers of all TCP sockets.
fn tcp_pages(sockstat: &str) -> Option<u64> {
    let tcp = sockstat
        .lines()
        .find_map(|line| line.strip_prefix("TCP: "))?;
    let (_, pages) = tcp.split_once("mem ")?;
    pages.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_busy_when_it_is_neither_idle_nor_away() {
        let stat = "cpu  100 50 30 4000 7 2 18 9 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(busy(stat), Some(duration_of(200)));
        assert_eq!(busy("cpu  1 2\n"), None);
    }

    #[test]
    fn buffers_are_found_among_sockets() {
        let sockstat =
            "sockets: used 9\nTCP: inuse 5 orphan 0 tw 2 alloc 6 mem 42\nUDP: inuse 1 mem 3\n";
        assert_eq!(tcp_pages(sockstat), Some(42));
        assert_eq!(tcp_pages(""), None);
    }

    #[test]
    fn what_nobody_known_took_was_taken_beside_us() {
        let at = Instant::now();
        let look = |ms, servers, all| CpuLook {
            at: at + Duration::from_millis(ms),
            servers: Duration::from_millis(servers),
            platform: Duration::ZERO,
            ours: Duration::from_millis(30),
            all: Some(Duration::from_millis(all)),
        };
        let taken = look(0, 100, 500).until(look(1_000, 400, 1_000));
        let expected = CpuUse {
            took_ms: 1_000,
            servers_ms: 300,
            platform_ms: 0,
            bench_ms: 0,
            beside_ms: Some(200),
        };
        assert_eq!(taken, expected);
    }
}
