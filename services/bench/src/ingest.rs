//! `bench ingest`: how many events scoring takes, one by one and in arrays.

use serde::Serialize;

use crate::BenchError;
use crate::args::IngestArgs;
use crate::poster::Poster;
use crate::turn::PostsReport;

/// What `bench ingest` found.
#[derive(Debug, Serialize)]
pub(crate) struct IngestReport {
    pub(crate) matches: u32,
    pub(crate) in_flight: u32,
    pub(crate) array: u32,
    /// One event a post; `per_s` counts events.
    pub(crate) singles: PostsReport,
    /// So many events a post; `per_s` counts events.
    pub(crate) arrays: PostsReport,
    /// What was not as it should be; empty if all was.
    pub(crate) wrong: Vec<String>,
}

/// Measures by what the command line says, half of the time each.
pub(crate) async fn measure(args: &IngestArgs) -> Result<IngestReport, BenchError> {
    let in_flight = args.in_flight as usize;
    let half = args.load.posting() / 2;
    let mut poster = Poster::start(&args.load).await?;
    let before: u64 = poster.heads().iter().sum();
    let singles = poster.post_flat_out(in_flight, 1, half).await;
    let arrays = poster
        .post_flat_out(in_flight, args.array.into(), half)
        .await;
    let stored = singles.stored() + arrays.stored();
    let numbered = poster.heads().iter().sum::<u64>() - before;

    let mut wrong: Vec<String> = [&singles, &arrays]
        .iter()
        .filter_map(|p| p.wrong())
        .collect();
    if stored != numbered {
        wrong.push(format!(
            "{stored} events were stored, and {numbered} are numbered"
        ));
    }
    if singles.stored() == 0 || arrays.stored() == 0 {
        wrong.push("the matches were full before all was posted".to_owned());
    }
    Ok(IngestReport {
        matches: args.load.matches,
        in_flight: args.in_flight,
        array: args.array,
        singles: PostsReport::new(&singles),
        arrays: PostsReport::new(&arrays),
        wrong,
    })
}
