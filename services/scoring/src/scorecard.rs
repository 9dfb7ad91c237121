//! `GET /v1/matches/{match}/scorecard`: the tables of a match, as a document, as comma-separated
//! values or as a page to print.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_server::negotiate::preferred;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use grandstand_sports::scorecard::Scorecard;
use http::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::read::answer_unless_known;
use crate::refuse::counted;
use crate::request::Caller;
use crate::start::Api;

/// The page has a style and nothing else that a browser would act on.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'none'";

#[derive(Serialize)]
struct ScorecardDocument {
    #[serde(rename = "match")]
    match_id: MatchId,
    epoch: Epoch,
    seq: u64,
    scorecard: Scorecard,
}

/// How a scorecard is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Document,
    Table,
    Page,
}

impl Form {
    fn of(headers: &HeaderMap) -> Self {
        let form = preferred(headers, |range| match range {
            "text/html" => Some(Self::Page),
            "text/csv" => Some(Self::Table),
            _ => (range == "*/*" || range.starts_with("application/")).then_some(Self::Document),
        });
        form.unwrap_or(Self::Document)
    }

    /// What its tag ends with: one tag names the same bytes.
    fn suffix(self) -> &'static str {
        match self {
            Self::Document => "",
            Self::Table => "-csv",
            Self::Page => "-html",
        }
    }
}

pub(crate) async fn scorecard(State(api): State<Api>, caller: Caller) -> Response {
    let result = read_scorecard(&api, &caller).await;
    caller.reply(result)
}

async fn read_scorecard(api: &Api, caller: &Caller) -> Result<Response, Problem> {
    let match_id = caller.match_id()?;
    caller.check_reader()?;
    let reading = api.matches.read(&match_id, |ledger, epoch| {
        let card = Scorecard::of(ledger.game().state());
        (epoch, ledger.seq(), ledger.visibility(), card)
    });
    let (epoch, seq, visibility, scorecard) = reading.await?;
    caller.check_sees(&match_id, visibility)?;
    let scorecard = scorecard.ok_or_else(no_scorecard)?;
    let form = Form::of(&caller.headers);
    let tag = format!("{epoch}-{seq}{}", form.suffix());
    let name = match_id.clone();
    let document = ScorecardDocument {
        match_id,
        epoch,
        seq,
        scorecard,
    };
    let write = || match form {
        Form::Document => caller.codec.answer(StatusCode::OK, &document),
        Form::Table => table(&name, &document.scorecard),
        Form::Page => page(&document.scorecard),
    };
    Ok(answer_unless_known(caller, &tag, visibility, write))
}

fn table(match_id: &MatchId, scorecard: &Scorecard) -> Response {
    let file = format!("attachment; filename=\"{match_id}.csv\"");
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, file.as_str()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, scorecard.to_csv()).into_response()
}

fn page(scorecard: &Scorecard) -> Response {
    let headers: [(HeaderName, &str); 3] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, scorecard.to_page()).into_response()
}

fn no_scorecard() -> Problem {
    let problem = Problem::new(ProblemKind::NoScorecard);
    counted(problem.detail("its state is all there is: GET /v1/matches/{match}/state"))
}
