//! An independent fan: follows matches over any number of connections, and believes nothing that it
//! has not checked.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::replica::{Place, Replica};
use super::socket::{Codec, Heard, Refused, Socket};
use super::wait::{PATIENCE, in_time};

/// Where matches end; none while it is not known.
pub(crate) type Ends = Option<BTreeMap<String, Place>>;

/// What a fan asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) matches: Vec<String>,
    pub(crate) token: Option<String>,
    pub(crate) codec: Codec,
    pub(crate) snapshot: Option<&'static str>,
    pub(crate) policy: Option<&'static str>,
    /// Whether it asks for everything from the first event on (`after=0`).
    pub(crate) from_first: bool,
    /// Whether it asks by a `hello` instead of the query.
    pub(crate) by_message: bool,
    /// Whether its `hello` names the session that it had.
    pub(crate) keeps_session: bool,
}

impl Wish {
    /// To follow matches from now on, as the tier has it.
    pub(crate) fn of<T: ToString>(matches: &[T]) -> Self {
        Self {
            matches: matches.iter().map(T::to_string).collect(),
            token: None,
            codec: Codec::Json,
            snapshot: None,
            policy: None,
            from_first: false,
            by_message: false,
            keeps_session: false,
        }
    }

    pub(crate) fn token(self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self
        }
    }

    pub(crate) fn codec(self, codec: Codec) -> Self {
        Self { codec, ..self }
    }

    pub(crate) fn policy(self, policy: &'static str) -> Self {
        Self {
            policy: Some(policy),
            ..self
        }
    }

    pub(crate) fn by_message(self) -> Self {
        Self {
            by_message: true,
            ..self
        }
    }

    /// By a `hello` that names the session that it had, and its cursors.
    pub(crate) fn keeps_session(self) -> Self {
        Self {
            keeps_session: true,
            ..self.by_message()
        }
    }

    /// Every event from the first, and no snapshot.
    pub(crate) fn every_event(self) -> Self {
        Self {
            snapshot: Some("never"),
            from_first: true,
            ..self
        }
    }

    /// No snapshot: after a cut too every event comes.
    pub(crate) fn no_snapshot(self) -> Self {
        Self {
            snapshot: Some("never"),
            ..self
        }
    }
}

/// A fan, connected or between two connections.
pub(crate) struct Fan {
    pub(crate) name: String,
    pub(crate) wish: Wish,
    pub(crate) replicas: BTreeMap<String, Replica>,
    /// Everything else that it was told: welcome, status, pong, error, goaway.
    pub(crate) other: Vec<Value>,
    /// How often it connected.
    pub(crate) connects: u64,
    /// The session that it has.
    pub(crate) session: Option<String>,
    /// The sum of the seqs that it is at: tells others how far it has come.
    pub(crate) progress: watch::Sender<u64>,
    socket: Option<Socket>,
    welcomed: bool,
}

impl Fan {
    /// A fan who is not connected yet.
    pub(crate) fn new(name: impl Into<String>, wish: Wish) -> Self {
        let replicas = wish.matches.iter().cloned();
        Self {
            name: name.into(),
            replicas: replicas.map(|name| (name, Replica::default())).collect(),
            wish,
            other: Vec::new(),
            connects: 0,
            session: None,
            progress: watch::Sender::new(0),
            socket: None,
            welcomed: false,
        }
    }

    /// A fan who is connected.
    pub(crate) async fn connect(url: &str, name: impl Into<String>, wish: Wish) -> Self {
        let mut fan = Self::new(name, wish);
        fan.resume(url).await;
        fan
    }

    /// Connects, which must work, with the cursors that it has.
    pub(crate) async fn resume(&mut self, url: &str) {
        let opened = self.try_resume(url).await;
        opened.unwrap_or_else(|refused| panic!("{}: {refused:?}", self.name));
    }

    /// Connects with the cursors that it has.
    pub(crate) async fn try_resume(&mut self, url: &str) -> Result<(), Refused> {
        self.cut();
        let query = match self.wish.by_message {
            true => String::new(),
            false => self.query(),
        };
        let token = self.wish.token.as_deref();
        let mut socket = Socket::open(url, &query, token, self.wish.codec).await?;
        if self.wish.by_message {
            socket.say(&self.hello()).await;
        }
        self.socket = Some(socket);
        self.welcomed = false;
        self.connects += 1;
        Ok(())
    }

    fn query(&self) -> String {
        let after = self.wish.matches.iter().map(|name| {
            let cursor = self.replicas.get(name).and_then(Replica::cursor);
            cursor.unwrap_or_else(|| match self.wish.from_first {
                true => "0".to_owned(),
                false => String::new(),
            })
        });
        let (matches, after) = (self.wish.matches.join(","), after.collect::<Vec<_>>());
        let mut query = format!("match={matches}&after={}", after.join(","));
        if let Some(snapshot) = self.wish.snapshot {
            query += &format!("&snapshot={snapshot}");
        }
        if let Some(policy) = self.wish.policy {
            query += &format!("&policy={policy}");
        }
        query
    }

    fn hello(&self) -> Value {
        let subscriptions = self.wish.matches.iter().map(|name| {
            let mut subscription = json!({"match": name});
            let replica = &self.replicas[name];
            if let Some(epoch) = &replica.epoch {
                subscription["after"] = json!({"epoch": epoch, "seq": replica.seq});
            } else if self.wish.from_first {
                subscription["after"] = json!({"seq": 0});
            }
            if let Some(snapshot) = self.wish.snapshot {
                subscription["snapshot"] = json!(snapshot);
            }
            if let Some(policy) = self.wish.policy {
                subscription["policy"] = json!(policy);
            }
            subscription
        });
        let subscriptions: Vec<Value> = subscriptions.collect();
        let mut hello = json!({"type": "hello", "subscriptions": subscriptions});
        if let Some(session) = &self.session {
            hello["session"] = json!(session);
        }
        hello
    }

    /// Drops the connection where it stands, whatever is under way.
    pub(crate) fn cut(&mut self) {
        self.socket = None;
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.socket.is_some()
    }

    /// What it has of a match.
    pub(crate) fn of(&self, match_id: &str) -> &Replica {
        let replica = self.replicas.get(match_id);
        replica.unwrap_or_else(|| panic!("{} does not follow {match_id}", self.name))
    }

    /// What it has of its only match.
    pub(crate) fn only(&self) -> &Replica {
        assert_eq!(self.replicas.len(), 1);
        self.of(&self.wish.matches[0])
    }

    /// The kinds of everything else that it was told.
    pub(crate) fn other_kinds(&self) -> Vec<&str> {
        let kinds = self.other.iter().map(|message| message["type"].as_str());
        kinds.map(|kind| kind.unwrap_or("?")).collect()
    }

    /// Says something.
    pub(crate) async fn say(&mut self, message: &Value) {
        self.socket.as_mut().expect("connected").say(message).await;
    }

    /// Listens for the next thing, as long as it takes, and checks it. May be dropped at any time.
    /// After a close or a break the fan is not connected any more.
    pub(crate) async fn next(&mut self) -> Heard {
        // Each message is checked in full. A fan who is given a whole match at once would check all
        // of it while nobody else in the test does anything, and servers cut who says nothing for 10 s.
        tokio::task::yield_now().await;
        let heard = self.socket.as_mut().expect("connected").hear().await;
        match &heard {
            Heard::Message(message) => {
                if let Err(fault) = self.take(message) {
                    panic!(
                        "{} ({:?}, connection {}): {fault}\n{message}",
                        self.name, self.wish, self.connects
                    );
                }
                self.progress
                    .send_replace(self.replicas.values().map(|replica| replica.seq).sum());
            }
            Heard::Closed(..) | Heard::Gone => self.cut(),
        }
        heard
    }

    fn take(&mut self, message: &Value) -> Result<(), String> {
        let kind = message["type"].as_str().ok_or("a message without type")?;
        if !self.welcomed && kind != "welcome" {
            return Err("the first message is no welcome".to_owned());
        }
        self.welcomed = true;
        // The one that it was first welcomed with: each connection names another until told.
        if kind == "welcome" && self.wish.keeps_session && self.session.is_none() {
            self.session = Some(message["session"].as_str().ok_or("no session")?.to_owned());
        }
        let replica = message["match"]
            .as_str()
            .and_then(|name| self.replicas.get_mut(name));
        match (kind, replica) {
            ("events", Some(replica)) => {
                replica.take_events(message)?;
                // Only who wants every event takes frames that end inside a record.
                match self.wish.snapshot {
                    None if replica.inside_record => Err("events without a hash".to_owned()),
                    _ => Ok(()),
                }
            }
            ("snapshot", Some(replica)) => replica.take_snapshot(message),
            ("events" | "snapshot", None) => Err("a match that was not asked for".to_owned()),
            (_, replica) => {
                self.other.push(message.clone());
                match replica {
                    Some(replica) if kind == "status" => replica.take_status(message),
                    _ => Ok(()),
                }
            }
        }
    }

    /// Listens until `done`; the connection must hold.
    pub(crate) async fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let listening = async {
            while !done(self) {
                let heard = self.next().await;
                self.must_hold(&heard);
            }
        };
        if tokio::time::timeout(PATIENCE, listening).await.is_err() {
            panic!("{}: no {what}; {}", self.name, self.standing());
        }
    }

    /// What comes of `work`, during which it listens: who answers no ping for so long is given up.
    /// The connection must hold.
    pub(crate) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                heard = self.next() => self.must_hold(&heard),
            }
        }
    }

    /// Listens until its only match is at `seq`, or further.
    pub(crate) async fn until_seq(&mut self, seq: u64) {
        self.until(&format!("seq {seq}"), |fan| fan.only().seq >= seq)
            .await;
    }

    /// Listens until the ends of its matches are known and it has reached them all.
    pub(crate) async fn until_ends(&mut self, ends: &mut watch::Receiver<Ends>) {
        while ends.borrow().is_none() {
            tokio::select! {
                changed = ends.changed() => changed.expect("the test says where it ends"),
                heard = self.next() => self.must_hold(&heard),
            }
        }
        let places = ends.borrow().clone().expect("it was just there");
        self.until("end of every match", |fan| fan.has_reached(&places))
            .await;
        self.check_ends(&places);
    }

    /// Whether each of its matches is where it ends, or further.
    pub(crate) fn has_reached(&self, places: &BTreeMap<String, Place>) -> bool {
        self.replicas
            .iter()
            .all(|(name, replica)| replica.seq >= places[name].seq)
    }

    /// Holds its own states against where the matches ended.
    pub(crate) fn check_ends(&self, places: &BTreeMap<String, Place>) {
        for (name, replica) in &self.replicas {
            let ours = replica.place();
            assert_eq!(ours.as_ref(), Some(&places[name]), "{} {name}", self.name);
        }
    }

    /// Listens until the connection ends, which it must; the close code, if there was one.
    pub(crate) async fn until_closed(&mut self) -> Option<u16> {
        let listening = async {
            loop {
                match self.next().await {
                    Heard::Message(_) => {}
                    Heard::Closed(code, _) => return Some(code),
                    Heard::Gone => return None,
                }
            }
        };
        in_time("the end of a connection", listening).await
    }

    fn must_hold(&self, heard: &Heard) {
        assert!(
            matches!(heard, Heard::Message(_)),
            "{}: {heard:?}; {}",
            self.name,
            self.standing()
        );
    }

    fn standing(&self) -> String {
        let places = self
            .replicas
            .iter()
            .map(|(name, replica)| format!("{name}: {:?}", replica.cursor()));
        let places: Vec<String> = places.collect();
        format!(
            "it stands at {}, and was told {:?}",
            places.join(", "),
            self.other
        )
    }
}
