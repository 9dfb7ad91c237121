//! `bench sessions`: many sessions written, refreshed, read and expired, with a scorer as witness.

use std::time::Duration;

use grandstand_broker::{Broker, ConnectOptions, Role, Sessions};
use tokio::time::Instant;

use crate::BenchError;
use crate::args::SessionsArgs;
use crate::fill::Fill;
use crate::phase::{Phase, Work};
use crate::post::Scorer;
use crate::process::Process;
use crate::report::{BucketReport, Report};

/// How many sessions are read again.
const READS: usize = 1_000;
/// How often the bucket is looked at while its sessions expire.
const LOOK: Duration = Duration::from_millis(100);
/// How long after its time a session may still be there before it counts as not expired.
const EXPIRY_LATE_MAX: Duration = Duration::from_secs(60);

/// Measures by what the command line says.
pub(crate) async fn measure(args: &SessionsArgs) -> Result<Report, BenchError> {
    let watched = args.nats_pid.map(watch).transpose()?;
    // As in a gateway: nothing else goes over this connection. Only ops may count.
    let gateway = sign_in(args, Role::Gateway).await?;
    let ops = sign_in(args, Role::Ops).await?;
    let counted = ops.sessions();
    let others = counted.size().await?.keys;
    let sessions = gateway.sessions().with_ttl(args.ttl());
    let mut fill = Fill::new(sessions, args.count, args.body_bytes, args.rate);
    let scorer = Scorer::start(&args.scoring, &args.token).await?;

    let before = quiet(Duration::from_secs(args.before_s.into()));
    let mut phases = vec![Phase::of("before", watched, before).await];
    phases.push(Phase::of("write", watched, fill.write_all()).await);
    let bucket = BucketReport::new(counted.size().await?);
    phases.push(Phase::of("refresh", watched, fill.write_all()).await);
    let expired_at = Instant::now() + args.ttl();
    phases.push(Phase::of("read", watched, fill.read_some(READS)).await);
    let all = others + u64::from(args.count);
    let late_at = expired_at + EXPIRY_LATE_MAX;
    let waiting = fewer_than(&counted, all, late_at);
    phases.push(Phase::of("wait", watched, waiting).await);
    let expiring = fewer_than(&counted, others + 1, late_at);
    phases.push(Phase::of("expire", watched, expiring).await);
    let empty_after = Instant::now().saturating_duration_since(expired_at);

    let posts = scorer.end().await;
    gateway.close().await;
    ops.close().await;
    Ok(Report::new(args, &phases, &posts, bucket, empty_after))
}

async fn sign_in(args: &SessionsArgs, role: Role) -> Result<Broker, BenchError> {
    let options = ConnectOptions {
        name: format!("grandstand-bench-{}", role.name()),
        ..ConnectOptions::new(&args.nats_url, &args.keys, role)
    };
    Ok(Broker::connect(options).await?)
}

fn watch(pid: i32) -> Result<Process, BenchError> {
    Process::watch(pid).map_err(|source| BenchError::Process {
        flag: "--nats-pid",
        pid,
        source,
    })
}

/// Nothing but the scorer's posts.
async fn quiet(duration: Duration) -> Work {
    tokio::time::sleep(duration).await;
    Work::default()
}

/// Until the bucket has fewer keys than that; a failure if it has not by `late_at`.
async fn fewer_than(counted: &Sessions, keys: u64, late_at: Instant) -> Work {
    let mut work = Work::default();
    loop {
        let left = match counted.size().await {
            Ok(size) if size.keys < keys => return work,
            Ok(size) => format!("{} sessions are left", size.keys),
            Err(error) => error.to_string(),
        };
        if Instant::now() >= late_at {
            work.count(Err(left));
            return work;
        }
        tokio::time::sleep(LOOK).await;
    }
}
