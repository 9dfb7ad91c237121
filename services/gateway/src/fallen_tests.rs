//! An event loop that falls takes the gateway with it: its fans go on at others.

use futures_util::StreamExt;
use grandstand_server::grant::Tier;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use self::harness::{Ground, in_time, token};
use crate::GatewayError;

#[path = "../tests/real_server/harness.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod harness;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_whose_event_loop_fell_closes_its_fans_and_ends_with_an_error() {
    let (fallen, (told, ended)) = (CancellationToken::new(), oneshot::channel());
    let falls = fallen.clone();
    let ground = Ground::running(&[], 100, |gateway, listener, stop| async move {
        let ended = gateway.run_until_fallen(listener, stop, falls).await;
        told.send(ended).unwrap();
    });
    let ground = ground.await;
    let mut fan = ground.fan("", Some(&token(Tier::Premium, &[], 0))).await;

    fallen.cancel();

    loop {
        match in_time(fan.socket.next()).await {
            Some(Ok(Message::Text(goaway))) => assert!(goaway.contains("goaway"), "{goaway}"),
            Some(Ok(Message::Close(_))) => break,
            other => panic!("{other:?}"),
        }
    }
    let ended = in_time(ended).await.unwrap();
    assert!(matches!(ended, Err(GatewayError::ShardFell)), "{ended:?}");
    assert!(ground.stop.is_cancelled(), "whatever runs beside it ends");
    ground.end().await;
}
