//! How connections end.

use futures_util::{SinkExt, StreamExt};
use grandstand_server::grant::Tier;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::harness::{Fan, Ground, in_time, token};

/// The code that the gateway closes with; the end of the connection follows without a reset.
async fn close_code(mut fan: Fan) -> u16 {
    let code = loop {
        match in_time(fan.socket.next()).await {
            Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => break code.into(),
            Some(Ok(_)) => {}
            other => panic!("no close frame: {other:?}"),
        }
    };
    let mut rest = Vec::new();
    let stream = fan.socket.get_mut();
    in_time(stream.read_to_end(&mut rest))
        .await
        .expect("no reset");
    code
}

#[tokio::test]
async fn a_client_that_closes_is_answered() {
    let ground = Ground::ready().await;
    let mut fan = ground.fan("", None).await;
    let goodbye = CloseFrame {
        code: 1000.into(),
        reason: "".into(),
    };
    fan.socket
        .send(Message::Close(Some(goodbye)))
        .await
        .unwrap();
    assert_eq!(close_code(fan).await, 1000);
    ground.end().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_by_its_close_code() {
    let ground = Ground::ready().await;
    let large = Message::text("x".repeat(500_000));
    let bad = Message::text(json!({"type": "shout"}).to_string());
    for (message, expected) in [(large, 1009), (bad, 4400)] {
        let mut fan = ground.fan("", None).await;
        // The gateway may close before it has taken all of it.
        fan.socket.send(message).await.ok();
        assert_eq!(close_code(fan).await, expected);
    }
    let token_of_ann = token(Tier::Premium, &[], 0);
    let mut fan = ground.fan("", None).await;
    fan.say(json!({"type": "refresh", "token": token_of_ann}))
        .await;
    assert_eq!(close_code(fan).await, 4403, "an anonymous fan is nobody's");
    ground.end().await;
}

#[tokio::test]
async fn a_gateway_that_goes_tells_everybody_and_ends() {
    let ground = Ground::ready().await;
    let fan = ground.fan("match=nothing-here", None).await;
    ground.stop.cancel();
    assert_eq!(close_code(fan).await, 1012);
    ground.end().await;
}
