//! An emulator to point any bot at: `cargo run -p cctelegram-emulator --example phone -- 8081`.

use std::io;
use std::io::Write;

use cctelegram_emulator::Emulator;
use cctelegram_emulator::Options;
use cctelegram_emulator::User;

#[tokio::main]
async fn main() -> io::Result<()> {
    let port = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or(0);
    let token = "123456:an-invented-secret-of-nobody".to_owned();
    let emulator = Emulator::start(Options {
        token,
        port,
        ..Options::default()
    })
    .await?;
    emulator.add_user(User {
        id: 42,
        first_name: "Ada".into(),
        username: Some("ada".into()),
    });
    writeln!(
        io::stdout(),
        "{} with token {}",
        emulator.url(),
        emulator.token()
    )?;
    std::future::pending().await
}
