//! Cities where the demo's people work, live and travel to, with public address ranges that geo databases know to be there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use schemas::zone::Zone;

use crate::dice::Dice;
use crate::names::Locale;

/// An IPv4 range: first address and prefix length.
type Range = ([u8; 4], u8);

/// A city.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Name, also that of the office there.
    pub city: &'static str,
    /// ISO 3166 country.
    pub country: &'static str,
    time_zone: &'static str,
    pub(crate) locale: Locale,
    /// Fixed lines, mobile network, companies.
    home: Range,
    mobile: Range,
    office: Range,
    /// First 48 bits of fixed lines with IPv6.
    home6: Option<[u16; 3]>,
}

impl Place {
    /// Time zone.
    pub fn zone(&self) -> Zone {
        self.time_zone.parse().unwrap_or_else(|_| Zone::utc())
    }

    /// An address of a home.
    pub(crate) fn home_ip(&self, dice: &mut Dice) -> IpAddr {
        match self.home6 {
            Some([a, b, c]) if dice.chance(0.35) => {
                let mut host = || dice.range(1, 0xffff) as u16;
                // A /56 each for subscribers within the provider's range.
                IpAddr::V6(Ipv6Addr::new(a, b, c | host() & 0x00ff, host() & 0xff00, host(), host(), host(), host()))
            }
            _ => v4(self.home, dice),
        }
    }

    /// An address of the mobile network.
    pub(crate) fn mobile_ip(&self, dice: &mut Dice) -> IpAddr {
        v4(self.mobile, dice)
    }

    /// An address of a company.
    pub(crate) fn office_ip(&self, dice: &mut Dice) -> IpAddr {
        v4(self.office, dice)
    }
}

/// An address of a range, but not its first or last.
fn v4((network, prefix): Range, dice: &mut Dice) -> IpAddr {
    let size = 1_u64 << (32 - u32::from(prefix));
    let host = dice.range(1, size - 1) as u32;
    IpAddr::V4(Ipv4Addr::from(u32::from(Ipv4Addr::from(network)) | host))
}

/// Data centres: VPN exits, and servers that attack.
const DATA_CENTRES: &[Range] = &[
    ([116, 203, 0, 0], 16),
    ([51, 68, 0, 0], 17),
    ([159, 89, 0, 0], 16),
    ([193, 32, 127, 0], 24),
    ([194, 26, 192, 0], 24),
];
/// Tor exits.
const TOR: Range = ([185, 220, 101, 0], 24);

/// An address that a VPN or an attacker's server comes from.
pub(crate) fn data_centre_ip(dice: &mut Dice) -> IpAddr {
    let range = *dice.pick(DATA_CENTRES);
    v4(range, dice)
}

/// A Tor exit.
pub(crate) fn tor_ip(dice: &mut Dice) -> IpAddr {
    v4(TOR, dice)
}

/// The offices of the demo's company, with their share of the people.
pub(crate) const OFFICES: &[(Place, u32)] = &[
    (PRAGUE, 6),
    (BRNO, 5),
    (MOSCOW, 4),
    (LONDON, 4),
    (BERLIN, 3),
    (ALMATY, 2),
    (NEW_YORK, 4),
    (SAO_PAULO, 2),
    (SINGAPORE, 2),
    (AUCKLAND, 1),
];

/// Where people travel to, offices aside.
pub(crate) const DESTINATIONS: &[Place] = &[
    PRAGUE,
    LONDON,
    BERLIN,
    NEW_YORK,
    SINGAPORE,
    place("Vienna", "AT", "Europe/Vienna", ([80, 108, 0, 0], 16), ([178, 115, 0, 0], 16)),
    place("Warsaw", "PL", "Europe/Warsaw", ([77, 255, 0, 0], 16), ([46, 76, 0, 0], 16)),
    place("Paris", "FR", "Europe/Paris", ([82, 248, 0, 0], 14), ([90, 3, 0, 0], 16)),
    place("Madrid", "ES", "Europe/Madrid", ([79, 113, 0, 0], 16), ([77, 208, 0, 0], 16)),
    place("Bratislava", "SK", "Europe/Bratislava", ([87, 197, 192, 0], 19), ([212, 197, 0, 0], 17)),
    place("Saint Petersburg", "RU", "Europe/Moscow", ([178, 64, 192, 0], 18), ([5, 17, 64, 0], 18)),
    place("Toronto", "CA", "America/Toronto", ([99, 230, 0, 0], 16), ([72, 136, 0, 0], 16)),
    place("Tokyo", "JP", "Asia/Tokyo", ([133, 32, 0, 0], 16), ([49, 98, 0, 0], 16)),
    place("Dubai", "AE", "Asia/Dubai", ([83, 110, 0, 0], 16), ([2, 48, 0, 0], 16)),
    place("Mumbai", "IN", "Asia/Kolkata", ([115, 116, 0, 0], 16), ([115, 116, 0, 0], 16)),
];

const PRAGUE: Place = Place {
    office: ([85, 162, 128, 0], 17),
    home6: Some([0x2a00, 0x1028, 0x8300]),
    ..place("Prague", "CZ", "Europe/Prague", ([85, 161, 0, 0], 16), ([160, 218, 0, 0], 18))
};
const BRNO: Place = Place {
    office: ([92, 61, 92, 0], 22),
    ..place("Brno", "CZ", "Europe/Prague", ([86, 49, 156, 0], 23), ([85, 209, 30, 0], 23))
};
const MOSCOW: Place = Place {
    office: ([195, 9, 0, 0], 17),
    home6: Some([0x2a02, 0x2168, 0x8000]),
    locale: Locale::Russian,
    ..place("Moscow", "RU", "Europe/Moscow", ([77, 41, 0, 0], 17), ([91, 76, 0, 0], 15))
};
const LONDON: Place = Place {
    office: ([195, 110, 64, 0], 19),
    home6: Some([0x2a00, 0x23c7, 0x8000]),
    locale: Locale::English,
    ..place("London", "GB", "Europe/London", ([90, 194, 0, 0], 16), ([148, 252, 128, 0], 18))
};
const BERLIN: Place = Place {
    home6: Some([0x2a02, 0x8109, 0x8000]),
    locale: Locale::German,
    ..place("Berlin", "DE", "Europe/Berlin", ([78, 55, 0, 0], 16), ([89, 14, 0, 0], 16))
};
const ALMATY: Place = Place {
    office: ([2, 73, 32, 0], 19),
    locale: Locale::Russian,
    ..place("Almaty", "KZ", "Asia/Almaty", ([2, 132, 0, 0], 19), ([2, 74, 0, 0], 16))
};
const NEW_YORK: Place = Place {
    office: ([68, 173, 0, 0], 16),
    locale: Locale::English,
    ..place("New York", "US", "America/New_York", ([74, 101, 0, 0], 16), ([108, 29, 0, 0], 16))
};
const SAO_PAULO: Place = Place {
    office: ([177, 216, 0, 0], 15),
    home6: Some([0x2804, 0x014d, 0x7e00]),
    locale: Locale::Portuguese,
    ..place("São Paulo", "BR", "America/Sao_Paulo", ([187, 96, 0, 0], 15), ([191, 168, 0, 0], 14))
};
const SINGAPORE: Place = Place {
    locale: Locale::English,
    ..place("Singapore", "SG", "Asia/Singapore", ([182, 55, 0, 0], 16), ([175, 156, 0, 0], 16))
};
const AUCKLAND: Place = Place {
    locale: Locale::English,
    ..place("Auckland", "NZ", "Pacific/Auckland", ([118, 90, 0, 0], 16), ([122, 60, 0, 0], 15))
};

const fn place(
    city: &'static str,
    country: &'static str,
    time_zone: &'static str,
    home: Range,
    mobile: Range,
) -> Place {
    Place { city, country, time_zone, locale: Locale::Czech, home, mobile, office: home, home6: None }
}
