//! A fan: a client of fifteen lines behind a connection.

use std::collections::BTreeMap;

use grandstand_core::connection::{Connection, FanRights, Output, Settings};
use grandstand_core::frame::{Codec, Coding};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::Cursor;
use grandstand_core::message::Subscribe;
use grandstand_core::patch;
use grandstand_core::policy::{BATCH_WINDOW_US, DIGEST_PERIOD_US, PolicyName};
use grandstand_core::session::SessionId;
use grandstand_core::subscription::{BEHIND_EVENTS_MAX, SnapshotWish};
use serde_json::{Value, json};

use crate::socket::Socket;
use crate::world::{At, World, epoch, match_id};

/// A client of fifteen lines, which applies patches and knows nothing else.
pub(crate) struct Fan {
    pub(crate) connection: Connection,
    pub(crate) coding: Coding,
    pub(crate) wish: SnapshotWish,
    pub(crate) delay_s: u32,
    policy: PolicyName,
    /// Since when.
    policy_us: u64,
    at: At,
    socket: Socket,
    pub(crate) seq: u64,
    pub(crate) state: Value,
    pub(crate) snapshots: BTreeMap<String, u32>,
    /// The newest.
    pub(crate) status: Value,
}

impl Fan {
    pub(crate) fn new(
        world: &World,
        coding: impl Into<Coding>,
        policy: PolicyName,
        wish: SnapshotWish,
        delay_s: u32,
        phase: u8,
    ) -> Self {
        let coding = coding.into();
        let mut fan = Self {
            connection: connection(coding, phase, world.now_us),
            coding,
            wish,
            delay_s,
            policy,
            policy_us: world.now_us,
            at: At::First,
            socket: Socket::default(),
            seq: 0,
            state: json!({}),
            snapshots: BTreeMap::new(),
            status: Value::Null,
        };
        fan.connection
            .subscribe(subscribe(policy, wish, delay_s, None));
        fan
    }

    /// Its connection is cut in the middle of whatever was on its way, and it goes on at a gateway.
    pub(crate) fn cut_and_resume(&mut self, world: &World, at: At, policy: PolicyName) {
        self.at = at;
        let after = match self.seq {
            0 => Cursor::START,
            seq => cursor(seq),
        };
        self.come_back(world, after, policy);
    }

    /// On another connection, with any cursor.
    pub(crate) fn come_back(&mut self, world: &World, after: Cursor, policy: PolicyName) {
        self.connection = connection(self.coding, 7, world.now_us);
        self.socket = Socket::default();
        (self.policy, self.policy_us) = (policy, world.now_us);
        self.connection
            .subscribe(subscribe(policy, self.wish, self.delay_s, Some(after)));
    }

    /// Another policy on the same connection.
    pub(crate) fn change(&mut self, world: &World, policy: PolicyName) {
        (self.policy, self.policy_us) = (policy, world.now_us);
        self.connection
            .subscribe(subscribe(policy, self.wish, self.delay_s, None));
    }

    /// When an idle connection wants to be polled next.
    pub(crate) fn wake_us(&mut self, world: &World) -> u64 {
        loop {
            match self.connection.poll(world, world.now_us) {
                Output::Answer(frame) | Output::Frame(frame, _) => {
                    self.socket.send(&frame);
                    self.receive(world, usize::MAX);
                }
                Output::Wait(at_us) => return at_us.expect("there is a heartbeat at least"),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Takes up to `frames` frames; true when there is nothing more for now. After so many the fan is
    /// still busy with the last.
    pub(crate) fn take(&mut self, world: &World, frames: usize) -> bool {
        self.receive(world, usize::MAX);
        for number in 1..=frames {
            if !self.poll(world) {
                return true;
            }
            self.receive(world, usize::MAX);
            match number < frames {
                true if self.connection.is_settled() => return true,
                true => {}
                false => self.connection.held_up(world.now_us),
            }
        }
        false
    }

    /// Takes `bytes` of whatever there is to take, a frame's middle or several frames; true when
    /// there is nothing more for now.
    pub(crate) fn trickle(&mut self, world: &World, mut bytes: usize) -> bool {
        loop {
            bytes -= self.receive(world, bytes);
            if bytes == 0 {
                return false;
            }
            if !self.poll(world) {
                return true;
            }
            if self.socket.sending() > bytes {
                self.connection.held_up(world.now_us);
            }
        }
    }

    /// What is next, once nothing is on its way any more; false if it is to wait.
    fn poll(&mut self, world: &World) -> bool {
        match self.connection.poll(&world.gateway(self.at), world.now_us) {
            Output::Answer(frame) | Output::Beat(frame) | Output::Frame(frame, _) => {
                self.socket.send(&frame);
            }
            Output::Ping => self.connection.heard(world.now_us),
            Output::Wait(at_us) => {
                assert!(
                    at_us.is_none_or(|at_us| at_us > world.now_us),
                    "a wake-up is in the future"
                );
                return false;
            }
            Output::AskLeader(_) => world.ask_leader(self.at),
            Output::Close(code, reason) => panic!("closed: {code:?} {reason}"),
        }
        true
    }

    fn receive(&mut self, world: &World, bytes: usize) -> usize {
        let taken = self.socket.take(bytes);
        if self.socket.take_ping() {
            self.connection.heard(world.now_us);
        }
        while let Some(message) = self.socket.message(self.coding) {
            self.read(world, &message);
        }
        taken
    }

    /// A policy holds back for its period at most, and for its delay: a fan who has nothing on its
    /// way has all that its gateway had so long ago.
    pub(crate) fn not_late(&self, world: &World) {
        let held_us = match self.policy {
            PolicyName::Realtime => 0,
            PolicyName::Batch => BATCH_WINDOW_US,
            PolicyName::Digest => DIGEST_PERIOD_US,
        };
        let since_us = world.now_us - held_us;
        let posted_us = since_us - u64::from(self.delay_s) * 1_000_000;
        let due = world.had_in_time(self.at, posted_us, since_us);
        let due = if self.policy_us <= since_us { due } else { 0 };
        assert!(
            self.seq >= due,
            "{:?} at {} of {due}",
            self.policy,
            self.seq
        );
    }

    pub(crate) fn read(&mut self, world: &World, bytes: &[u8]) {
        let message: Value = match self.coding.codec {
            Codec::Json => serde_json::from_slice(bytes).unwrap(),
            Codec::MessagePack => rmp_serde::from_slice(bytes).unwrap(),
        };
        match message["type"].as_str().unwrap() {
            "snapshot" => {
                let seq = message["seq"].as_u64().unwrap();
                let reason = message["reason"].as_str().unwrap();
                assert!(
                    seq > self.seq || (seq == self.seq && reason == "asked"),
                    "a snapshot never goes back"
                );
                if reason == "evicted" {
                    let evicted = world.feed_at(self.at).borrow().follower.log().evicted();
                    assert!(self.seq < evicted, "what comes next is still there");
                }
                if reason == "behind" {
                    assert!(
                        seq - self.seq > BEHIND_EVENTS_MAX,
                        "behind by more than the bound"
                    );
                    assert_ne!(self.wish, SnapshotWish::Never, "asked for every event");
                }
                *self.snapshots.entry(reason.to_owned()).or_default() += 1;
                self.state = message["state"].clone();
                self.seq = seq;
                self.not_early(world);
            }
            "events" => {
                for event in message["events"].as_array().unwrap() {
                    self.seq += 1;
                    assert_eq!(event["seq"], self.seq, "no hole and no repeat");
                    let stored = world.event(self.seq);
                    assert!(
                        stored.is_none_or(|stored| stored == event),
                        "as it was stored"
                    );
                    patch::apply(&mut self.state, &event["patch"]);
                    self.not_early(world);
                }
            }
            "status" => self.status = message.clone(),
            "welcome" | "pong" | "error" => {}
            other => panic!("unexpected {other}: {message}"),
        }
        let is_of_here = message["type"] != "status" || message["seq"] == self.seq;
        if message["hash"].is_string() && is_of_here {
            assert_eq!(
                message["hash"],
                StateHash::of(&self.state).as_str(),
                "the hash proves the state"
            );
        }
    }

    pub(crate) fn not_early(&self, world: &World) {
        let shown_us = |posted_us| posted_us + u64::from(self.delay_s) * 1_000_000;
        assert!(
            world
                .posted_us(self.seq)
                .is_none_or(|posted_us| shown_us(posted_us) <= world.now_us),
            "shown before its delay is over"
        );
    }
}

/// After `seq` in the only epoch there is.
pub(crate) fn cursor(seq: u64) -> Cursor {
    Cursor {
        epoch: Some(epoch()),
        seq,
    }
}

pub(crate) fn connection(coding: impl Into<Coding>, phase: u8, now_us: u64) -> Connection {
    let settings = Settings {
        coding: coding.into(),
        session: SessionId::new(1),
        phase,
        heartbeat_s: 55,
    };
    let rights = FanRights {
        tier: "premium",
        policy_max: PolicyName::Realtime,
        delay_s: 0,
        expires_us: None,
    };
    Connection::new(settings, rights, now_us)
}

pub(crate) fn subscribe(
    policy: PolicyName,
    snapshot: SnapshotWish,
    delay_s: u32,
    after: Option<Cursor>,
) -> Subscribe {
    Subscribe {
        match_id: match_id(),
        after,
        policy: Some(policy),
        delay_s,
        snapshot,
    }
}

/// A world with one fan who has read everything there is.
pub(crate) fn world_and_fan(policy: PolicyName, wish: SnapshotWish) -> (World, Fan) {
    let mut world = World::new();
    world.publish(1, false);
    let mut fan = Fan::new(&world, Codec::Json, policy, wish, 0, 0);
    world.now_us += 6_000_000;
    assert!(fan.take(&world, 100));
    (world, fan)
}
