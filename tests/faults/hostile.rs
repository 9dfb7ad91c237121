//! Clients that send what no client should: each is told by its code, and costs the others nothing.

use std::fs;

use crate::harness::api::count_event;
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::load::MATCH;
use crate::raw::{CLOSE, PING, Raw, TEXT, frame};

const CONTINUE: u8 = 0x80;
/// A text frame after which more comes.
const BEGIN: u8 = 0x01;
/// What hundreds of them may leave behind, allocator and all.
const GROWTH_KIB_MAX: u64 = 8 * 1024;

/// Illegal bytes, and the code that they are closed with (RFC 6455, sections 5 and 7.4; ours for
/// what is too large).
fn illegal() -> Vec<(Vec<u8>, u16)> {
    let mut cases = vec![
        // Not masked.
        (vec![TEXT, 2, b'{', b'}'], 1002),
        (frame(CONTINUE, b"{}"), 1002),
        ([frame(BEGIN, b"{"), frame(TEXT, b"}")].concat(), 1002),
        (frame(PING, &[b'x'; 126]), 1002),
        (frame(CLOSE, b"x"), 1002),
        (frame(TEXT, b"\xff"), 1007),
        (
            [frame(BEGIN, b"\xce"), frame(CONTINUE, b"\xff")].concat(),
            1007,
        ),
        ([frame(BEGIN, b"\xce"), frame(CONTINUE, b"")].concat(), 1007),
        (frame(CLOSE, b"\x03\xe8\xff"), 1007),
        // Lengths in more bytes than they need.
        ([&[TEXT, 0xfe, 0, 2][..], &[0; 4], b"{}"].concat(), 1002),
        (
            [&[TEXT, 0xff, 0, 0, 0, 0, 0, 0, 0, 2][..], &[0; 4], b"{}"].concat(),
            1002,
        ),
        // A length of 64 bits, the highest of them set.
        ([&[TEXT, 0xff, 0x80][..], &[0; 11]].concat(), 1009),
        (frame(TEXT, &[b' '; 16 * 1024 + 1]), 1009),
        (
            [
                frame(BEGIN, &[b' '; 9_000]),
                frame(CONTINUE, &[b' '; 9_000]),
            ]
            .concat(),
            1009,
        ),
        (frame(TEXT, b"[]"), 4400),
        (frame(0x82, b"\xc1"), 4400),
    ];
    let reserved_bits = [0xc1, 0xa1, 0x91];
    let reserved_opcodes = (0x83..=0x87).chain(0x8b..=0x8f);
    let control_in_pieces = [0x08, 0x09, 0x0a];
    for first in reserved_bits
        .into_iter()
        .chain(reserved_opcodes)
        .chain(control_in_pieces)
    {
        cases.push((frame(first, b""), 1002));
    }
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        cases.push((frame(CLOSE, &code.to_be_bytes()), 1002));
    }
    cases
}

#[tokio::test]
async fn every_illegal_frame_is_told_by_its_code_and_costs_the_others_nothing() {
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let premium = cluster.fan_token("premium").await;
    let gateway = &cluster.gateways[0];
    let wish = Wish::of(&[MATCH]).token(&premium).every_event();
    let mut witness = Fan::connect(&gateway.url(), "witness", wish).await;

    let mut resident_kib = Vec::new();
    for round in 1..=10 {
        for (bytes, code) in illegal() {
            let mut client = Raw::open(&gateway.url(), "", &premium, 65_536).await;
            client.send(&bytes).await;
            // However much is still sent, the code arrives.
            client.send(&[0; 2000]).await;
            assert_eq!(client.close_code().await, Some(code), "{bytes:?}");
        }
        scorer.score(MATCH, &count_event(round)).await;
        witness.until_seq(1 + round).await;
        resident_kib.push(resident(gateway.pid()));
    }
    assert_eq!(witness.connects, 1);
    let (first, last) = (resident_kib[0], resident_kib[9]);
    assert!(last <= first + GROWTH_KIB_MAX, "{resident_kib:?}");
}

/// Resident memory of a process, KiB.
fn resident(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse().unwrap()
}
