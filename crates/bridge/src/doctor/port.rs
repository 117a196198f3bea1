//! The port of the health pages: free, or our own bridge's.

use std::io;
use std::net::Ipv4Addr;
use std::net::TcpListener;

use super::Diagnosis;
use super::Patient;

const PORT: &str = "port";

pub(super) fn check(patient: &Patient<'_>) -> Diagnosis {
    let port = match patient.config(PORT) {
        Ok(config) => config.http.port,
        Err(skipped) => return skipped,
    };
    if let Ok(status) = &patient.bridge {
        let text = format!("the bridge serves its pages at {}", status.health_address);
        let address = format!("127.0.0.1:{port}");
        return if port == 0 || status.health_address == address {
            Diagnosis::ok(PORT, text)
        } else {
            let text = format!("{text}, and the settings say {port}");
            Diagnosis::warning(
                PORT,
                text,
                "Restart the bridge to use the port of the settings.",
            )
        };
    }
    if port == 0 {
        return Diagnosis::ok(PORT, "any free port will do (HEALTH_PORT is 0)");
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Diagnosis::ok(PORT, format!("127.0.0.1:{port} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Diagnosis::failed(
            PORT,
            format!("127.0.0.1:{port} is in use by another program"),
            "Stop that one, or set HEALTH_PORT to another port (0 takes any).",
        ),
        Err(error) => Diagnosis::failed(
            PORT,
            format!("127.0.0.1:{port} cannot be used: {error}"),
            "Set HEALTH_PORT to another port (0 takes any).",
        ),
    }
}
