//! What the fields of rules are called.

use schemas::bidi::plain;
use schemas::catalogue::Lang;
use serde_json::Value;

use crate::export::values;
use crate::log::words::of;

/// Fields that rules may ask for, in the order of their letters, in English, Russian and Czech.
const FIELDS: &[(&str, [&str; 3])] = &[
    ("action", ["Action", "Действие", "Akce"]),
    ("actor.account", ["Account of the user", "Учётная запись", "Účet uživatele"]),
    ("actor.active", ["User is active", "Пользователь активен", "Uživatel je aktivní"]),
    ("actor.email", ["E-mail of the user", "Эл. почта пользователя", "E-mail uživatele"]),
    ("actor.id", ["Id of the user", "Id пользователя", "Id uživatele"]),
    ("actor.kind", ["Kind of actor", "Вид исполнителя", "Druh aktéra"]),
    ("actor.name", ["Name of the user", "Имя пользователя", "Jméno uživatele"]),
    ("backfill", ["From history", "Из истории", "Z historie"]),
    ("category", ["Category", "Категория", "Kategorie"]),
    ("changes", ["Changes", "Изменения", "Změny"]),
    ("changes.new", ["New values", "Новые значения", "Nové hodnoty"]),
    ("changes.old", ["Old values", "Прежние значения", "Původní hodnoty"]),
    ("changes.op", ["Kinds of changes", "Виды изменений", "Druhy změn"]),
    ("changes.path", ["Changed fields", "Изменённые поля", "Změněná pole"]),
    ("channel", ["Channel", "Канал", "Kanál"]),
    ("class", ["Class", "Класс", "Třída"]),
    ("context.ip", ["IP address", "IP-адрес", "IP adresa"]),
    ("context.ip_prefix", ["IP address (IPv6: /64)", "IP-адрес (IPv6: /64)", "IP adresa (IPv6: /64)"]),
    ("context.network", ["Network", "Сеть", "Síť"]),
    ("context.session_id", ["Session in the application", "Сеанс в приложении", "Relace v aplikaci"]),
    ("context.user_agent", ["User agent", "User agent", "User agent"]),
    ("device.bot", ["Automated program", "Автоматическая программа", "Automatický program"]),
    ("device.browser", ["Browser", "Браузер", "Prohlížeč"]),
    ("device.browser_version", ["Version of the browser", "Версия браузера", "Verze prohlížeče"]),
    ("device.confidence", ["Confidence in the device", "Уверенность в устройстве", "Jistota zařízení"]),
    ("device.id", ["Device", "Устройство", "Zařízení"]),
    ("device.kind", ["Kind of device", "Вид устройства", "Druh zařízení"]),
    ("device.os", ["Operating system", "Операционная система", "Operační systém"]),
    (
        "device.os_version",
        ["Version of the operating system", "Версия операционной системы", "Verze operačního systému"],
    ),
    ("duration_ms", ["Duration, ms", "Длительность, мс", "Trvání, ms"]),
    ("geo.anonymous", ["Anonymising network", "Анонимизирующая сеть", "Anonymizační síť"]),
    ("geo.as_org", ["Owner of the network", "Владелец сети", "Vlastník sítě"]),
    ("geo.asn", ["Number of the network (AS)", "Номер сети (AS)", "Číslo sítě (AS)"]),
    ("geo.city", ["City", "Город", "Město"]),
    ("geo.country", ["Country", "Страна", "Země"]),
    ("geo.ip_kind", ["Kind of address", "Вид адреса", "Druh adresy"]),
    ("geo.region", ["Region", "Регион", "Kraj"]),
    ("location", ["Location", "Локация", "Pobočka"]),
    ("new", ["New value", "Новое значение", "Nová hodnota"]),
    ("object.id", ["Id of the object", "Id объекта", "Id objektu"]),
    ("object.module", ["Module", "Модуль", "Modul"]),
    ("object.type", ["Type of the object", "Тип объекта", "Typ objektu"]),
    ("old", ["Old value", "Прежнее значение", "Původní hodnota"]),
    ("op", ["Kind of change", "Вид изменения", "Druh změny"]),
    ("outcome", ["Outcome", "Исход", "Výsledek"]),
    ("path", ["Changed field", "Изменённое поле", "Změněné pole"]),
    ("reason", ["Reason", "Причина", "Důvod"]),
    ("records", ["Records", "Записей", "Záznamů"]),
    ("session.key", ["Session", "Сеанс", "Relace"]),
    ("signal.countries_24h", ["Countries in 24 hours", "Стран за 24 часа", "Zemí za 24 hodin"]),
    ("signal.days_since_seen", ["Days without activity", "Дней без активности", "Dní bez aktivity"]),
    ("signal.deleted_1h", ["Deleted in an hour", "Удалено за час", "Smazáno za hodinu"]),
    ("signal.device_access", ["Access of the device", "Доступ устройства", "Přístup zařízení"]),
    ("signal.devices_24h", ["Devices in 24 hours", "Устройств за 24 часа", "Zařízení za 24 hodin"]),
    (
        "signal.exported_1h",
        ["Records exported in an hour", "Выгружено записей за час", "Záznamů exportováno za hodinu"],
    ),
    (
        "signal.exported_24h",
        ["Records exported in 24 hours", "Выгружено записей за 24 часа", "Záznamů exportováno za 24 hodin"],
    ),
    (
        "signal.failed_sign_ins_1h",
        ["Failed sign-ins in an hour", "Неудачных входов за час", "Neúspěšných přihlášení za hodinu"],
    ),
    ("signal.first_sign_in", ["First sign-in", "Первый вход", "První přihlášení"]),
    ("signal.ips_24h", ["IP addresses in 24 hours", "IP-адресов за 24 часа", "IP adres za 24 hodin"]),
    ("signal.late", ["Arrived late", "Пришло с опозданием", "Přišlo se zpožděním"]),
    ("signal.local_hour", ["Hour of the day", "Час дня", "Hodina dne"]),
    (
        "signal.local_weekday",
        ["Day of the week (Monday is 1)", "День недели (понедельник — 1)", "Den v týdnu (pondělí je 1)"],
    ),
    ("signal.new_country", ["New country", "Новая страна", "Nová země"]),
    ("signal.new_device", ["New device", "Новое устройство", "Nové zařízení"]),
    ("signal.new_ip", ["New IP address", "Новый IP-адрес", "Nová IP adresa"]),
    ("signal.new_network", ["New network", "Новая сеть", "Nová síť"]),
    (
        "signal.session_country_changed",
        ["Country changed in the session", "Страна сменилась за сеанс", "Země se v relaci změnila"],
    ),
    (
        "signal.session_ip_changed",
        ["IP address changed in the session", "IP-адрес сменился за сеанс", "IP adresa se v relaci změnila"],
    ),
    ("signal.sessions_24h", ["Sessions in 24 hours", "Сеансов за 24 часа", "Relací za 24 hodin"]),
    ("signal.sessions_active", ["Sessions at the same time", "Сеансов одновременно", "Relací současně"]),
    ("signal.travel_confidence", ["Confidence in the distance", "Уверенность в расстоянии", "Jistota vzdálenosti"]),
    (
        "signal.travel_km",
        [
            "Distance from the last sign-in, km",
            "Расстояние от прошлого входа, км",
            "Vzdálenost od minulého přihlášení, km",
        ],
    ),
    (
        "signal.travel_kmh",
        [
            "Speed from the last sign-in, km/h",
            "Скорость от прошлого входа, км/ч",
            "Rychlost od minulého přihlášení, km/h",
        ],
    ),
    ("signal.viewed_1h", ["Records viewed in an hour", "Просмотрено записей за час", "Záznamů zobrazeno za hodinu"]),
    (
        "signal.viewed_24h",
        ["Records viewed in 24 hours", "Просмотрено записей за 24 часа", "Záznamů zobrazeno za 24 hodin"],
    ),
    ("type", ["Type of event", "Тип события", "Typ události"]),
];

/// What a field is called; one that is not known is as it is.
pub(crate) fn name(field: &str, lang: Lang) -> &str {
    let known = FIELDS.binary_search_by(|(known, _)| known.cmp(&field)).ok().and_then(|at| FIELDS.get(at));
    known.map_or(field, |(_, names)| of(lang, *names))
}

/// Renders the fields of a JSON object with their values: `field: value`. What is no object stays as it is.
pub(crate) fn rendered(json: &str, lang: Lang) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(json) else { return json.to_owned() };
    let one = |(field, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), |value| worded(field, value, lang));
        format!("{}: {}", name(field, lang), plain(&value))
    };
    fields.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A value of a field: of those that have a closed set of them in words.
pub(crate) fn worded(field: &str, value: &str, lang: Lang) -> String {
    let of = match field {
        "actor.kind" => "actor_kind",
        "device.kind" => "device_kind",
        "device.confidence" | "signal.travel_confidence" => "confidence",
        "object.module" => "module",
        "object.type" => "object_type",
        "signal.device_access" => "access",
        other => other,
    };
    values::value(of, value, lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P16: every field that a rule may ask for has its name in each language.
    #[test]
    fn all_fields_have_names() {
        assert!(FIELDS.windows(2).all(|pair| pair[0].0 < pair[1].0), "they are found by their order");
        for field in detect::rules::FIELDS.iter().chain(&["path", "op", "old", "new"]) {
            assert_ne!(name(field, Lang::En), *field);
        }
        assert_eq!(name("signal.devices_24h", Lang::Cs), "Zařízení za 24 hodin");
        assert_eq!(name("unheard_of", Lang::Ru), "unheard_of");
    }

    #[test]
    fn groups_are_told_by_their_fields() {
        let group = r#"{"context.ip":"192.0.2.1","device.kind":"mobile"}"#;
        assert_eq!(rendered(group, Lang::En), "IP address: 192.0.2.1; Kind of device: mobile");
        assert_eq!(rendered(group, Lang::Ru), "IP-адрес: 192.0.2.1; Вид устройства: телефон");
        assert_eq!(rendered("no object", Lang::Cs), "no object");
    }
}
