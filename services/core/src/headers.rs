//! What a record carries beside its body: what fans must not see or do not need, and what a
//! directory shows without reading the log.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::ids::DeviceId;

/// Who may find a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Listed, and cacheable by anybody.
    #[default]
    Public,
    /// For whoever knows the id.
    Unlisted,
    /// For tokens whose `matches` names it.
    Private,
}

impl Visibility {
    fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Private => "private",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Public, Self::Unlisted, Self::Private]
            .into_iter()
            .find(|visibility| visibility.as_str() == text)
    }
}

/// What was accepted, but is unusual: the scorer is told, nobody is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable word for the rule, such as `bowler_overs_max`.
    pub rule: String,
    /// A sentence for the scorer.
    pub detail: String,
}

/// The most events that a device may say it still holds: as many as a match has at most.
pub const PENDING_MAX: u32 = 20_000;

/// What a posting device says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What it calls itself.
    pub id: DeviceId,
    /// How many events it still holds after this post, at most [`PENDING_MAX`]; none if it does not
    /// say.
    pub pending: Option<u32>,
}

/// The headers of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Headers {
    /// When the match was created, Unix microseconds: the first half of its epoch.
    pub created_us: u64,
    /// The sport's name.
    pub sport: String,
    /// Version of the rules code that made the record's patches.
    pub rules_version: u32,
    /// Who may find the match.
    pub visibility: Visibility,
    /// How far behind every fan of the match is kept, in seconds.
    pub delay_s: u32,
    /// The `sub` of the token that posted.
    pub scorer: String,
    /// Digest of each event as it was posted, in order: a repeat has the same.
    pub digests: Vec<String>,
    /// What the scorer was warned of, for each event in order.
    pub warnings: Vec<Vec<Warning>>,
    /// The strip after the record.
    pub strip: Value,
    /// W3C trace context of the post.
    pub traceparent: Option<String>,
    /// The device that posted, if it said so.
    pub device: Option<Device>,
}

/// Why headers are not a record's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("header {0} is missing or malformed")]
pub struct HeadersError(&'static str);

impl HeadersError {
    /// The header that it is about.
    pub fn name(&self) -> &'static str {
        self.0
    }
}

/// The header that holds [`Headers::created_us`].
pub const CREATED: &str = "Grandstand-Created";
const SPORT: &str = "Grandstand-Sport";
const RULES: &str = "Grandstand-Rules";
const VISIBILITY: &str = "Grandstand-Visibility";
const DELAY: &str = "Grandstand-Delay";
const SCORER: &str = "Grandstand-Scorer";
const DIGESTS: &str = "Grandstand-Digests";
const WARNINGS: &str = "Grandstand-Warnings";
const STRIP: &str = "Grandstand-Strip";
const TRACEPARENT: &str = "traceparent";
/// The header that names the device, of a post and of its record.
pub const DEVICE: &str = "Grandstand-Device";
/// The header that says how many events the device still holds.
pub const PENDING: &str = "Grandstand-Pending";

impl Headers {
    /// The headers as names and values; values are one line of text each.
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            (CREATED, self.created_us.to_string()),
            (SPORT, self.sport.clone()),
            (RULES, self.rules_version.to_string()),
            (VISIBILITY, self.visibility.as_str().to_owned()),
            (DELAY, self.delay_s.to_string()),
            (SCORER, one_line(&Value::from(self.scorer.as_str()))),
            (DIGESTS, self.digests.join(",")),
            (STRIP, one_line(&self.strip)),
        ];
        if self.warnings.iter().any(|warnings| !warnings.is_empty()) {
            let warnings = serde_json::to_value(&self.warnings).expect("warnings are plain text");
            pairs.push((WARNINGS, one_line(&warnings)));
        }
        if let Some(traceparent) = &self.traceparent {
            pairs.push((TRACEPARENT, traceparent.clone()));
        }
        if let Some(device) = &self.device {
            pairs.push((DEVICE, device.id.to_string()));
            pairs.extend(device.pending.map(|count| (PENDING, count.to_string())));
        }
        pairs
    }

    /// Reads the headers of a stored record; `get` looks one up by name.
    pub fn read<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Self, HeadersError> {
        let digests: Vec<String> = required(&get, DIGESTS)?
            .split(',')
            .map(str::to_owned)
            .collect();
        let warnings = match get(WARNINGS) {
            Some(text) => serde_json::from_str(text).map_err(|_| HeadersError(WARNINGS))?,
            None => vec![Vec::new(); digests.len()],
        };
        Ok(Self {
            created_us: number(&get, CREATED)?,
            sport: required(&get, SPORT)?.to_owned(),
            rules_version: number(&get, RULES)?,
            visibility: Visibility::parse(required(&get, VISIBILITY)?)
                .ok_or(HeadersError(VISIBILITY))?,
            delay_s: number(&get, DELAY)?,
            scorer: json(&get, SCORER)?,
            digests,
            warnings,
            strip: json(&get, STRIP)?,
            traceparent: get(TRACEPARENT).map(str::to_owned),
            device: Device::read(get)?,
        })
    }
}

impl Device {
    /// Reads what a device says of itself in the headers of a post or of a record; none if it says
    /// nothing.
    pub fn read<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Option<Self>, HeadersError> {
        let pending = match get(PENDING) {
            Some(text) => Some(count(text).ok_or(HeadersError(PENDING))?),
            None => None,
        };
        match (get(DEVICE), pending) {
            (Some(text), pending) => {
                let id = DeviceId::new(text).map_err(|_| HeadersError(DEVICE))?;
                Ok(Some(Self { id, pending }))
            }
            // A count of nobody.
            (None, Some(_)) => Err(HeadersError(DEVICE)),
            (None, None) => Ok(None),
        }
    }
}

/// A plain decimal number up to [`PENDING_MAX`].
fn count(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| plain);
    number.filter(|number| *number <= PENDING_MAX)
}

/// JSON escapes every control character below a space; DEL and the C1 range it leaves, and a
/// header had better not hold them.
fn one_line(value: &Value) -> String {
    let mut line = String::new();
    for c in value.to_string().chars() {
        if c.is_control() {
            line.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            line.push(c);
        }
    }
    line
}

fn required<'a>(
    get: &impl Fn(&str) -> Option<&'a str>,
    name: &'static str,
) -> Result<&'a str, HeadersError> {
    get(name).ok_or(HeadersError(name))
}

fn number<'a, T: FromStr>(
    get: &impl Fn(&str) -> Option<&'a str>,
    name: &'static str,
) -> Result<T, HeadersError>
where
    T::Err: Display,
{
    required(get, name)?.parse().map_err(|_| HeadersError(name))
}

fn json<'a, T: for<'de> Deserialize<'de>>(
    get: &impl Fn(&str) -> Option<&'a str>,
    name: &'static str,
) -> Result<T, HeadersError> {
    serde_json::from_str(required(get, name)?).map_err(|_| HeadersError(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn headers_read_back_and_stay_on_one_line() {
        let headers = Headers {
            created_us: 1_790_000_000_123_456,
            sport: "cricket".to_owned(),
            rules_version: 1,
            visibility: Visibility::Unlisted,
            delay_s: 30,
            scorer: "évil\r\nscorer\u{7f}\u{85}".to_owned(),
            digests: vec!["aa".to_owned(), "bb".to_owned()],
            warnings: vec![
                vec![],
                vec![Warning {
                    rule: "striker".to_owned(),
                    detail: "a\nb".to_owned(),
                }],
            ],
            strip: serde_json::json!({"title": "Żubr\n", "status": "live"}),
            traceparent: None,
            device: Some(device("phone-1", Some(7))),
        };
        let pairs: BTreeMap<_, _> = headers.to_pairs().into_iter().collect();
        assert!(
            pairs
                .values()
                .all(|value| !value.chars().any(char::is_control))
        );
        assert_eq!(
            Headers::read(|name| pairs.get(name).map(String::as_str)),
            Ok(headers)
        );
        assert_eq!(Headers::read(|_| None), Err(HeadersError(DIGESTS)));
    }

    fn device(id: &str, pending: Option<u32>) -> Device {
        let id = DeviceId::new(id).unwrap();
        Device { id, pending }
    }

    #[test]
    fn a_device_says_who_it_is_and_what_it_holds_or_nothing() {
        fn read(id: Option<&str>, pending: Option<&str>) -> Result<Option<Device>, HeadersError> {
            Device::read(|name| match name {
                DEVICE => id,
                PENDING => pending,
                _ => None,
            })
        }
        assert_eq!(read(None, None), Ok(None));
        assert_eq!(
            read(Some("a.b_c-9"), None),
            Ok(Some(device("a.b_c-9", None)))
        );
        let held = read(Some("a"), Some("20000"));
        assert_eq!(held, Ok(Some(device("a", Some(PENDING_MAX)))));
        assert_eq!(read(None, Some("1")), Err(HeadersError(DEVICE)));
        for name in ["", "a b", "a\u{e9}", &"x".repeat(65)] {
            assert_eq!(
                read(Some(name), Some("0")),
                Err(HeadersError(DEVICE)),
                "{name:?}"
            );
        }
        for number in ["", "-1", "+1", " 1", "1.0", "20001", "99999999999999999999"] {
            assert_eq!(
                read(Some("a"), Some(number)),
                Err(HeadersError(PENDING)),
                "{number:?}"
            );
        }
    }
}
