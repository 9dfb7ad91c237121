//! A process that holds many fans: one loop over their sockets, which takes orders from its stdin.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

use crate::crowd::fan::{Desk, Fan, Parting};
use crate::crowd::orders::{Counts, Cursors, Order, Plan, Stand, Window};
use crate::descriptors;

const ORDERS: Token = Token(usize::MAX);
const EVENTS_PER_POLL: usize = 1_024;
/// How many connections are begun before sockets are looked at again.
const OPENS_PER_TURN: usize = 128;
/// How often to look whether the next may connect, when they are paced.
const PACE: Duration = Duration::from_millis(1);
/// How long a fan that was turned away stays away at least, and how much longer at most.
const AWAY_MIN: Duration = Duration::from_millis(100);
const AWAY_SPREAD_MS: u64 = 900;
/// Orders wait only while one is carried out.
const ORDERS_WAITING_MAX: usize = 4;

/// Does what its stdin says until that ends.
pub(crate) fn run() -> io::Result<()> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let plan: Plan = serde_json::from_str(&line)?;
    descriptors::raise();
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), ORDERS)?);
    let (orders, taken) = sync_channel(ORDERS_WAITING_MAX);
    // A waker that is dropped takes its last call with it, so the loop has it, too.
    let callers = Arc::clone(&waker);
    // Ends with our stdin, or with this process.
    std::thread::spawn(move || read_orders(&orders, &callers));
    let ended = Loop::new(plan, poll)?.run(&taken);
    drop(waker);
    ended
}

/// Hands orders over until there are no more; then the channel closes.
fn read_orders(orders: &SyncSender<Order>, waker: &Waker) {
    for line in io::stdin().lock().lines() {
        let order = line.ok().and_then(|line| serde_json::from_str(&line).ok());
        let Some(order) = order else { break };
        if orders.send(order).is_err() || waker.wake().is_err() {
            return;
        }
    }
    let _ = orders.send(Order::End);
    let _ = waker.wake();
}

struct Loop {
    poll: Poll,
    desk: Desk,
    fans: Vec<Fan>,
    /// Fans that may connect as soon as the pace lets them.
    waiting: VecDeque<usize>,
    /// Fans that may connect at a time.
    away: BinaryHeap<Reverse<(Instant, usize)>>,
    pace: Pace,
    ordered_at: Instant,
    all_after: Option<Duration>,
}

/// How fast fans connect.
enum Pace {
    AtOnce,
    PerSecond { per_s: u32, begun: u64 },
}

impl Loop {
    fn new(plan: Plan, poll: Poll) -> io::Result<Self> {
        Ok(Self {
            poll,
            fans: (0..plan.count).map(Fan::new).collect(),
            desk: Desk::new(plan)?,
            waiting: VecDeque::new(),
            away: BinaryHeap::new(),
            pace: Pace::AtOnce,
            ordered_at: Instant::now(),
            all_after: None,
        })
    }

    fn run(mut self, orders: &Receiver<Order>) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_POLL);
        loop {
            self.open_due();
            match self.poll.poll(&mut events, self.next_turn()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                match event.token() {
                    ORDERS => {
                        for order in orders.try_iter() {
                            if order == Order::End {
                                // Or the next run would look for ports among those of this one.
                                self.fans.iter_mut().for_each(|fan| fan.cut(&mut self.desk));
                                return Ok(());
                            }
                            self.obey(order)?;
                        }
                    }
                    Token(number) => {
                        if let Some(parting) = self.fans[number].ready(&mut self.desk) {
                            self.come_back_later(number, &parting);
                        }
                    }
                }
            }
            if self.all_after.is_none() && self.desk.connected == self.fans.len() as u64 {
                self.all_after = Some(self.ordered_at.elapsed());
            }
        }
    }

    fn obey(&mut self, order: Order) -> io::Result<()> {
        match order {
            Order::Connect { per_s } => self.begin(Pace::PerSecond { per_s, begun: 0 }),
            Order::Mark => self.desk.window = Window::default(),
            Order::Cut { with } => {
                for fan in &mut self.fans {
                    fan.cut(&mut self.desk);
                    if with == Cursors::Lost {
                        fan.follower.forget();
                    }
                }
                self.begin(Pace::AtOnce);
            }
            Order::Count | Order::End => {}
        }
        let mut out = io::stdout().lock();
        writeln!(out, "{}", serde_json::to_string(&self.counts())?)?;
        out.flush()
    }

    fn begin(&mut self, pace: Pace) {
        self.away.clear();
        self.waiting = (0..self.fans.len()).collect();
        self.pace = pace;
        self.ordered_at = Instant::now();
        self.all_after = None;
    }

    /// Begins the connections that are due, but not so many that nobody is listened to.
    fn open_due(&mut self) {
        let now = Instant::now();
        while let Some(&Reverse((at, number))) = self.away.peek()
            && at <= now
        {
            self.away.pop();
            self.waiting.push_back(number);
        }
        let mut allowed = OPENS_PER_TURN;
        if let Pace::PerSecond { per_s, begun } = &mut self.pace {
            let due = self.ordered_at.elapsed().as_micros() * u128::from(*per_s) / 1_000_000;
            let due = u64::try_from(due)
                .unwrap_or(u64::MAX)
                .saturating_sub(*begun);
            allowed = allowed.min(usize::try_from(due).unwrap_or(usize::MAX));
            *begun += allowed.min(self.waiting.len()) as u64;
        }
        for _ in 0..allowed {
            let Some(number) = self.waiting.pop_front() else {
                break;
            };
            let opened = self.fans[number].open(&self.desk, self.poll.registry());
            if let Err(error) = opened {
                *self.desk.refusals.entry(error.to_string()).or_default() += 1;
                self.come_back_later(number, &Parting { away_min: None });
            }
        }
    }

    /// How long to wait for sockets at most.
    fn next_turn(&self) -> Option<Duration> {
        if !self.waiting.is_empty() {
            return Some(match self.pace {
                Pace::AtOnce => Duration::ZERO,
                Pace::PerSecond { .. } => PACE,
            });
        }
        let &Reverse((at, _)) = self.away.peek()?;
        Some(at.saturating_duration_since(Instant::now()).max(PACE))
    }

    /// Spread, so that those who were turned away together do not come back together.
    fn come_back_later(&mut self, number: usize, parting: &Parting) {
        let chance = getrandom::u64().unwrap_or(number as u64);
        let spread = Duration::from_millis(chance % AWAY_SPREAD_MS);
        let away = parting.away_min.unwrap_or_default().max(AWAY_MIN) + spread;
        self.away.push(Reverse((Instant::now() + away, number)));
    }

    fn counts(&self) -> Counts {
        let mut stands: BTreeMap<usize, Stand> = BTreeMap::new();
        for (&seat, fan) in self.desk.seats.iter().zip(&self.fans) {
            let stand = Stand::at(fan.follower.seq());
            stands
                .entry(seat)
                .and_modify(|known| known.merge(stand))
                .or_insert(stand);
        }
        Counts {
            connected: self.desk.connected,
            all_after_ms: self
                .all_after
                .map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
            refusals: self.desk.refusals.clone(),
            faults: self.desk.faults,
            window: self.desk.window.clone(),
            stands,
        }
    }
}
