//! The client against servers on this machine that answer whatever a test wants.

#[cfg(test)]
mod against_emulator;
#[cfg(test)]
mod certificate;
#[cfg(test)]
mod methods;
#[cfg(test)]
mod outcomes;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod server;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod updates;
