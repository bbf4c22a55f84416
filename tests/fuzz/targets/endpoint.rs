//! Any words as an address: refused, or shown in a form that is read as the same address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::endpoint::{BindAddress, HostPort, ListenOn, UnixName, VsockAddress};
use sockeye::transport::multicast::{Group, Interface};
use sockeye::transport::sockets::{KeepAlive, TrafficClass};

fuzz_target!(|text: &str| {
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    if let Ok(address) = HostPort::parse("tcp", &words) {
        let shown = address.to_string();
        assert_eq!(HostPort::parse("tcp", &[shown.clone()]).ok(), Some(address), "{shown}");
    }
    if let Ok(ListenOn::Address(address)) = ListenOn::parse("tcp", text) {
        let again = ListenOn::parse("tcp", &address.to_string()).ok();
        assert_eq!(again, Some(ListenOn::Address(address)));
    }
    if let Ok(name) = UnixName::parse(text) {
        let shown = name.to_string();
        assert_eq!(UnixName::parse(&shown).ok(), Some(name), "{shown}");
    }
    if let Ok(address) = VsockAddress::parse(&words) {
        assert_eq!(VsockAddress::parse(&[address.to_string()]).ok(), Some(address));
    }
    if let Ok(address) = VsockAddress::parse_listen(text) {
        assert_eq!(VsockAddress::parse_listen(&address.to_string()).ok(), Some(address));
    }
    if let Ok(group) = text.parse::<Group>() {
        assert!(group.address.is_multicast());
        assert_eq!(group.to_string().parse(), Ok(group));
    }
    let _ = (text.parse::<BindAddress>(), text.parse::<Interface>());
    let _ = (text.parse::<KeepAlive>(), text.parse::<TrafficClass>());
});
