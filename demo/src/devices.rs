//! Browsers and phones, with user agents and Client Hints as they really send them.

use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// A computer on a desk or a lap.
    Computer,
    /// A phone.
    Phone,
}

/// User-Agent Client Hints; only Chromium sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHints {
    /// `Sec-CH-UA`
    pub ua: String,
    /// `Sec-CH-UA-Platform`
    pub platform: String,
    /// `Sec-CH-UA-Platform-Version`
    pub platform_version: String,
    /// `Sec-CH-UA-Model`, on phones
    pub model: Option<String>,
    /// `Sec-CH-UA-Full-Version-List`
    pub full_version_list: String,
}

/// A browser on a device: two browsers on one machine are two devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Computer or phone.
    pub kind: DeviceKind,
    /// The cookie id; none where cookies are cleared at every start.
    pub cookie: Option<String>,
    /// `User-Agent`
    pub user_agent: String,
    /// Client Hints.
    pub client_hints: Option<ClientHints>,
}

impl Device {
    /// The device's part of an event's context.
    pub(crate) fn describe(&self, context: &mut Map<String, Value>) {
        context.insert("user_agent".to_owned(), json!(self.user_agent));
        if let Some(cookie) = &self.cookie {
            context.insert("device_id".to_owned(), json!(cookie));
        }
        if let Some(hints) = &self.client_hints {
            let mut map = json!({
                "ua": hints.ua,
                "mobile": if self.kind == DeviceKind::Phone { "?1" } else { "?0" },
                "platform": hints.platform,
                "platform_version": hints.platform_version,
                "full_version_list": hints.full_version_list,
            });
            if let Some(model) = &hints.model {
                map["model"] = json!(model);
            }
            context.insert("client_hints".to_owned(), map);
        }
    }
}

/// Chromium versions in use: major and full.
const CHROMIUM: &[((u32, &str), u32)] = &[
    ((142, "142.0.7444.163"), 12),
    ((141, "141.0.7390.123"), 5),
    ((140, "140.0.7339.214"), 2),
    ((131, "131.0.6778.265"), 1),
];
const ANDROID_PHONES: &[(&str, &str)] = &[
    ("Pixel 9", "16.0.0"),
    ("SM-S931B", "16.0.0"),
    ("SM-A556B", "15.0.0"),
    ("2311DRK48G", "14.0.0"),
    ("CPH2581", "15.0.0"),
];

/// A computer's browser.
pub(crate) fn computer(dice: &mut Dice) -> Device {
    let windows = "Windows NT 10.0; Win64; x64";
    let mac = "Macintosh; Intel Mac OS X 10_15_7";
    match *dice.weighted(&[(0, 46), (1, 12), (2, 14), (3, 4), (4, 10), (5, 10), (6, 4)]) {
        0 => chromium(dice, "Google Chrome", windows, "Windows", "15.0.0"),
        1 => chromium(dice, "Microsoft Edge", windows, "Windows", "10.0.0"),
        2 => chromium(dice, "Google Chrome", mac, "macOS", "26.1.0"),
        3 => chromium(dice, "Google Chrome", "X11; Linux x86_64", "Linux", "6.12.0"),
        4 => firefox(dice, windows),
        5 => plain(
            dice,
            DeviceKind::Computer,
            format!("Mozilla/5.0 ({mac}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15"),
        ),
        _ => firefox(dice, "X11; Linux x86_64"),
    }
}

/// A phone's browser.
pub(crate) fn phone(dice: &mut Dice) -> Device {
    if dice.chance(0.45) {
        let ios = *dice.pick(&[("18_7", "26.1"), ("18_6", "18.6"), ("17_7", "17.7")]);
        let agent = format!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{} \
             Mobile/15E148 Safari/604.1",
            ios.0, ios.1
        );
        return plain(dice, DeviceKind::Phone, agent);
    }
    let (model, version) = *dice.pick(ANDROID_PHONES);
    let mut device = chromium(dice, "Google Chrome", "Linux; Android 10; K", "Android", version);
    device.kind = DeviceKind::Phone;
    device.user_agent = device.user_agent.replace(" Safari/", " Mobile Safari/");
    device.client_hints = device.client_hints.map(|hints| ClientHints { model: Some(format!("\"{model}\"")), ..hints });
    device
}

/// What attackers' programs call themselves.
pub(crate) fn tool(dice: &mut Dice) -> Device {
    let agent = *dice.pick(&["python-requests/2.32.5", "Go-http-client/2.0", "curl/8.14.1", "okhttp/4.12.0"]);
    Device { kind: DeviceKind::Computer, cookie: None, user_agent: agent.to_owned(), client_hints: None }
}

fn chromium(dice: &mut Dice, brand: &str, system: &str, platform: &str, platform_version: &str) -> Device {
    let (major, full) = *dice.weighted(CHROMIUM);
    let edge = if brand == "Microsoft Edge" { format!(" Edg/{major}.0.0.0") } else { String::new() };
    let brands = |version: &str, grease: &str| {
        format!("\"Chromium\";v=\"{version}\", \"{brand}\";v=\"{version}\", \"Not_A Brand\";v=\"{grease}\"")
    };
    let hints = ClientHints {
        ua: brands(&major.to_string(), "99"),
        platform: format!("\"{platform}\""),
        platform_version: format!("\"{platform_version}\""),
        model: None,
        full_version_list: brands(full, "99.0.0.0"),
    };
    let agent = format!(
        "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36{edge}"
    );
    Device { client_hints: Some(hints), ..plain(dice, DeviceKind::Computer, agent) }
}

fn firefox(dice: &mut Dice, system: &str) -> Device {
    let version = *dice.weighted(&[(145, 8), (144, 3), (140, 2)]);
    let agent = format!("Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0");
    plain(dice, DeviceKind::Computer, agent)
}

fn plain(dice: &mut Dice, kind: DeviceKind, user_agent: String) -> Device {
    let cookie = (!dice.chance(0.06)).then(|| format!("d-{}", dice.hex(16)));
    Device { kind, cookie, user_agent, client_hints: None }
}
