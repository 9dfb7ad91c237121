//! How a connection ends: at once with a code, or in its turn where the gateway goes.

use crate::connection::{Connection, Output};
use crate::frame::Frame;
use crate::message::{CloseCode, ServerMessage};

/// How near the end is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum End {
    /// It is not in sight.
    #[default]
    Open,
    /// The gateway goes, and the fan is told in its turn.
    Turn {
        /// When that is, Unix microseconds.
        at_us: u64,
        /// How long it may take to leave.
        window_ms: u32,
    },
    /// The fan was told; who has not left by then is closed.
    Told {
        /// Unix microseconds.
        until_us: u64,
    },
    /// Closed once what is pending is written.
    Closing(CloseCode, &'static str),
}

impl Connection {
    /// Ends the connection once what is pending is written.
    pub fn close(&mut self, code: CloseCode, reason: &'static str) {
        let pending = self.pending.get_or_insert_default();
        if !matches!(pending.end, End::Closing(..)) {
            pending.end = End::Closing(code, reason);
        }
    }

    /// There is no room for what this connection asks for: it is told what to poll, and ends.
    pub fn no_room(&mut self, poll_url: &str, poll_after_ms: u32) {
        self.answer(&ServerMessage::Error {
            code: "over_capacity",
            title: "There is no room here",
            detail: "Poll poll_url after poll_after_ms, or connect again later.",
            match_id: None,
            poll_url: Some(poll_url),
            poll_after_ms: Some(poll_after_ms),
        });
        self.close(CloseCode::OverCapacity, "over capacity");
    }

    /// The client asks for more than one may; `detail` says of what, and what to do.
    pub fn too_many(&mut self, detail: &str) {
        let title = "You ask for too much";
        self.answer(&ServerMessage::error("too_many", title, detail, None));
        self.close(CloseCode::TooMany, "too many");
    }

    /// The gateway goes. At `at_us` the fan is told to come again elsewhere within `window_ms`; until
    /// it leaves it is served as before, and half as long after the window it is closed.
    pub fn go_away(&mut self, at_us: u64, window_ms: u32) {
        let pending = self.pending.get_or_insert_default();
        if matches!(pending.end, End::Open) {
            pending.end = End::Turn { at_us, window_ms };
        }
    }

    /// What the end brings by now.
    pub(super) fn approach_end(&mut self, now_us: u64) -> Option<Output> {
        let pending = self.pending.as_mut()?;
        match pending.end {
            End::Turn { at_us, window_ms } if at_us <= now_us => {
                let until_us = now_us + u64::from(window_ms) * 1_500;
                pending.end = End::Told { until_us };
                let message = ServerMessage::Goaway {
                    reason: "drain",
                    reconnect_in_ms: 0,
                    window_ms,
                };
                Some(Output::Answer(Frame::of(
                    self.settings.coding.codec,
                    &message,
                )))
            }
            End::Told { until_us } if until_us <= now_us => {
                Some(Output::Close(CloseCode::Drain, "this gateway goes"))
            }
            End::Closing(code, reason) => Some(Output::Close(code, reason)),
            End::Open | End::Turn { .. } | End::Told { .. } => None,
        }
    }

    /// When the end brings something, Unix microseconds.
    pub(super) fn end_due_us(&self) -> Option<u64> {
        match self.pending.as_ref()?.end {
            End::Turn { at_us, .. } => Some(at_us),
            End::Told { until_us } => Some(until_us),
            End::Open | End::Closing(..) => None,
        }
    }
}
