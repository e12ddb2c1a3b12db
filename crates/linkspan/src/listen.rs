//! Addresses to listen on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;
use tokio::net::TcpListener;

/// Where the server listens unless told otherwise.
pub(crate) const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Where the simulator listens unless told otherwise.
pub(crate) const SANDBOX: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);

/// Binds the address that was asked for, and no other.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}; choose another address with --listen, or port 0 for any free port"
        )
    })
}

/// Binds the address that was asked for; without one, the usual one, or any free port of it where that is taken.
pub(crate) async fn bind_or_fall_back(
    asked: Option<SocketAddr>,
    usual: SocketAddr,
) -> anyhow::Result<TcpListener> {
    match asked {
        Some(address) => bind(address).await,
        None => bind(free_or_any_port(usual).await).await,
    }
}

/// The address, or port 0 of it where it is taken.
pub(crate) async fn free_or_any_port(usual: SocketAddr) -> SocketAddr {
    match TcpListener::bind(usual).await {
        Ok(_) => usual,
        Err(_) => SocketAddr::new(usual.ip(), 0),
    }
}

/// The origin at which a client on this machine reaches a listener: the unspecified address stands for loopback.
pub(crate) fn origin_of(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unspecified_address_is_reached_through_loopback() {
        assert_eq!(origin_of("0.0.0.0:80".parse().unwrap()), "http://127.0.0.1:80");
        assert_eq!(origin_of("[::]:80".parse().unwrap()), "http://[::1]:80");
        assert_eq!(origin_of("192.0.2.1:80".parse().unwrap()), "http://192.0.2.1:80");
    }
}
