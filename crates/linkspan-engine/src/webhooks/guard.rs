//! Where webhooks may go: public addresses, and networks that the operator allows (hazard O7).
//!
//! An address is judged when a connection is made: a name is resolved once, every address it has is looked at, and the
//! connection goes to those and no others. So a name that changes its mind between a check and a use gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The longest address that is taken.
const URL_CAP: usize = 2_000;

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// The networks that are told apart here differ in their first two segments.
const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// What is not a public unicast address of IPv4. Source: the IANA special-purpose address registry (RFC 6890), and
/// Azure's address of its metadata service, which looks public.
const CLOSED_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// The public unicast addresses of IPv6.
const OPEN_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What is closed within [`OPEN_V6`]: protocols (Teredo among them), documentation, and 6to4, which leads to an IPv4
/// address of the sender's choice. Source: the IANA special-purpose address registry.
const CLOSED_V6: [Ipv6Net; 4] =
    [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

/// NAT64 (RFC 6052): the last four bytes are an IPv4 address.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);

/// Why something is not sent to an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("`url` is not an address: give the whole https address")]
    NotAnAddress,
    #[error("`url` is longer than {URL_CAP} characters")]
    TooLong,
    #[error("`url` begins with `{0}:`: webhooks go to https addresses")]
    Scheme(String),
    #[error(
        "`url` is a plain http address: webhooks go to https addresses, but for loopback addresses that the operator \
         allows (`--allow-webhook-network`)"
    )]
    Plain,
    #[error("`url` holds a user name or password: leave it out, requests are signed")]
    UserInfo,
    #[error("`url` holds a fragment (`#…`), which is never sent: leave it out")]
    Fragment,
    #[error(
        "{0} is not a public address: webhooks go to public addresses, and to networks that the operator allows \
         (`--allow-webhook-network`)"
    )]
    Closed(IpAddr),
    #[error("the host name has no address")]
    NoAddress,
}

/// Judges addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    allowed: Arc<[IpNet]>,
}

impl Guard {
    pub(crate) fn new(allowed: &[IpNet]) -> Self {
        Self { allowed: allowed.into() }
    }

    /// Reads an address and refuses what can be refused before a name is resolved. (Hosts in decimal, octal or hex are
    /// addresses by then: the reader of URLs turns them into what they mean.)
    pub(crate) fn check(&self, text: &str) -> Result<Url, Refusal> {
        if text.len() > URL_CAP {
            return Err(Refusal::TooLong);
        }
        let url = Url::parse(text).map_err(|_| Refusal::NotAnAddress)?;
        let is_plain = match url.scheme() {
            "https" => false,
            "http" => true,
            other => return Err(Refusal::Scheme(other.chars().take(20).collect())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(Refusal::Fragment);
        }
        let address = match url.host().ok_or(Refusal::NotAnAddress)? {
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
            Host::Domain(name) if is_plain && !(is_localhost(name) && self.opens_loopback()) => {
                return Err(Refusal::Plain);
            }
            Host::Domain(_) => return Ok(url),
        };
        self.judge(address, is_plain)?;
        Ok(url)
    }

    fn opens_loopback(&self) -> bool {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        loopback.iter().any(|address| self.allowed.iter().any(|network| network.contains(address)))
    }

    /// Whether something may be sent to an address; in plain text only to a loopback address that is allowed.
    fn judge(&self, address: IpAddr, is_plain: bool) -> Result<(), Refusal> {
        let address = plain_v4(address);
        let is_allowed = self.allowed.iter().any(|network| network.contains(&address));
        if is_plain && !(is_allowed && address.is_loopback()) {
            return Err(if is_allowed || is_public(address) {
                Refusal::Plain
            } else {
                Refusal::Closed(address)
            });
        }
        if is_allowed || is_public(address) { Ok(()) } else { Err(Refusal::Closed(address)) }
    }

    /// The addresses of a name, if something may be sent to every one of them: one that is closed among them says that
    /// the name is not to be trusted.
    fn judge_all(&self, addresses: Vec<SocketAddr>, is_plain: bool) -> Result<Vec<SocketAddr>, Refusal> {
        if addresses.is_empty() {
            return Err(Refusal::NoAddress);
        }
        for address in &addresses {
            self.judge(address.ip(), is_plain)?;
        }
        Ok(addresses)
    }
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// An IPv4 address in the clothes of IPv6 (mapped, or the older compatible form) as what it is.
fn plain_v4(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    match v6.to_ipv4() {
        // `::` and `::1` have the compatible form too, and are what they are.
        Some(v4) if !v6.is_loopback() && !v6.is_unspecified() => IpAddr::V4(v4),
        _ => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !CLOSED_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) if NAT64.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            is_public(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
        }
        IpAddr::V6(address) => {
            OPEN_V6.contains(&address) && !CLOSED_V6.iter().any(|network| network.contains(&address))
        }
    }
}

/// Resolves names for the client, and gives it the addresses that the guard admits.
#[derive(Clone, Debug)]
pub(crate) struct GuardedResolver {
    pub(crate) guard: Guard,
    pub(crate) is_plain: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            // The client puts in the port of the address. The attempt's own time bounds this wait.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses = this.guard.judge_all(found, this.is_plain)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(guard: &Guard, url: &str) -> bool {
        guard.check(url).is_err()
    }

    fn judge(guard: &Guard, address: &str) -> Result<(), Refusal> {
        guard.judge(address.parse().unwrap(), false)
    }

    #[test]
    fn o7_no_form_of_an_inner_address_is_taken() {
        let guard = Guard::default();
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "0",
            "0.0.0.0",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "192.88.99.1",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b::a9fe:a9fe]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::1]",
            "[2002:a9fe:a9fe::]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[2001::1]",
            "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
            "[3fff::1]",
            "[100::1]",
            "１２７.０.０.１",
            "127。0。0。1",
        ] {
            assert!(refused(&guard, &format!("https://{host}/hook")), "{host}");
            assert!(refused(&guard, &format!("https://{host}:8443/hook")), "{host}");
        }
    }

    #[test]
    fn o7_public_addresses_and_names_are_taken() {
        let guard = Guard::default();
        for host in [
            "hooks.example.com",
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "[2606:4700::1111]",
            "[2a00:1450::1]",
            "[64:ff9b::8.8.8.8]",
            "[::ffff:8.8.8.8]",
            "localhost.example.com",
        ] {
            guard.check(&format!("https://{host}/hook?x=1")).unwrap();
        }
    }

    #[test]
    fn o7_other_schemes_plain_text_and_passwords_are_refused() {
        let guard = Guard::default();
        for url in [
            "http://hooks.example.com/",
            "http://8.8.8.8/",
            "http://localhost:8080/",
            "http://127.0.0.1/",
            "ftp://hooks.example.com/",
            "file:///etc/passwd",
            "gopher://8.8.8.8/",
            "javascript:alert(1)",
            "data:,x",
            "https://user@hooks.example.com/",
            "https://user:pass@hooks.example.com/",
            "https://:pass@hooks.example.com/",
            "https://hooks.example.com/#part",
            "https://",
            "//hooks.example.com/",
            "hooks.example.com",
            "",
        ] {
            assert!(refused(&guard, url), "{url}");
        }
        assert_eq!(guard.check(&format!("https://a.example/{}", "x".repeat(URL_CAP))), Err(Refusal::TooLong));
    }

    #[test]
    fn o7_an_allowed_network_opens_itself_and_nothing_else() {
        let guard = Guard::new(&["10.1.0.0/16".parse().unwrap(), "127.0.0.0/8".parse().unwrap()]);
        judge(&guard, "10.1.2.3").unwrap();
        judge(&guard, "::ffff:10.1.2.3").unwrap();
        judge(&guard, "127.0.0.1").unwrap();
        for closed in ["10.2.0.1", "::1", "169.254.169.254", "64:ff9b::10.1.2.3", "2002:a01:203::1"] {
            assert!(judge(&guard, closed).is_err(), "{closed}");
        }
        guard.check("https://10.1.2.3/hook").unwrap();
        guard.check("http://127.0.0.1:9000/hook").unwrap();
        guard.check("http://localhost:9000/hook").unwrap();
        assert_eq!(
            guard.check("http://10.1.2.3/hook"),
            Err(Refusal::Plain),
            "plain text stays on this machine"
        );
    }

    #[test]
    fn o7_a_name_with_one_inner_address_is_refused_whole() {
        let guard = Guard::default();
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        guard.judge_all(vec![at("8.8.8.8"), at("2606:4700::1111")], false).unwrap();
        assert!(guard.judge_all(vec![at("8.8.8.8"), at("127.0.0.1")], false).is_err());
        assert!(guard.judge_all(vec![at("::ffff:10.0.0.1")], false).is_err());
        assert_eq!(guard.judge_all(vec![], false), Err(Refusal::NoAddress));
        let local = Guard::new(&["127.0.0.0/8".parse().unwrap()]);
        local.judge_all(vec![at("127.0.0.1")], true).unwrap();
        assert!(local.judge_all(vec![at("127.0.0.1"), at("8.8.8.8")], true).is_err(), "in plain text");
    }

    #[tokio::test]
    async fn o7_the_resolver_gives_no_inner_address_to_the_client() {
        let resolver = GuardedResolver { guard: Guard::default(), is_plain: false };
        let Err(error) = resolver.resolve("localhost".parse().unwrap()).await else { panic!("it gave one") };
        assert!(matches!(error.downcast_ref::<Refusal>(), Some(Refusal::Closed(_))), "{error}");
    }
}
