//! The `open` sport: a trusted poster sends the patch, the platform checks it.

use grandstand_core::event::{Op, Posted};
use grandstand_core::patch;
use grandstand_core::value::{self, Fault, Nulls};
use serde_json::Value;

use crate::refusal::{Refusal, RefusalKind};
use crate::sport::Rights;

/// Whether the poster may post patches at all.
pub(crate) fn check_rights(rights: Rights) -> Result<(), Refusal> {
    if rights.open {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::NotAllowed,
        "right_open",
        "a match of the open sport takes events from tokens with the right open",
    ))
}

/// The posted patch and the state after it.
pub(crate) fn decide(
    state: &Value,
    posted: &Posted,
    rights: Rights,
) -> Result<(Value, Value), Refusal> {
    check_rights(rights)?;
    if posted.op != Op::Add {
        return Err(Refusal::impossible(
            "open_op",
            "the open sport takes only add; the next patch corrects the last",
        )
        .at("op"));
    }
    let Some(change) = &posted.patch else {
        return Err(Refusal::malformed("patch", "patch is missing"));
    };
    let as_422 = |rule, refusal: Refusal| Refusal {
        kind: RefusalKind::Impossible,
        rule,
        ..refusal
    };
    value::check(change, Nulls::Delete)
        .map_err(|error| as_422("patch", Refusal::value("patch", &error)))?;
    if let Some(data) = &posted.data {
        value::check(data, Nulls::Refuse)
            .map_err(|error| as_422("data", Refusal::value("data", &error)))?;
    }
    let mut after = state.clone();
    patch::apply(&mut after, change);
    check_state(&after).map_err(|refusal| refusal.at("patch"))?;
    Ok((change.clone(), after))
}

/// The state after an event, of whatever sport, is one that every reader can hold.
pub(crate) fn check_state(state: &Value) -> Result<(), Refusal> {
    value::check_state(state).map_err(|error| {
        let kind = match error.fault {
            Fault::StateTooLarge(_) => RefusalKind::TooLarge,
            _ => RefusalKind::Impossible,
        };
        let detail = format!("the state after it is none: {error}");
        Refusal::new(kind, "state", detail)
    })
}
