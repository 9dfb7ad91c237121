//! What the query of a GET may hold: what a door does not know is refused, since a misspelt wish
//! that is passed over is answered with something else than was asked for.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Query;
use http::Uri;

use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// Why no token is taken from a query.
pub const TOKEN_IN_QUERY: &str = "a token in a query ends up in logs; send it as Authorization: Bearer, or as a subprotocol grandstand.bearer.<token>";

/// The names of the parameters that a route takes, as its description has them.
#[derive(Debug, Clone, Default)]
pub struct Known(Arc<[&'static str]>);

impl Known {
    pub(crate) fn new(names: Vec<&'static str>) -> Self {
        Self(names.into())
    }

    /// The parameters of `uri`, if they are all among these.
    pub fn parameters(&self, uri: &Uri) -> Result<Parameters, QueryError> {
        Parameters::of(uri, &self.0)
    }
}

/// The parameters of one request, each known to its door, and there once.
#[derive(Debug)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of `uri`, if they are all among `known`.
    pub fn of(uri: &Uri, known: &[&'static str]) -> Result<Self, QueryError> {
        let parsed = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let parameters = parsed.map_err(|e| fault("query", &e.to_string()))?.0;
        for (index, (name, _)) in parameters.iter().enumerate() {
            let known_as = known.iter().find(|known| **known == name);
            match known_as {
                Some(known) if parameters[..index].iter().any(|(other, _)| other == name) => {
                    return Err(fault(*known, "is there twice"));
                }
                Some(_) => {}
                None if matches!(name.as_str(), "token" | "access_token") => {
                    return Err(fault("token", TOKEN_IN_QUERY));
                }
                None if known.is_empty() => {
                    return Err(fault(name.clone(), "this door takes no parameters"));
                }
                None => {
                    let detail = format!("this door takes {}", known.join(", "));
                    return Err(fault(name.clone(), &detail));
                }
            }
        }
        Ok(Self(parameters))
    }

    /// What one of them says.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut parameters = self.0.iter();
        parameters.find_map(|(other, text)| (other == name).then_some(text.as_str()))
    }
}

/// Why a query can't be read.
#[derive(Debug)]
pub struct QueryError {
    /// The parameter.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub detail: String,
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self::new(ProblemKind::BadQuery)
            .detail(error.detail)
            .member("field", error.field)
    }
}

/// What is wrong with a parameter.
pub fn fault(field: impl Into<Cow<'static, str>>, detail: &str) -> QueryError {
    QueryError {
        field: field.into(),
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_door_does_not_know_is_named() {
        let of = |query: &str| {
            let uri = format!("/?{query}").parse().unwrap();
            Parameters::of(&uri, &["after", "wait"]).map_err(|error| error.field.into_owned())
        };
        let parameters = of("wait=5&after=5.1-7").unwrap();
        assert_eq!(parameters.get("after"), Some("5.1-7"));
        assert_eq!(parameters.get("snapshot"), None);
        assert!(of("").is_ok());
        for (query, field) in [
            ("afer=0", "afer"),
            ("wait=1&wait=2", "wait"),
            ("access_token=x", "token"),
        ] {
            assert_eq!(of(query).unwrap_err(), field, "{query}");
        }
    }
}
