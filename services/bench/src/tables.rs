//! What each scenario found, as people read it.

use std::fmt;

use crate::bare::BareReport;
use crate::scenarios::TurnsReport;
use crate::scenarios::fans::FansReport;
use crate::scenarios::ingest::IngestReport;
use crate::scenarios::pairs::PairsReport;
use crate::scenarios::storm::StormReport;
use crate::turn_table::{Posted, by_name, cpu, details, head, quantiles, row, shown};

impl fmt::Display for FansReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} fans of {} matches at {} gateways\n",
            self.fans, self.matches, self.gateways
        )?;
        let connect = &self.connect;
        writeln!(
            f,
            "connected in {:.1} s, {}/s, {} us of gateway CPU each",
            connect.took_ms as f64 / 1_000.0,
            connect.per_s,
            shown(connect.server_us_per_connect, 1)
        )?;
        if !connect.refusals.is_empty() {
            writeln!(f, "refused or broken: {}", by_name(&connect.refusals))?;
        }
        writeln!(
            f,
            "each takes {} bytes of the gateways' RSS, and {} of the kernel for both ends",
            shown(self.memory.rss_bytes.map(|bytes| bytes as f64), 0),
            self.memory.kernel_bytes
        )?;
        writeln!(
            f,
            "idle, CPU % of gateways, platform, bench, beside: {}\n",
            cpu(&self.idle)
        )?;
        if let Some(steady) = &self.steady {
            head(f)?;
            row(f, "steady", steady)?;
            writeln!(f)?;
            details(f, steady)?;
        }
        Ok(())
    }
}

impl fmt::Display for TurnsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} fans of {} matches at {} gateways\n",
            self.fans, self.matches, self.gateways
        )?;
        head(f)?;
        for named in &self.turns {
            row(f, named.name, &named.turn)?;
        }
        Ok(())
    }
}

impl fmt::Display for BareReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} sockets in {} processes\n", self.fans, self.processes)?;
        head(f)?;
        row(f, "bare", &self.turn)?;
        writeln!(f)?;
        Ok(())
    }
}

impl fmt::Display for PairsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} fans at {} gateways, and as many sockets of the bare loop\n",
            self.fans, self.gateways
        )?;
        head(f)?;
        for pair in &self.pairs {
            row(f, "gateway", &pair.gateway)?;
            row(f, "bare", &pair.bare)?;
            writeln!(
                f,
                "{:>26} CPU x {}, p99 x {}",
                "",
                shown(pair.cpu_ratio, 3),
                shown(pair.p99_ratio, 3)
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for StormReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} fans of {} matches\n", self.fans, self.matches)?;
        let turns = [
            ("baseline", &self.baseline),
            ("storm", &self.storm),
            ("reload", &self.reload),
        ];
        head(f)?;
        for (name, gust) in turns {
            row(f, name, &gust.turn)?;
        }
        writeln!(
            f,
            "\nlive, of the half that stays: p50, p95, p99, p99.9, max ms"
        )?;
        for (name, gust) in turns {
            writeln!(
                f,
                "{name:10} {} | p99 x {} | all back after {} ms",
                quantiles(&gust.live_us),
                shown(gust.p99_by_baseline, 2),
                shown(gust.all_back_after_ms.map(|ms| ms as f64), 0)
            )?;
        }
        for (name, gust) in turns {
            writeln!(f, "\n{name}:")?;
            details(f, &gust.turn)?;
        }
        Ok(())
    }
}

impl fmt::Display for IngestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} matches, {} posts in flight\n",
            self.matches, self.in_flight
        )?;
        writeln!(f, "paced:        {}", Posted(&self.paced))?;
        writeln!(f, "one by one:   {}", Posted(&self.singles))?;
        writeln!(f, "arrays of {:2}: {}", self.array, Posted(&self.arrays))?;
        Ok(())
    }
}
