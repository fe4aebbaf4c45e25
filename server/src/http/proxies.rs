//! Where a request comes from when proxies stand in between.
//!
//! A proxy appends to `X-Forwarded-For` the address that it was called from. What a client wrote there itself stands to the
//! left of that, so the list is read from the right, for as long as the speaker is one that the operator trusts. By
//! default nobody is, and the header says nothing. `Forwarded` is not read: proxies do not rid it of what clients say.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;

/// Who is believed: addresses, and networks of them.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    networks: Vec<Network>,
}

/// The addresses that begin with the same bits.
#[derive(Debug, Clone, Copy)]
struct Network {
    start: IpAddr,
    bits: u32,
}

impl Proxies {
    /// Those in a list such as `10.0.0.0/8`, `::1`. None if one of them is neither an address nor a network.
    pub fn of(list: &[String]) -> Option<Self> {
        Some(Self { networks: list.iter().map(|text| Network::of(text)).collect::<Option<_>>()? })
    }

    /// Whoever a request comes from: the nearest address that is none of ours. What is no address ends the search, as
    /// nobody trusted has written it.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let lines: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or("?")).collect();
        for said in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(address) = address(said.trim()) else { break };
            client = address;
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.holds(address))
    }
}

impl Network {
    fn of(text: &str) -> Option<Self> {
        let (start, bits) = text.split_once('/').map_or((text, None), |(start, bits)| (start, Some(bits)));
        let start: IpAddr = start.trim().parse().ok()?;
        let most = if start.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.trim().parse().ok()).filter(|bits| *bits <= most)?;
        Some(Self { start, bits })
    }

    fn holds(self, address: IpAddr) -> bool {
        match (self.start, address) {
            (IpAddr::V4(start), IpAddr::V4(address)) => {
                (start.to_bits() ^ address.to_bits()).leading_zeros() >= self.bits
            }
            (IpAddr::V6(start), IpAddr::V6(address)) => {
                (start.to_bits() ^ address.to_bits()).leading_zeros() >= self.bits
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who a request comes from: trusted proxies, the peer, and the lines of the header.
    fn client(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let trusted: Vec<String> = trusted.iter().map(ToString::to_string).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        Proxies::of(&trusted).unwrap().client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        assert_eq!(client(&[], "127.0.0.1", &["203.0.113.9"]), "127.0.0.1");
        assert_eq!(client(&["10.0.0.1"], "10.0.0.2", &["203.0.113.9"]), "10.0.0.2", "nor a stranger");
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_is_the_clients() {
        let trusted = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"];
        let from = |lines: &[&str]| client(&trusted, "127.0.0.1", lines);
        assert_eq!(from(&[]), "127.0.0.1");
        assert_eq!(from(&["203.0.113.9"]), "203.0.113.9");
        assert_eq!(from(&["6.6.6.6, 203.0.113.9, 10.1.2.3,fd12::1"]), "203.0.113.9", "what it forged is not");
        assert_eq!(from(&["6.6.6.6", "203.0.113.9", "10.1.2.3"]), "203.0.113.9", "over several lines");
        assert_eq!(from(&["10.1.2.3, 10.1.2.4"]), "10.1.2.3", "one of our own");
        assert_eq!(from(&["6.6.6.6, nonsense, 10.1.2.3"]), "10.1.2.3");
        assert_eq!(from(&[""]), "127.0.0.1");
    }

    #[test]
    fn addresses_come_in_several_forms() {
        let from = |line: &str| client(&["127.0.0.0/8"], "::ffff:127.0.0.1", &[line]);
        assert_eq!(from("203.0.113.9:4711"), "203.0.113.9");
        assert_eq!(from("[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(from("[2001:db8::1]"), "2001:db8::1");
        assert_eq!(from("::ffff:203.0.113.9"), "203.0.113.9");
    }

    #[test]
    fn what_is_no_network_is_a_fault() {
        for text in ["", "proxy.example", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129"] {
            assert!(Proxies::of(&[text.to_owned()]).is_none(), "{text}");
        }
        assert!(Proxies::of(&["0.0.0.0/0".to_owned(), "::/0".to_owned()]).is_some());
    }
}
