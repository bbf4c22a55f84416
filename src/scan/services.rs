//! What usually listens at a port, as `/etc/services` has it.

use std::collections::HashMap;

/// Where the names are, on every Unix; without it no port has a name.
pub const FILE: &str = "/etc/services";

/// The names of TCP services by their port.
#[derive(Debug, Default)]
pub struct Services(HashMap<u16, String>);

impl Services {
    /// Reads lines such as `ssh  22/tcp  # comment`; what it does not understand has no name. See services(5).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut names = HashMap::new();
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            if let (Some(name), Some(port)) = (words.next(), words.next())
                && let Some(Ok(port)) = port.strip_suffix("/tcp").map(str::parse)
            {
                names.entry(port).or_insert_with(|| name.to_owned());
            }
        }
        Self(names)
    }

    /// The name of a port.
    #[must_use]
    pub fn name(&self, port: u16) -> Option<&str> {
        self.0.get(&port).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_services() {
        let services = Services::parse(
            "# Network services\n\
             ssh\t\t22/tcp\t\t\t# SSH\n\
             domain 53/udp\n\
             http 80/tcp www\n\
             other 80/tcp\n\
             broken 99999/tcp\n\
             #ftp 21/tcp\n\
             lonely\n",
        );
        let names = [22, 53, 80, 21].map(|port| services.name(port));
        assert_eq!(names, [Some("ssh"), None, Some("http"), None]);
    }
}
