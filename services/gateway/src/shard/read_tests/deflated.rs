//! Messages that clients deflate: whole and in pieces, cut anywhere, and where nobody agreed on it.

use proptest::prelude::*;

use super::{End, Outcome, Said, Sent, read};
use crate::shard::inflate::deflated;
use crate::shard::read::Fault;

proptest! {
    #[test]
    fn what_is_deflated_is_heard_as_it_was_said(
        messages in prop::collection::vec(("[a-zäŻ€𝄞]{0,40}", 1_usize..20, any::<bool>()), 1..5),
        piece_bytes in 1_usize..300,
        mask in any::<[u8; 4]>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut bytes = Vec::new();
        let mut frame = |first, payload: &[u8]| {
            let payload = payload.to_vec();
            let sent = Sent { first, is_masked: true, mask, payload, length_bytes: None };
            sent.write(&mut bytes);
        };
        let texts: Vec<String> = messages.iter().map(|(text, times, _)| text.repeat(*times)).collect();
        for (text, (.., is_deflated)) in texts.iter().zip(&messages) {
            let (first, payload) = match is_deflated {
                true => (0x41, deflated(text.as_bytes())),
                false => (0x01, text.as_bytes().to_vec()),
            };
            frame(first, b"");
            payload.chunks(piece_bytes).for_each(|piece| frame(0x00, piece));
            frame(0x80, b"");
            frame(0x80 | first, &payload);
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();

        let outcome = read(&bytes, &cuts, true);
        let twice = texts.into_iter().flat_map(|text| [text.clone(), text]);
        prop_assert_eq!(outcome, Outcome { said: twice.map(Said::Text).collect(), end: None });
    }
}

#[test]
fn only_the_first_frame_of_a_message_may_say_that_it_is_deflated_and_only_if_agreed_on() {
    let hello = deflated(b"hello");
    let not_text = deflated(&[0xff, 0xfe]);
    let fault = |fault| Some(End::Fault(fault));
    for (first, payload, may_deflate, expected) in [
        (0xc1, &hello, true, None),
        (0xc2, &hello, true, None),
        (0xc1, &hello, false, fault(Fault::Protocol)),
        // Another reserved bit, a ping, a close, and what goes on.
        (0xe1, &hello, true, fault(Fault::Protocol)),
        (0xc9, &hello, true, fault(Fault::Protocol)),
        (0xc8, &hello, true, fault(Fault::Protocol)),
        (0xc0, &hello, true, fault(Fault::Protocol)),
        (0xc1, &not_text, true, fault(Fault::NotText)),
        (0xc2, &not_text, true, None),
    ] {
        let frame = Sent {
            first,
            is_masked: true,
            mask: [1, 2, 3, 4],
            payload: payload.clone(),
            length_bytes: None,
        };
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        let outcome = read(&bytes, &[3], may_deflate);
        assert_eq!(outcome.end, expected, "{first:x}");
        assert_eq!(outcome.said.len(), usize::from(expected.is_none()));
    }
}
