//! `cctelegram doctor`: looks at a set-up from outside and says what is wrong with it. Nothing is changed, nothing is
//! polled, no secret is told.

mod bot;
mod clock;
mod copies;
mod database;
mod diagnosis;
mod machine;
mod people;
mod permissions;
mod port;
mod running;
mod settings;
mod spool;
mod tracked;

use cctelegram_core::api::Status;
use cctelegram_core::time::Clock;
use cctelegram_core::time::Timestamp;

use crate::client::ClientError;
use crate::client::SocketClient;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::config::Mistakes;
use crate::home::Home;

pub(crate) use diagnosis::Diagnosis;
pub(crate) use diagnosis::Grade;

/// May Telegram be asked?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reaching {
    Telegram,
    Nobody,
}

/// The set-up that is looked at.
struct Patient<'a> {
    home: Home,
    config: Result<Config, Mistakes>,
    /// What a running bridge says of itself.
    bridge: Result<Status, ClientError>,
    now: Timestamp,
    clock: &'a dyn Clock,
}

impl Patient<'_> {
    /// The settings, unless they have mistakes: then what needs them cannot be looked at.
    fn config(&self, check: &'static str) -> Result<&Config, Diagnosis> {
        self.config
            .as_ref()
            .map_err(|_| Diagnosis::skipped(check, "the settings have mistakes: see above"))
    }
}

/// Carries out every check, one after the other.
pub(crate) async fn examine(
    environment: &Environment,
    reaching: Reaching,
    clock: &dyn Clock,
) -> Result<Vec<Diagnosis>, Mistakes> {
    let patient = Patient {
        home: config::home(environment)?,
        config: config::load(environment),
        bridge: running_bridge(environment).await?,
        now: clock.now(),
        clock,
    };
    let mut found = settings::check(&patient);
    found.extend(people::check(&patient));
    found.extend(permissions::check(&patient).await);
    found.extend(copies::check(&patient));
    found.extend(bot::check(&patient, reaching).await);
    found.extend(clock::check(&patient, reaching).await);
    found.extend(running::check(&patient));
    found.push(port::check(&patient));
    found.extend(database::check(&patient).await);
    found.extend(spool::check(&patient));
    found.extend(machine::check(&patient));
    Ok(found)
}

async fn running_bridge(
    environment: &Environment,
) -> Result<Result<Status, ClientError>, Mistakes> {
    let reach = config::reach(environment)?;
    Ok(match SocketClient::find(&reach) {
        Ok(bridge) => bridge.status().await,
        Err(error) => Err(error),
    })
}
