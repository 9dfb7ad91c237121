//! A fan at servers that do not do what they should.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use mio::{Events, Poll};

use super::{Desk, Fan, Parting};
use crate::args::{Codec, FanSpread};
use crate::crowd::frames::text_frame;
use crate::crowd::orders::{Plan, Reading};

const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
/// Nothing here takes longer unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// One fan with its loop, and the server's end.
struct Scene {
    fan: Fan,
    desk: Desk,
    poll: Poll,
    server: TcpStream,
}

impl Scene {
    /// A fan who reads, and whose request has arrived and is not answered yet.
    fn open() -> Self {
        Self::open_to(Reading::All)
    }

    fn open_to(reading: Reading) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let plan = Plan {
            gateways: vec![listener.local_addr().unwrap()],
            tls: None,
            spread: FanSpread::Even,
            reading,
            token: None,
            matches: vec!["m".to_owned()],
            policy: None,
            codec: Codec::Json,
            first: 0,
            count: 1,
            source: Ipv4Addr::new(127, 0, 0, 3),
        };
        let poll = Poll::new().unwrap();
        let mut fan = Fan::new(0);
        let desk = Desk::new(plan).unwrap();
        fan.open(&desk, poll.registry()).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut scene = Self {
            fan,
            desk,
            poll,
            server,
        };
        assert!(scene.turn().is_none());
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut buffer = [0; 1_024];
            let length = scene.server.read(&mut buffer).unwrap();
            request.extend_from_slice(&buffer[..length]);
        }
        scene
    }

    /// One turn of the loop, in which something must happen.
    fn turn(&mut self) -> Option<Parting> {
        let mut events = Events::with_capacity(8);
        self.poll.poll(&mut events, Some(PATIENCE)).unwrap();
        assert!(!events.is_empty(), "nothing came for {PATIENCE:?}");
        self.fan.ready(&mut self.desk)
    }

    /// The server says this, at once; turns until the fan has read all of it.
    fn say(&mut self, bytes: &[u8]) -> Option<Parting> {
        let before = self.desk.window.bytes;
        self.server.write_all(bytes).unwrap();
        let frames = bytes.strip_prefix(UPGRADED).unwrap_or(bytes).len() as u64;
        loop {
            let parting = self.turn();
            if parting.is_some() || self.desk.window.bytes == before + frames {
                return parting;
            }
        }
    }
}

fn snapshot(match_id: &str, seq: u64) -> Vec<u8> {
    let text = format!(
        r#"{{"type":"snapshot","match":"{match_id}","epoch":"1.1","reason":"joined","seq":{seq},"state":{{}}}}"#
    );
    text_frame(text.as_bytes())
}

fn event(seq: u64) -> Vec<u8> {
    event_of("1.1", seq)
}

fn event_of(epoch: &str, seq: u64) -> Vec<u8> {
    let text = format!(
        r#"{{"type":"events","match":"m","epoch":"{epoch}","events":[{{"seq":{seq},"ts":9007199254740991}}]}}"#
    );
    text_frame(text.as_bytes())
}

#[test]
fn a_server_that_leaves_one_out_is_found_out_and_one_that_does_not_is_not() {
    let mut scene = Scene::open();
    scene.say(&[UPGRADED, &snapshot("m", 1), &event(2)].concat());
    assert_eq!(scene.desk.connected, 1);
    assert_eq!(scene.desk.faults.words(), Vec::<String>::new());

    scene.say(&[event(4), event(4)].concat());

    assert_eq!((scene.desk.faults.gaps, scene.desk.faults.repeats), (1, 1));
    assert_eq!(scene.fan.follower.seq(), 4);
    let window = &scene.desk.window;
    assert_eq!((window.frames, window.events), (3, 3));
    assert_eq!(window.snapshots["joined"], 1);
    assert_eq!(window.latency_us.count(), 3);
}

#[test]
fn a_ping_is_answered() {
    let mut scene = Scene::open();
    scene.say(UPGRADED);
    scene.say(&[0x89, 2, b'h', b'i']);
    let mut pong = [0; 8];
    scene.server.read_exact(&mut pong).unwrap();
    assert_eq!(pong, [0x8A, 0x82, 0, 0, 0, 0, b'h', b'i']);
}

#[test]
fn what_is_foreign_or_unreadable_is_counted() {
    let mut scene = Scene::open();
    scene.say(&[UPGRADED, &snapshot("other", 1), &text_frame(b"{")].concat());
    let faults = scene.desk.faults;
    assert_eq!((faults.foreign, faults.unreadable), (1, 1));
    assert_eq!(scene.desk.connected, 0);
}

#[test]
fn a_refusal_says_how_long_to_stay_away() {
    let mut scene = Scene::open();
    let parting = scene
        .say(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n")
        .unwrap();
    assert_eq!(parting.away_min, Some(Duration::from_secs(7)));
    assert_eq!(scene.desk.refusals["503"], 1);
    assert_eq!(scene.desk.faults.dropped, 0);
}

#[test]
fn a_connection_that_ends_is_a_fault_unless_it_is_cut_by_us() {
    let mut scene = Scene::open();
    scene.say(&[UPGRADED, &snapshot("m", 1)].concat());
    let parting = scene.say(&[0x88, 2, 0x03, 0xF4]);
    assert!(parting.is_some());
    assert_eq!(scene.desk.window.errors["close 1012"], 1);
    assert_eq!((scene.desk.faults.dropped, scene.desk.connected), (1, 0));

    let mut scene = Scene::open();
    scene.say(&[UPGRADED, &snapshot("m", 1)].concat());
    scene.fan.cut(&mut scene.desk);
    assert_eq!((scene.desk.faults.dropped, scene.desk.connected), (0, 0));
    assert_eq!(scene.fan.follower.seq(), 1);
}

/// What is found of a server that says this after a state at seq 1.
fn found(frames: &[Vec<u8>]) -> String {
    let mut scene = Scene::open();
    scene.say(&[UPGRADED, &snapshot("m", 1), &frames.concat()].concat());
    scene.desk.faults.words().join(", ")
}

#[test]
fn each_planted_fault_is_told_by_its_name() {
    assert_eq!(found(&[event(2), event(3)]), "");
    for (planted, told) in [
        (vec![event(2), event(4)], "1 events missing"),
        (vec![event(2), event(2)], "1 events repeated"),
        (
            vec![event(3), event(2)],
            "1 events missing, 1 events repeated",
        ),
        (
            vec![event_of("1.2", 2)],
            "1 messages of another match or epoch",
        ),
        (
            vec![event(5), snapshot("m", 4)],
            "3 events missing, 1 snapshots that went back",
        ),
        (vec![text_frame(b"[]")], "1 messages that can't be read"),
    ] {
        assert_eq!(found(&planted), told);
    }
}

#[test]
fn a_fan_who_never_reads_takes_what_the_kernel_takes_and_no_more() {
    let mut scene = Scene::open_to(Reading::Nothing);
    scene.server.write_all(UPGRADED).unwrap();
    while scene.desk.connected == 0 {
        assert!(scene.turn().is_none());
    }
    scene.server.set_nonblocking(true).unwrap();
    let flood = [0; 64 * 1_024];
    let stuck = (0..1_000).find_map(|_| scene.server.write(&flood).err());
    assert_eq!(stuck.unwrap().kind(), std::io::ErrorKind::WouldBlock);
    assert!(scene.turn().is_none());
    assert_eq!(scene.desk.window.bytes, 0);
}
