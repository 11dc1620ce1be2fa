//! Closed values in the reader's language, by what they are values of: columns, fields of settings, parameters.

mod tables;

use std::collections::HashMap;
use std::sync::LazyLock;

use schemas::catalogue::Lang;

use crate::export::values::tables::{ACTIONS, FIGURES, LIMITS, MODULES, OBJECT_TYPES, PERMISSIONS};
use crate::log::words::{channel, of};

/// Values, each with its words in the three languages.
type Words = &'static [(&'static str, [&'static str; 3])];

/// What values are of, and the values in English, Russian and Czech.
const VALUES: &[(&[&str], Words)] = &[
    (
        &["class"],
        &[
            ("create", ["creation", "создание", "vytvoření"]),
            ("change", ["change", "изменение", "změna"]),
            ("delete", ["deletion", "удаление", "smazání"]),
            ("other", ["other", "прочее", "ostatní"]),
        ],
    ),
    (
        &["outcome"],
        &[
            ("success", ["success", "успешно", "úspěch"]),
            ("failure", ["failure", "неудача", "neúspěch"]),
            ("unknown", ["unknown", "неизвестно", "neznámo"]),
            ("delivered", ["delivered", "доставлено", "doručeno"]),
            ("failed", ["failed", "не удалось", "nezdařilo se"]),
            ("given_up", ["given up", "прекращено", "vzdáno"]),
            ("gone", ["the receiver is gone", "получателя больше нет", "příjemce už není"]),
            ("dropped", ["dropped", "отброшено", "zahozeno"]),
        ],
    ),
    (
        &["category", "retention"],
        &[
            ("sign_ins", ["sign-ins", "входы", "přihlášení"]),
            ("changes", ["changes", "изменения", "změny"]),
            ("views", ["views", "просмотры", "zobrazení"]),
            ("configuration", ["changes of settings", "изменения настроек", "změny nastavení"]),
            ("other", ["other", "прочее", "ostatní"]),
        ],
    ),
    (
        &["actor_kind"],
        &[
            ("user", ["user", "пользователь", "uživatel"]),
            ("system", ["system", "система", "systém"]),
            ("api_key", ["API key", "ключ API", "klíč API"]),
        ],
    ),
    (
        &["device_kind"],
        &[
            ("desktop", ["desktop", "компьютер", "počítač"]),
            ("mobile", ["mobile", "телефон", "telefon"]),
            ("phone", ["phone", "телефон", "telefon"]),
            ("tablet", ["tablet", "планшет", "tablet"]),
            ("tv", ["TV", "телевизор", "televize"]),
            ("console", ["game console", "игровая приставка", "herní konzole"]),
            ("wearable", ["wearable", "носимое устройство", "nositelné zařízení"]),
            ("bot", ["bot", "бот", "bot"]),
            ("script", ["script", "скрипт", "skript"]),
            ("unknown", ["unknown", "неизвестно", "neznámo"]),
        ],
    ),
    (
        &["confidence"],
        &[
            ("high", ["high", "высокая", "vysoká"]),
            ("medium", ["medium", "средняя", "střední"]),
            ("low", ["low", "низкая", "nízká"]),
            ("none", ["none", "нет", "žádná"]),
        ],
    ),
    (
        &["level", "min_level"],
        &[
            ("informational", ["informational", "для сведения", "informativní"]),
            ("low", ["low", "низкий", "nízká"]),
            ("medium", ["medium", "средний", "střední"]),
            ("high", ["high", "высокий", "vysoká"]),
            ("critical", ["critical", "критический", "kritická"]),
        ],
    ),
    (
        &["access"],
        &[
            ("allow", ["allowed", "разрешён", "povolen"]),
            ("block", ["blocked", "запрещён", "zakázán"]),
            ("ask", ["to be confirmed", "нужно подтверждение", "čeká na potvrzení"]),
        ],
    ),
    (
        &["actions", "violation_action"],
        &[
            ("flag", ["flag", "отметить", "označit"]),
            ("block", ["block the device", "заблокировать устройство", "zablokovat zařízení"]),
            ("ask", ["ask for confirmation", "запросить подтверждение", "vyžádat potvrzení"]),
        ],
    ),
    (
        &["unit"],
        &[
            ("count", ["count", "количество", "počet"]),
            ("addresses", ["addresses", "адресов", "adres"]),
            ("countries", ["countries", "стран", "zemí"]),
            ("day of the week", ["day of the week", "день недели", "den v týdnu"]),
            ("days", ["days", "дней", "dní"]),
            ("devices", ["devices", "устройств", "zařízení"]),
            ("failed sign-ins", ["failed sign-ins", "неудачных входов", "neúspěšných přihlášení"]),
            ("km", ["km", "км", "km"]),
            ("km/h", ["km/h", "км/ч", "km/h"]),
            ("o'clock", ["o'clock", "час дня", "hodina"]),
            ("records", ["records", "записей", "záznamů"]),
            ("sessions", ["sessions", "сеансов", "relací"]),
            ("users", ["users", "пользователей", "uživatelů"]),
            ("attempts", ["attempts", "попыток", "pokusů"]),
            ("events", ["events", "событий", "událostí"]),
            ("hours", ["hours", "часов", "hodin"]),
            ("minutes", ["minutes", "минут", "minut"]),
            ("objects", ["objects", "объектов", "objektů"]),
            ("seconds", ["seconds", "секунд", "sekund"]),
        ],
    ),
    (
        &["state"],
        &[
            ("call", ["call", "звонок", "hovor"]),
            ("talk", ["talk", "разговор", "rozhovor"]),
            ("duration", ["duration", "длительность", "trvání"]),
            ("writing", ["writing", "написание", "psaní"]),
            ("editing", ["editing", "редактирование", "úpravy"]),
            ("edited", ["edited", "отредактировано", "upraveno"]),
            ("closed", ["closed", "закрыто", "uzavřeno"]),
            ("paid", ["paid", "оплачиваемый", "placená"]),
            ("unpaid", ["unpaid", "неоплачиваемый", "neplacená"]),
            ("ready", ["ready", "готовность", "připravenost"]),
            ("free", ["free time", "свободное время", "volný čas"]),
            ("signed_in", ["signed in", "вход выполнен", "přihlášení"]),
        ],
    ),
    (&["figure"], FIGURES),
    (
        &["order"],
        &[("asc", ["ascending", "по возрастанию", "vzestupně"]), ("desc", ["descending", "по убыванию", "sestupně"])],
    ),
    (
        &["sort"],
        &[
            ("last_activity", ["last activity", "последняя активность", "poslední aktivita"]),
            ("name", ["name", "имя", "jméno"]),
            ("unreviewed", ["unreviewed violations", "нерассмотренные нарушения", "neprověřená porušení"]),
        ],
    ),
    (
        &["interval"],
        &[
            ("minute", ["minute", "минута", "minuta"]),
            ("hour", ["hour", "час", "hodina"]),
            ("day", ["day", "день", "den"]),
            ("week", ["week", "неделя", "týden"]),
            ("month", ["month", "месяц", "měsíc"]),
        ],
    ),
    (&["compare"], &[("previous", ["previous period", "прежний период", "předchozí období"])]),
    (
        &["resolution"],
        &[
            ("1m", ["1 min", "1 мин", "1 min"]),
            ("5m", ["5 min", "5 мин", "5 min"]),
            ("10m", ["10 min", "10 мин", "10 min"]),
            ("15m", ["15 min", "15 мин", "15 min"]),
            ("30m", ["30 min", "30 мин", "30 min"]),
            ("1h", ["1 h", "1 ч", "1 h"]),
            ("1d", ["1 day", "1 день", "1 den"]),
        ],
    ),
    (
        &["by", "distinct"],
        &[
            ("hour", ["hour", "час", "hodina"]),
            ("day", ["day", "день", "den"]),
            ("week", ["week", "неделя", "týden"]),
            ("action", ["action", "действие", "akce"]),
            ("channel", ["channel", "канал", "kanál"]),
            ("class", ["class", "класс", "třída"]),
            ("country", ["country", "страна", "země"]),
            ("device", ["kind of device", "вид устройства", "druh zařízení"]),
            ("devices", ["devices", "устройства", "zařízení"]),
            ("location", ["location", "локация", "pobočka"]),
            ("object_type", ["object type", "тип объекта", "typ objektu"]),
            ("user", ["user", "пользователь", "uživatel"]),
            ("users", ["users", "пользователи", "uživatelé"]),
        ],
    ),
    (
        &["role"],
        &[
            ("ingest", ["receipt of events", "приём событий", "příjem událostí"]),
            ("viewer", ["viewer", "просмотр", "prohlížení"]),
            ("supervisor", ["supervisor", "руководитель", "vedoucí"]),
            ("security", ["security", "безопасность", "bezpečnost"]),
            ("admin", ["admin", "администратор", "správce"]),
            ("platform", ["platform", "платформа", "platforma"]),
        ],
    ),
    (&["permissions"], PERMISSIONS),
    (
        &["profile"],
        &[
            ("none", ["no rules", "без правил", "žádná pravidla"]),
            ("marks_only", ["marks only", "только отметки", "jen označení"]),
            ("recommended", ["recommended", "рекомендуемый", "doporučený"]),
        ],
    ),
    (
        &["week_start"],
        &[
            ("monday", ["Monday", "понедельник", "pondělí"]),
            ("saturday", ["Saturday", "суббота", "sobota"]),
            ("sunday", ["Sunday", "воскресенье", "neděle"]),
        ],
    ),
    (
        &["languages"],
        &[
            ("en", ["English", "английский", "angličtina"]),
            ("ru", ["Russian", "русский", "ruština"]),
            ("cs", ["Czech", "чешский", "čeština"]),
        ],
    ),
    (&["action"], ACTIONS),
    (&["module"], MODULES),
    (&["object_type"], OBJECT_TYPES),
    (
        &[
            "active",
            "backfill",
            "enabled",
            "include_deactivated",
            "logging",
            "marked",
            "reviewed",
            "signed_in",
            "signed_out",
            "violations",
        ],
        &[("true", ["yes", "да", "ano"]), ("false", ["no", "нет", "ne"])],
    ),
    (&["limits"], LIMITS),
];

/// The same, by both.
static BY_VALUE: LazyLock<HashMap<(&str, &str), [&str; 3]>> = LazyLock::new(|| {
    let named = VALUES.iter().flat_map(|(names, words)| names.iter().map(move |name| (*name, *words)));
    named.flat_map(|(name, words)| words.iter().map(move |(value, words)| ((name, *value), *words))).collect()
});

/// A closed value in words; one that is not known, such as an application's own, is as it is.
pub(crate) fn value(name: &str, value: &str, lang: Lang) -> String {
    known(name, value, lang).unwrap_or_else(|| value.to_owned())
}

/// The word for a closed value, if there is one.
pub(crate) fn known(name: &str, value: &str, lang: Lang) -> Option<String> {
    if name == "channel" {
        return channel(value, lang).map(str::to_owned);
    }
    match BY_VALUE.get(&(name, value)) {
        Some(words) => Some(of(lang, *words).to_owned()),
        // What a user did is in the state of doing it.
        None if name == "state" => known("action", value, lang),
        None => None,
    }
}

/// What a closed value is called beside it. An application's own is called what it is.
pub(crate) fn label(name: &str, value: &str, lang: Lang) -> String {
    known(name, value, lang).unwrap_or_else(|| value.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use detect::rules::RuleSet;
    use schemas::access::Access;
    use schemas::catalogue::{Catalogue, Category, Class, classify_unknown};
    use schemas::settings::{Permission, Role};
    use schemas::violation::Action;

    use super::*;
    use crate::statistics::view::Dimension;
    use crate::violations::filter::LEVELS;

    /// P16: whatever the product has a closed set of has a word for each in every language.
    #[test]
    fn every_closed_value_has_words() {
        let mut wanted: Vec<(&str, String)> = Vec::new();
        let catalogue = Catalogue::shipped().unwrap();
        for entry in catalogue.entries() {
            wanted.push(("action", entry.action.clone()));
            wanted.push(("state", entry.action.clone()));
            wanted.push(("module", entry.module.clone()));
            wanted.push(("object_type", entry.object_type.clone()));
        }
        // Types that nobody declared have actions of the product's own, too.
        for done in
            "attached closed created deleted detached expired exported imported missed printed reopened restored \
                     session_expired signed_in signed_out touched updated viewed"
                .split(' ')
        {
            let action = classify_unknown(done, None, None).action.to_owned();
            wanted.extend(["action", "state"].map(|name| (name, action.clone())));
        }
        fn word(value: impl serde::Serialize) -> String {
            serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
        }
        wanted.extend([Class::Create, Class::Change, Class::Delete, Class::Other].map(|class| ("class", word(class))));
        let categories =
            [Category::SignIns, Category::Changes, Category::Views, Category::Configuration, Category::Other];
        wanted.extend(categories.map(|category| ("category", word(category))));
        wanted.extend(LEVELS.iter().map(|level| ("level", (*level).to_owned())));
        wanted.extend([Access::Allow, Access::Block, Access::Ask].map(|access| ("access", word(access))));
        wanted.extend([Action::Flag, Action::Block, Action::Ask].map(|action| ("violation_action", word(action))));
        wanted.extend(Role::ALL.map(|role| ("role", word(role))));
        wanted.extend(Permission::ALL.map(|permission| ("permissions", word(permission))));
        wanted.extend(Dimension::ALL.map(|dimension| ("by", word(dimension))));
        wanted.extend(Lang::ALL.map(|lang| ("languages", word(lang))));
        let rules = RuleSet::shipped().unwrap();
        for limit in rules.limits() {
            wanted.push(("limits", limit.name.to_string()));
            wanted.push(("unit", limit.unit.to_string()));
        }
        for (name, value) in wanted.iter().filter(|(_, value)| !value.is_empty()) {
            for lang in Lang::ALL {
                let word = known(name, value, lang);
                assert!(word.as_ref().is_some_and(|word| !word.contains('_')), "{name} {value} has no word: {word:?}");
            }
        }
        assert!(wanted.len() > 1000, "{}", wanted.len());
        assert_eq!(value("action", "frobnicate", Lang::Cs), "frobnicate");
        assert_eq!(value("action", "sign_in_failed", Lang::En), "failed sign-in");
        let labels = |name: &str, value: &str| Lang::ALL.map(|lang| label(name, value, lang));
        assert_eq!(labels("action", "sign_in_failed"), ["failed sign-in", "неудачный вход", "neúspěšné přihlášení"]);
        assert_eq!(labels("action", "other"), labels("class", "other"));
        assert_eq!(labels("channel", "web_chat"), ["web chat", "чат на сайте", "webový chat"]);
        assert_eq!(labels("state", "signed_in"), ["signed in", "вход выполнен", "přihlášení"]);
        assert_eq!(labels("object_type", "price_list"), ["price list"; 3]);
        assert_eq!(labels("category", ""), [""; 3]);
    }
}
