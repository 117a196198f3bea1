//! Who is at the other end of the socket: the kernel says, the peer cannot.

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use axum::serve::Listener;
use tokio::net::UnixListener;
use tokio::net::UnixStream;
use tokio::net::unix::SocketAddr;

/// A socket that only lets in whom it may: our own user and root, or, where a group was set up, its members too.
pub(crate) struct PeerListener {
    listener: UnixListener,
    admits: Admits,
}

/// Whom a socket admits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Admits {
    /// The bridge's own user (and root, who can do everything anyway).
    Owner { uid: u32 },
    /// Everybody whom the socket's group and mode let through: `[socket] group`.
    Group,
}

/// The process at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) uid: u32,
}

impl PeerListener {
    pub(super) const fn new(listener: UnixListener, admits: Admits) -> Self {
        Self { listener, admits }
    }
}

impl Admits {
    const fn admits(self, uid: u32) -> bool {
        match self {
            Self::Owner { uid: owner } => uid == owner || uid == 0,
            Self::Group => true,
        }
    }
}

impl Listener for PeerListener {
    type Io = UnixStream;
    type Addr = Peer;

    async fn accept(&mut self) -> (UnixStream, Peer) {
        loop {
            let (stream, _) = Listener::accept(&mut self.listener).await;
            match stream.peer_cred().map(|credentials| credentials.uid()) {
                Ok(uid) if self.admits.admits(uid) => return (stream, Peer { uid }),
                Ok(uid) => {
                    tracing::warn!(uid, "a process of another user was refused at the socket");
                }
                // Whoever cannot be named is not let in.
                Err(error) => {
                    tracing::warn!(%error, "a process without credentials was refused at the socket");
                }
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Peer> {
        let _: SocketAddr = self.listener.local_addr()?;
        Ok(Peer {
            uid: rustix::process::geteuid().as_raw(),
        })
    }
}

impl Connected<IncomingStream<'_, PeerListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, PeerListener>) -> Self {
        *stream.remote_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_only_the_owner_and_root_are_admitted_without_a_group() {
        let owner = Admits::Owner { uid: 1_000 };
        assert!(owner.admits(1_000));
        assert!(owner.admits(0));
        assert!(!owner.admits(1_001));
        assert!(Admits::Group.admits(1_001));
    }
}
