//! A connection whose other end has silently gone is noticed soon: the kernel probes it while a poll waits.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use cctelegram_crypto::Secret;
use cctelegram_emulator::Emulator;
use cctelegram_telegram::Client;

/// The timers of our TCP connections to this port, as the kernel shows them: kind and time left in hundredths of a
/// second (`/proc/net/tcp`, column `tr tm->when`; kind 2 is the keep-alive timer).
fn timers(port: u16) -> Vec<(u8, u32)> {
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let to_port = format!(":{port:04X}");
    let columns = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = columns.filter(|columns| {
        columns
            .get(2)
            .is_some_and(|remote| remote.ends_with(&to_port))
    });
    let timer = |columns: Vec<&str>| {
        let (kind, left) = columns.get(5)?.split_once(':')?;
        Some((kind.parse().ok()?, u32::from_str_radix(left, 16).ok()?))
    };
    ours.filter_map(timer).collect()
}

#[tokio::test]
async fn a_waiting_poll_is_probed_every_two_seconds() {
    let token = format!("{}:{}", 7_000_001, "a".repeat(35));
    let options = cctelegram_emulator::Options {
        token: token.clone(),
        ..Default::default()
    };
    let emulator = Emulator::start(options).await.unwrap();
    let url = emulator.url();
    let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
    let options = cctelegram_telegram::Options {
        token: Secret::new(token),
        api_url: url,
        proxy: None,
        pool_size: 1,
    };
    let client = Client::new(options).unwrap();
    let poll = client.get_updates(None, 50);
    let probed = async {
        let wait = std::time::Duration::from_secs(10);
        let waits = |phone: &Emulator| {
            phone
                .calls()
                .iter()
                .any(|call| call.method == "getUpdates")
                .then_some(())
        };
        emulator
            .wait_until(waits, wait)
            .await
            .expect("the poll waits");
        timers(port)
    };
    tokio::select! {
        _ = poll => panic!("nothing happened, so the poll had nothing to end it"),
        timers = probed => {
            assert!(timers.iter().any(|(kind, left)| *kind == 2 && *left <= 200), "{timers:?}");
        }
    }
    emulator.stop().await;
}
