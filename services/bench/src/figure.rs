//! What a scenario comes to: numbers with names, and whether each is what it should be.

use std::fmt;

use serde::Serialize;

use crate::scenarios::Found;
use crate::spread::Spread;
use crate::turn_table::{shown, verdict};

/// A number that a scenario is run for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    /// None where it was not measured.
    pub(crate) value: Option<f64>,
    pub(crate) unit: &'static str,
    /// Where the value is the middle of several.
    pub(crate) spread: Option<Spread>,
    pub(crate) target: Option<Target>,
    /// Whether the value is what it should be; none without a value or a target.
    pub(crate) holds: Option<bool>,
}

/// What a number should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Figure {
    /// A number that is only told.
    pub(crate) fn told(name: impl Into<String>, value: Option<f64>, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            spread: None,
            target: None,
            holds: None,
        }
    }

    /// The middle of several numbers.
    pub(crate) fn middle(
        name: impl Into<String>,
        values: impl Iterator<Item = f64>,
        unit: &'static str,
    ) -> Self {
        let spread = Spread::of(values);
        Self {
            spread,
            ..Self::told(name, spread.map(|spread| spread.median), unit)
        }
    }

    /// With what it should be.
    pub(crate) fn should_be(self, target: Target) -> Self {
        Self {
            holds: self.value.map(|value| target.is_met_by(value)),
            target: Some(target),
            ..self
        }
    }
}

impl Target {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "<= {most}"),
            Self::AtLeast(least) => write!(f, ">= {least}"),
        }
    }
}

/// Figures as people read them: a line each.
pub(crate) struct Figures<'a>(pub(crate) &'a [Figure]);

impl fmt::Display for Figures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for figure in self.0 {
            let value = shown(figure.value, decimals(figure.value.unwrap_or(0.0)));
            write!(f, "{:62} {value:>10} {:5}", figure.name, figure.unit)?;
            let target = figure.target.map(|target| target.to_string());
            let verdict = match figure.holds {
                Some(true) => "holds",
                Some(false) => "MISSED",
                None if target.is_some() => "not measured",
                None => "",
            };
            write!(f, " {:9} {verdict:7}", target.unwrap_or_default())?;
            match &figure.spread {
                Some(spread) => writeln!(
                    f,
                    " of {}, quartiles {:.3} to {:.3}, all {:.3} to {:.3}",
                    spread.count,
                    spread.lower_quartile,
                    spread.upper_quartile,
                    spread.min,
                    spread.max
                )?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

/// What a scenario found, with its figures and the verdict.
pub(crate) struct WithFigures<'a, F>(pub(crate) &'a F);

impl<F: Found> fmt::Display for WithFigures<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", self.0, Figures(&self.0.figures()))?;
        verdict(f, self.0.wrong())
    }
}

/// Small numbers are ratios.
fn decimals(value: f64) -> usize {
    match value.abs() {
        0.0..10.0 => 3,
        10.0..100.0 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_at_its_bound_and_not_beyond() {
        let figure = |value| Figure::told("p99", value, "ms").should_be(Target::AtMost(2.0));
        assert_eq!(figure(Some(2.0)).holds, Some(true));
        assert_eq!(figure(Some(2.1)).holds, Some(false));
        assert_eq!(figure(Some(f64::NAN)).holds, Some(false));
        assert_eq!(figure(None).holds, None);
        let least = Figure::told("rate", Some(7.9), "/s").should_be(Target::AtLeast(8.0));
        assert_eq!(least.holds, Some(false));
    }

    #[test]
    fn a_line_says_what_was_measured_and_what_was_not() {
        let middle = Figure::middle("ratio", [1.0, 3.0, 2.0].into_iter(), "x");
        let figures = [
            middle.should_be(Target::AtMost(1.05)),
            Figure::told("p99", None, "ms").should_be(Target::AtMost(5.0)),
        ];
        let text = Figures(&figures).to_string();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].contains("2.000 x"), "{text}");
        assert!(
            lines[0].contains("<= 1.05   MISSED  of 3, quartiles 1.500 to 2.500"),
            "{text}"
        );
        assert!(
            lines[1].contains("- ms    <= 5      not measured"),
            "{text}"
        );
    }
}
