//! What `--from`, `--to` and `--speed` of a replay mean.

use std::str::FromStr;
use std::time::Duration;

use grandstand_core::record::EventPart;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A number below this is a seq, from it on a time in Unix microseconds (of January 1970).
const SEQS_END: u64 = 1_000_000_000;

/// A place in a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An event.
    Seq(u64),
    /// A time, Unix microseconds.
    Time(u64),
}

/// Why a text is no place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "a seq such as 120, a time such as 2026-11-24T19:00:00Z, Unix microseconds, or how long ago, such as -10m (s, m, h, d)"
)]
pub struct PlaceError;

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if let Some(ago) = text.strip_prefix('-') {
            let ago_us = span_us(ago).ok_or(PlaceError)?;
            let now_us = us(OffsetDateTime::now_utc()).ok_or(PlaceError)?;
            return Ok(Self::Time(now_us.saturating_sub(ago_us)));
        }
        match text.parse::<u64>() {
            Ok(seq) if seq < SEQS_END => Ok(Self::Seq(seq)),
            Ok(time_us) => Ok(Self::Time(time_us)),
            Err(_) => {
                let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| PlaceError)?;
                us(time).map(Self::Time).ok_or(PlaceError)
            }
        }
    }
}

impl Place {
    /// Whether `event` is here or later.
    pub(crate) fn begins_before(self, event: &EventPart) -> bool {
        match self {
            Self::Seq(seq) => seq <= event.seq,
            Self::Time(time_us) => time_us <= event.ts,
        }
    }

    /// Whether `event` is here or earlier.
    pub(crate) fn ends_after(self, event: &EventPart) -> bool {
        match self {
            Self::Seq(seq) => event.seq <= seq,
            Self::Time(time_us) => event.ts <= time_us,
        }
    }
}

fn us(time: OffsetDateTime) -> Option<u64> {
    u64::try_from(time.unix_timestamp_nanos() / 1_000).ok()
}

/// `90s`, `10m`, `2h`, `1d` in microseconds.
fn span_us(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit_s = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    number.checked_mul(unit_s)?.checked_mul(1_000_000)
}

/// How fast a replay goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as it is taken.
    Max,
    /// So many times as fast as it happened.
    Times(f64),
}

/// Why a text is no speed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("original, max, or how many times as fast as it happened: 0.01 to 1000000")]
pub struct SpeedError;

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        match text {
            "max" => Ok(Self::Max),
            "original" => Ok(Self::Times(1.0)),
            _ => match text.parse::<f64>() {
                Ok(times) if (0.01..=1e6).contains(&times) => Ok(Self::Times(times)),
                _ => Err(SpeedError),
            },
        }
    }
}

impl Speed {
    /// How long after its beginning a replay is at what happened `after_us` after its first event.
    pub(crate) fn due(self, after_us: u64) -> Duration {
        match self {
            Self::Max => Duration::ZERO,
            Self::Times(times) => Duration::from_micros((after_us as f64 / times) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_seq_or_a_time_in_any_of_its_forms() {
        for (text, place) in [
            ("1", Place::Seq(1)),
            ("999999999", Place::Seq(999_999_999)),
            ("1790000000123456", Place::Time(1_790_000_000_123_456)),
            ("2026-09-21T14:13:20Z", Place::Time(1_790_000_000_000_000)),
            (
                "2026-09-21T15:13:20.5+01:00",
                Place::Time(1_790_000_000_500_000),
            ),
        ] {
            assert_eq!(text.parse(), Ok(place), "{text}");
        }
        for bad in [
            "",
            "-",
            "-10",
            "-10x",
            "-m",
            "ten",
            "1.5",
            "2026-09-21",
            "-99999999999999d",
        ] {
            assert_eq!(bad.parse::<Place>(), Err(PlaceError), "{bad}");
        }
        let now_us = us(OffsetDateTime::now_utc()).unwrap();
        let Ok(Place::Time(then_us)) = "-10m".parse() else {
            panic!("a time");
        };
        assert!((599_000_000..601_000_000).contains(&(now_us - then_us)));
    }

    #[test]
    fn a_speed_stretches_what_happened() {
        let due = |text: &str| text.parse::<Speed>().map(|speed| speed.due(10_000_000));
        assert_eq!(due("max"), Ok(Duration::ZERO));
        assert_eq!(due("original"), Ok(Duration::from_secs(10)));
        assert_eq!(due("20"), Ok(Duration::from_millis(500)));
        assert_eq!(due("0.5"), Ok(Duration::from_secs(20)));
        for bad in ["0", "-1", "nan", "inf", "", "fast"] {
            assert_eq!(due(bad), Err(SpeedError), "{bad}");
        }
    }
}
