//! `grandstand token check`: says what a token grants, and refuses exactly what a gateway refuses.

use std::process::{Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::harness::cluster::Cluster;
use crate::harness::process::{grandstand, run, run_well};
use crate::harness::wait::in_time;

/// A folder with a secret, and the secret.
struct Signer {
    keys: String,
    secret: String,
    _folder: tempfile::TempDir,
}

impl Signer {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys").display().to_string();
        run_well(&["keys", "--keys", &keys]).await;
        let secret = std::fs::read_to_string(format!("{keys}/token.key")).unwrap();
        Self {
            keys,
            secret,
            _folder: folder,
        }
    }

    /// A token of these claims over those of a good fan; null takes one away.
    fn token(&self, changes: &Value) -> String {
        signed(Algorithm::HS256, changes, &self.secret)
    }

    async fn check(&self, token: &str) -> Output {
        run(&["token", "check", token, "--keys", &self.keys]).await
    }
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn signed(algorithm: Algorithm, changes: &Value, secret: &str) -> String {
    let mut claims = json!({"iss": "grandstand", "aud": "grandstand", "sub": "ann",
        "exp": now_s() + 3_700, "role": "fan"});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    let key = EncodingKey::from_secret(secret.trim().as_bytes());
    encode(&Header::new(algorithm), &claims, &key).unwrap()
}

fn said(output: &Output) -> String {
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn a_good_token_is_told_in_plain_words() {
    let signer = Signer::new().await;
    let scorer = json!({"role": "scorer", "matches": ["final", "ipl-*"], "rights": ["open"],
        "tier": "plus", "delay_s": 30});
    let output = signer.check(&signer.token(&scorer)).await;
    let told = said(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for words in [
        "Valid",
        "ann",
        "scorer",
        "posts to final, ipl-*",
        "open",
        "as plus, which is batch",
        "30 s behind",
        "in 1 h 1 min",
        " here, ",
        "Z, in",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    let fan = said(
        &signer
            .check(&signer.token(&json!({"tier": "premium"})))
            .await,
    );
    assert!(fan.contains("premium, which is realtime"), "{fan}");
    assert!(fan.contains("fans read at a gateway"), "{fan}");
}

#[tokio::test]
async fn the_policy_of_a_tier_is_the_configured_one() {
    let signer = Signer::new().await;
    let token = signer.token(&json!({"tier": "free"}));
    let mut command = grandstand(&["token", "check", "-", "--keys", &signer.keys, "--json"]);
    command.env("GRANDSTAND_FREE_POLICY", "batch");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(format!("Bearer {token}\n").as_bytes())
        .await
        .unwrap();
    drop(stdin);

    let output = in_time("the check", child.wait_with_output())
        .await
        .unwrap();

    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["policy"], "batch", "{told}");
    assert_eq!(
        (&told["valid"], &told["signature"]),
        (&json!(true), &json!("ours"))
    );
    assert!(told["expires_in_s"].as_u64().unwrap() > 3_600, "{told}");
    assert_eq!(told["claims"]["tier"], "free");
}

#[tokio::test]
async fn without_a_secret_only_the_claims_are_judged_and_it_says_so() {
    let signer = Signer::new().await;
    let output = run(&["token", "check", &signer.token(&json!({}))]).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(
        said(&output).contains("was not checked"),
        "{}",
        said(&output)
    );
    let output = run(&["token", "check", &signer.token(&json!({"aud": "x"}))]).await;
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn what_a_gateway_refuses_is_refused_with_the_same_word_and_the_reason() {
    let mut cluster = Cluster::bare().await;
    cluster.add_gateway(&[]).await;
    let keys = cluster.keys_dir().display().to_string();
    let secret = std::fs::read_to_string(format!("{keys}/token.key")).unwrap();
    let ours = |changes: Value| signed(Algorithm::HS256, &changes, &secret);
    let other = "another secret of more than thirty-two characters";
    let long_ago = json!({"exp": now_s() - 7_300});
    // (the token, words of the reason; none where it is let in)
    let cases: Vec<(String, &[&str])> = vec![
        (ours(json!({})), &[]),
        (ours(json!({"rights": ["unheard-of"]})), &[]),
        (ours(long_ago.clone()), &["expired", "2 h 1 min ago"]),
        (ours(json!({"nbf": now_s() + 600})), &["not valid yet"]),
        (
            ours(json!({"aud": "elsewhere"})),
            &["audience", "elsewhere"],
        ),
        (ours(json!({"iss": "elsewhere"})), &["issuer", "elsewhere"]),
        (ours(json!({"exp": null})), &["lacks the claim 'exp'"]),
        (ours(json!({"sub": null})), &["lacks the claim 'sub'"]),
        (ours(json!({"role": null})), &["lacks the claim 'role'"]),
        (ours(json!({"role": "umpire"})), &["umpire"]),
        (ours(json!({"matches": ["A b"]})), &["not a match id"]),
        (
            signed(Algorithm::HS512, &json!({}), &secret),
            &["not signed with HS256"],
        ),
        (
            signed(Algorithm::HS256, &json!({}), other),
            &["signature is not ours"],
        ),
        (
            signed(Algorithm::HS256, &long_ago, other),
            &["signature is not ours", "expired"],
        ),
        ("not.a.token".to_owned(), &["not a token"]),
        ("x".repeat(5_000), &["longer than"]),
    ];
    for (token, words) in cases {
        let output = run(&["token", "check", &token, "--keys", &keys]).await;
        let told = said(&output);
        let answer = cluster.viewer(0, Some(&token)).get("/v1/matches").await;
        let is_let_in = answer.status == 200;
        assert_eq!(is_let_in, words.is_empty(), "{}", answer.text());
        assert_eq!(output.status.success(), is_let_in, "{told}");
        for word in words {
            assert!(told.contains(word), "no {word:?} in {told}");
        }
        if !is_let_in {
            let output = run(&["token", "check", &token, "--keys", &keys, "--json"]).await;
            let told: Value = serde_json::from_slice(&output.stdout).unwrap();
            let code = told["refusals"][0]["code"].as_str().unwrap();
            let problem = answer.problem(401)["type"].as_str().unwrap().to_owned();
            assert!(problem.ends_with(code), "{problem}: {told}");
        }
    }
}

#[tokio::test]
async fn neither_secret_nor_signature_is_printed_and_a_hostile_claim_is_inert() {
    let signer = Signer::new().await;
    let token = signer.token(&json!({"sub": "ann\u{1b}[2J\nREFUSED"}));
    let signature = token.rsplit('.').next().unwrap();
    for more in [&[][..], &["--json"]] {
        let args = [&["token", "check", &token, "--keys", &signer.keys], more].concat();
        let told = said(&run(&args).await);
        assert!(!told.contains(signature) && !told.contains(signer.secret.trim()));
        assert!(!told.contains('\u{1b}'), "{told:?}");
    }
    let nothing = run(&["token", "check", "", "--keys", &signer.keys]).await;
    assert_eq!(nothing.status.code(), Some(1));
}
