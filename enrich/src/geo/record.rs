//! One record of a database, whatever its shape.
//!
//! Files differ in which fields they have, in nesting, and even in a field's type (`country` is a map in GeoLite2 and
//! text in other files), so a record is first read as a tree and then asked by path. That costs a microsecond or two,
//! once a record: the answers are cached.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Anonymous;

/// A value of a record. Kinds of no use here (bytes) become [`Node::Nothing`].
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'a> {
    Nothing,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Map(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    fn child(&self, key: &str) -> Option<&Node<'a>> {
        match self {
            Node::Map(entries) => entries.iter().find_map(|(name, value)| (name == key).then_some(value)),
            Node::List(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The value at a dot-separated path; list members go by their index.
    fn at(&self, path: &str) -> Option<&Node<'a>> {
        path.split('.').try_fold(self, |node, key| node.child(key))
    }

    /// The first non-empty text among `paths`; empty if there is none.
    fn text(&self, paths: &[&str]) -> &str {
        paths
            .iter()
            .find_map(|path| match self.at(path)? {
                Node::Text(text) if !text.is_empty() => Some(text.as_ref()),
                _ => None,
            })
            .unwrap_or("")
    }

    /// The first number among `paths`, also when it is written as text.
    fn number(&self, paths: &[&str]) -> Option<f64> {
        paths.iter().find_map(|path| match self.at(path)? {
            Node::Number(number) => Some(*number),
            // Some files write "AS13335" for the autonomous system.
            Node::Text(text) => text.trim_start_matches("AS").parse().ok(),
            _ => None,
        })
    }

    fn flag(&self, key: &str) -> bool {
        matches!(self.child(key), Some(Node::Bool(true)))
    }

    /// ISO 3166-1 code in upper case; anything that isn't one counts as unknown.
    pub(super) fn country(&self) -> String {
        let code = self.text(&["country.iso_code", "country_code", "country"]);
        if code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()) {
            code.to_ascii_uppercase()
        } else {
            String::new()
        }
    }

    pub(super) fn region(&self) -> &str {
        self.text(&["subdivisions.0.names.en", "subdivisions.0.iso_code", "state1", "region"])
    }

    pub(super) fn city(&self) -> &str {
        self.text(&["city.names.en", "city"])
    }

    pub(super) fn postcode(&self) -> &str {
        self.text(&["postal.code", "postcode", "postal_code"])
    }

    pub(super) fn timezone(&self) -> &str {
        self.text(&["location.time_zone", "timezone"])
    }

    /// Latitude and longitude in degrees; both NaN unless both are there and possible.
    pub(super) fn position(&self) -> (f32, f32) {
        let latitude = self.number(&["location.latitude", "latitude"]);
        let longitude = self.number(&["location.longitude", "longitude"]);
        match (latitude, longitude) {
            (Some(lat), Some(lon)) if lat.abs() <= 90.0 && lon.abs() <= 180.0 => (lat as f32, lon as f32),
            _ => (f32::NAN, f32::NAN),
        }
    }

    /// Kilometres; 0 when the file doesn't say. A float cast saturates, so no value is out of range.
    pub(super) fn accuracy_km(&self) -> u16 {
        self.number(&["location.accuracy_radius", "accuracy_radius"]).unwrap_or(0.0) as u16
    }

    pub(super) fn asn(&self) -> u32 {
        self.number(&["autonomous_system_number", "asn"]).unwrap_or(0.0) as u32
    }

    pub(super) fn as_org(&self) -> &str {
        self.text(&["autonomous_system_organization", "as_name"])
    }

    pub(super) fn anonymous(&self) -> Anonymous {
        let mut flags = Anonymous::NONE;
        for (field, flag) in [
            ("is_anonymous_vpn", Anonymous::VPN),
            ("is_public_proxy", Anonymous::PROXY),
            ("is_residential_proxy", Anonymous::PROXY),
            ("is_tor_exit_node", Anonymous::TOR),
            ("is_hosting_provider", Anonymous::HOSTING),
        ] {
            if self.flag(field) {
                flags |= flag;
            }
        }
        if flags.is_empty() && self.flag("is_anonymous") {
            flags = Anonymous::OTHER;
        }
        flags
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a MaxMind-format database")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i32<E>(self, value: i32) -> Result<Self::Value, E> {
        Ok(Node::Number(f64::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Self::Value, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(Node::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0).min(32));
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            // Names come in eight languages and are most of a City record; only English is used.
            if matches!(key.as_ref(), "de" | "es" | "fr" | "ja" | "pt-BR" | "ru" | "zh-CN") {
                map.next_value::<IgnoredAny>()?;
            } else {
                entries.push((key, map.next_value()?));
            }
        }
        Ok(Node::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &str) -> Node<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn nested_records_are_read() {
        let city = node(
            r#"{"country":{"iso_code":"CZ","names":{"de":"Tschechien","en":"Czechia"}},
                "subdivisions":[{"iso_code":"10","names":{"en":"Prague"}}],
                "city":{"names":{"en":"Prague","ru":"Прага"}},
                "location":{"latitude":50.0883,"longitude":14.4124,"accuracy_radius":20,"time_zone":"Europe/Prague"},
                "postal":{"code":"110 00"}}"#,
        );
        assert_eq!(city.country(), "CZ");
        assert_eq!((city.region(), city.city()), ("Prague", "Prague"));
        assert_eq!((city.postcode(), city.timezone()), ("110 00", "Europe/Prague"));
        assert_eq!(city.position(), (50.0883, 14.4124));
        assert_eq!(city.accuracy_km(), 20);
    }

    #[test]
    fn a_region_without_a_name_shows_its_code() {
        assert_eq!(node(r#"{"subdivisions":[{"iso_code":"ENG"}]}"#).region(), "ENG");
    }

    #[test]
    fn nonsense_is_unknown() {
        let odd = node(
            r#"{"country":"Czechia","city":7,"latitude":91.0,"longitude":0.0,"accuracy_radius":-5,"asn":"AS-","timezone":[]}"#,
        );
        assert_eq!(odd.country(), "");
        assert_eq!(odd.city(), "");
        assert!(odd.position().0.is_nan());
        assert_eq!((odd.accuracy_km(), odd.asn()), (0, 0));
    }

    #[test]
    fn anonymiser_flags_keep_their_kind() {
        let flags = node(r#"{"is_anonymous":true,"is_anonymous_vpn":true,"is_hosting_provider":true}"#).anonymous();
        assert_eq!(flags, Anonymous::VPN | Anonymous::HOSTING);
        assert_eq!(flags.to_string(), "vpn,hosting");
        assert_eq!(node(r#"{"is_anonymous":true}"#).anonymous().to_string(), "anonymous");
        assert!(node(r#"{"is_anonymous":false}"#).anonymous().is_empty());
    }

    #[test]
    fn a_number_may_be_text() {
        assert_eq!(node(r#"{"asn":"AS13335"}"#).asn(), 13335);
        assert_eq!(node(r#"{"latitude":"1.5","longitude":"-2.5"}"#).position(), (1.5, -2.5));
    }
}
