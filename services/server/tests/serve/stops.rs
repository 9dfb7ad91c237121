//! What a stop waits for, and for how long.

use std::sync::Arc;

use grandstand_server::serve::ServeLimits;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::stage::{
    PATIENCE, SOON, Served, ask, hello, in_time, limits, read_all, read_answer, waiting,
};

#[tokio::test]
async fn a_running_request_ends_well_after_the_stop() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let limits = ServeLimits {
        stop_wait_max: PATIENCE,
        ..limits()
    };
    let served = Served::start(waiting(asked.clone(), go_on.clone()), limits);
    let mut client = served.connect().await;
    ask(&mut client, "/wait").await;
    in_time(asked.notified()).await;

    served.stop.cancel();
    let address = served.address;
    // The listener is closed before the running request ends.
    in_time(async { while TcpStream::connect(address).await.is_ok() {} }).await;
    go_on.notify_one();

    let answer = read_all(&mut client).await;
    assert!(answer.ends_with("done"), "{answer}");
    assert!(served.stop().await < SOON);
}

#[tokio::test]
async fn a_stop_takes_no_longer_than_it_may() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let served = Served::start(waiting(asked.clone(), go_on), limits());
    let mut busy = served.connect().await;
    let _silent = served.connect().await;
    ask(&mut busy, "/wait").await;
    in_time(asked.notified()).await;
    assert!(served.stop().await < SOON);
    assert_eq!(read_all(&mut busy).await, "");
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_stop() {
    let limits = ServeLimits {
        stop_wait_max: PATIENCE,
        ..limits()
    };
    let served = Served::start(hello(), limits);
    let mut idle = served.connect().await;
    ask(&mut idle, "/").await;
    read_answer(&mut idle, 5).await;
    let _silent = served.connect().await;
    assert!(served.stop().await < SOON);
}
