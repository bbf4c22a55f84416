//! How many may come in a time: a bucket of tokens that fills steadily, and each peer takes one.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::{Refusal, Visitor};

/// Addresses that are counted separately; when more come at a time, the rest are counted as one.
const KNOWN: usize = 16_384;
/// Addresses that may come again as if for the first time are forgotten when there is no room, this often at most.
const SWEEP: Duration = Duration::from_millis(100);

/// So many a second, a minute or an hour: `10/s`. As many may come at once when nobody came for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected so many a second, a minute or an hour: 10/s, 600/m, 5/h";
        let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
        let unit = match unit {
            "s" => Unit::Second,
            "m" => Unit::Minute,
            "h" => Unit::Hour,
            _ => return Err(EXPECTED.to_owned()),
        };
        match count.parse() {
            Ok(count @ 1..) => Ok(Self { count, unit }),
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Second => "s",
            Unit::Minute => "m",
            Unit::Hour => "h",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

impl Rate {
    fn period(self) -> Duration {
        Duration::from_secs(match self.unit {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3600,
        })
    }

    /// How long one token takes to come; rounded up, so that never more come than asked for.
    #[must_use]
    pub fn interval(self) -> Duration {
        let nanos = self.period().as_nanos().div_ceil(u128::from(self.count));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Tokens, told by the time at which all of them will be there again.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    full_at: Option<Instant>,
}

impl Bucket {
    /// Takes a token; `false` if there is none.
    fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        let interval = rate.interval();
        let missing = full_at - now;
        let taken = missing <= interval * (rate.count - 1);
        if taken {
            self.full_at = Some(full_at + interval);
        }
        taken
    }

    fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }
}

/// What may come in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// From everywhere together.
    pub all: Option<Rate>,
    /// From one address; of IPv6, from one /64, which is what one customer has.
    pub each: Option<Rate>,
}

/// Counts who comes.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    all: Bucket,
    each: HashMap<IpAddr, Bucket>,
    /// Those that there is no room for in `each`.
    others: Bucket,
    swept: Option<Instant>,
}

impl Limiter {
    /// Nobody has come yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, all: Bucket::default(), each: HashMap::new(), others: Bucket::default(), swept: None }
    }

    /// Counts one that comes now; why it may not, or `None` if it may.
    ///
    /// One that comes too often from its address takes nothing from the others.
    pub fn refusal(&mut self, visitor: Visitor, now: Instant) -> Option<Refusal> {
        if let (Some(rate), Visitor::Address(address)) = (self.limits.each, visitor)
            && !self.bucket(address, now).take(rate, now)
        {
            return Some(Refusal::TooManyOfOne(rate));
        }
        let rate = self.limits.all?;
        (!self.all.take(rate, now)).then_some(Refusal::TooMany(rate))
    }

    fn bucket(&mut self, address: IpAddr, now: Instant) -> &mut Bucket {
        let customer = customer(address);
        if !self.each.contains_key(&customer) && self.each.len() >= KNOWN {
            if self.swept.is_none_or(|at| now.saturating_duration_since(at) >= SWEEP) {
                self.swept = Some(now);
                self.each.retain(|_, bucket| !bucket.is_full(now));
            }
            if self.each.len() >= KNOWN {
                return &mut self.others;
            }
        }
        self.each.entry(customer).or_default()
    }
}

/// The address that stands for all of one customer's.
fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().expect(text)
    }

    fn limiter(all: Option<&str>, each: Option<&str>) -> Limiter {
        Limiter::new(Limits { all: all.map(rate), each: each.map(rate) })
    }

    fn numbered(number: u32) -> Visitor {
        Visitor::Address(Ipv4Addr::from(number).into())
    }

    #[test]
    fn rates_are_read_as_written() {
        for (text, shown) in [("10", "10/s"), ("10/s", "10/s"), ("600/m", "600/m"), ("5/h", "5/h")] {
            assert_eq!(rate(text).to_string(), shown);
        }
        for text in ["", "0", "0/s", "-1", "1.5", "10/", "10/d", "10/sec", "s", "4294967296", "10/s/s", "1e3"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn so_many_at_once_and_then_one_as_each_token_comes() {
        let (mut limiter, start) = (limiter(Some("4/s"), None), Instant::now());
        let mut comes = |millis| limiter.refusal(Visitor::Unknown, start + Duration::from_millis(millis)).is_none();
        let at_once: Vec<bool> = (0..6).map(|_| comes(0)).collect();
        assert_eq!(at_once, [true, true, true, true, false, false]);
        assert!(!comes(249));
        assert!(comes(250));
        assert!(!comes(499));
        assert!(comes(500));
        // Unused tokens do not pile up.
        let later: Vec<bool> = (0..5).map(|_| comes(60_000)).collect();
        assert_eq!(later, [true, true, true, true, false]);
    }

    #[test]
    fn one_address_does_not_use_up_what_others_may() {
        let (mut limiter, now) = (limiter(Some("3/s"), Some("1/s")), Instant::now());
        assert_eq!(limiter.refusal(numbered(1), now), None);
        for _ in 0..10 {
            assert_eq!(limiter.refusal(numbered(1), now), Some(Refusal::TooManyOfOne(rate("1/s"))));
        }
        assert_eq!(limiter.refusal(numbered(2), now), None);
        assert_eq!(limiter.refusal(numbered(3), now), None);
        assert_eq!(limiter.refusal(numbered(4), now), Some(Refusal::TooMany(rate("3/s"))));
    }

    #[test]
    fn addresses_of_one_customer_count_together() {
        let (mut limiter, now) = (limiter(None, Some("1/h")), Instant::now());
        let mut comes = |text: &str| limiter.refusal(Visitor::Address(text.parse().expect(text)), now).is_none();
        assert!(comes("2001:db8::1"));
        assert!(!comes("2001:db8::ffff:ffff:ffff:ffff"));
        assert!(comes("2001:db8:0:1::1"));
        assert!(comes("10.0.0.1"));
        assert!(!comes("::ffff:10.0.0.1"));
        assert!(comes("10.0.0.2"));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_limit_holds() {
        let (mut limiter, start) = (limiter(None, Some("1/s")), Instant::now());
        let most = u32::try_from(KNOWN).expect("a number");
        for number in 0..most {
            assert_eq!(limiter.refusal(numbered(number), start), None);
        }
        // No room: the rest count as one.
        let came = (most..2 * most).filter(|&number| limiter.refusal(numbered(number), start).is_none()).count();
        assert_eq!((came, limiter.each.len()), (1, KNOWN));
        // Those that are known are still told apart, and a second later there is room again.
        assert!(limiter.refusal(numbered(0), start).is_some());
        let later = start + Duration::from_secs(1);
        for number in most..2 * most {
            assert_eq!(limiter.refusal(numbered(number), later), None);
        }
        assert_eq!(limiter.each.len(), KNOWN);
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_and_the_burst_nor_fewer_than_the_rate(
            count in 1..50_u32,
            unit in prop_oneof![Just("s"), Just("m"), Just("h")],
            pauses in proptest::collection::vec(0..200_000_000_u64, 1..400),
        ) {
            let rate = rate(&format!("{count}/{unit}"));
            let (mut limiter, start) = (Limiter::new(Limits { all: Some(rate), each: None }), Instant::now());
            let mut now = start;
            let mut came: Vec<Instant> = Vec::new();
            for pause in pauses {
                now += Duration::from_nanos(pause);
                if limiter.refusal(Visitor::Unknown, now).is_none() {
                    came.push(now);
                    // In every stretch of time that ends now.
                    for (first, &since) in came.iter().enumerate() {
                        let most = u128::from(count)
                            + (now - since).as_nanos() * u128::from(count) / rate.period().as_nanos();
                        prop_assert!((came.len() - first) as u128 <= most);
                    }
                } else {
                    // It is turned away only when the tokens of the time since it was last full are used up.
                    let earned = (now - start).as_nanos() / rate.interval().as_nanos();
                    prop_assert!(came.len() as u128 >= u128::from(count).min(earned));
                }
            }
        }
    }
}
