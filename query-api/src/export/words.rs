//! Names in the reader's language: headings of files, names of tables and columns, of parameters, and of the product's own settings.

use std::borrow::Cow;

use schemas::catalogue::Lang;

use crate::export::table::Word;
use crate::log::words::of;

/// Names in English, Russian and Czech, in the order of their letters.
const NAMES: &[(&str, [&str; 3])] = &[
    ("About", ["About", "О файле", "O souboru"]),
    ("about", ["about", "что", "co"]),
    ("access", ["access", "доступ", "přístup"]),
    ("action", ["action", "действие", "akce"]),
    ("actions", ["actions", "действия", "akce"]),
    ("active", ["active", "активен", "aktivní"]),
    ("activities", ["activities of the user", "действия пользователя", "činnosti uživatele"]),
    ("actor", ["actor", "исполнитель", "kdo"]),
    ("actor.label", ["actor", "исполнитель", "kdo"]),
    ("actor_email", ["e-mail of the actor", "эл. почта исполнителя", "e-mail toho, kdo"]),
    ("actor_id", ["actor id", "исполнитель", "kdo"]),
    ("actor_kind", ["kind of actor", "вид исполнителя", "druh toho, kdo"]),
    ("alert-deliveries", ["alert deliveries", "доставка оповещений", "doručení upozornění"]),
    ("all", ["all", "все", "vše"]),
    ("at", ["time", "когда", "kdy"]),
    ("attempt", ["attempt", "попытка", "pokus"]),
    ("backfill", ["from history", "из истории", "z historie"]),
    ("browser", ["browser", "браузер", "prohlížeč"]),
    ("burst", ["events at once", "событий сразу", "událostí najednou"]),
    ("by", ["by", "кем", "kým"]),
    ("category", ["category", "категория", "kategorie"]),
    ("change", ["change", "изменение", "změna"]),
    ("changed", ["changed field", "изменённое поле", "změněné pole"]),
    ("changed_from", ["old value", "прежнее значение", "předchozí hodnota"]),
    ("changed_to", ["new value", "новое значение", "nová hodnota"]),
    ("changes", ["changes", "изменения", "změny"]),
    ("channel", ["channel", "канал", "kanál"]),
    ("channels", ["channels", "каналы", "kanály"]),
    ("city", ["city", "город", "město"]),
    ("class", ["class", "класс", "třída"]),
    ("classes", ["classes", "классы", "třídy"]),
    ("clipped_end", ["cut at the end", "обрезано в конце", "na konci zkráceno"]),
    ("clipped_start", ["cut at the start", "обрезано в начале", "na začátku zkráceno"]),
    ("compare", ["compare", "сравнение", "srovnání"]),
    ("confidence", ["confidence", "уверенность", "jistota"]),
    ("configuration", ["changes of settings", "изменения настроек", "změny nastavení"]),
    ("context", ["context", "контекст", "kontext"]),
    ("count", ["count", "количество", "počet"]),
    ("counted", ["counted", "учтено", "započteno"]),
    ("countries", ["countries", "страны", "země"]),
    ("country", ["country", "страна", "země"]),
    ("cs", ["Czech", "чешский", "čeština"]),
    ("date", ["date", "дата", "datum"]),
    ("days", ["days", "дни", "dny"]),
    ("details", ["details", "подробности", "podrobnosti"]),
    ("detection", ["rules and limits", "правила и пределы", "pravidla a limity"]),
    ("device", ["device", "устройство", "zařízení"]),
    ("device kinds", ["kinds of devices", "виды устройств", "druhy zařízení"]),
    ("device_confidence", ["confidence in the device", "уверенность в устройстве", "jistota zařízení"]),
    ("device_id", ["device id", "id устройства", "id zařízení"]),
    ("device_kind", ["kind of device", "вид устройства", "druh zařízení"]),
    ("devices", ["devices", "устройства", "zařízení"]),
    ("disabled", ["off", "выключено", "vypnuto"]),
    ("distinct", ["different", "разные", "různé"]),
    ("duration", ["duration", "длительность", "trvání"]),
    ("duration_ms", ["duration, ms", "длительность, мс", "trvání, ms"]),
    ("edits", ["changed fields", "изменения полей", "změny polí"]),
    ("email", ["e-mail", "эл. почта", "e-mail"]),
    ("en", ["English", "английский", "angličtina"]),
    ("enabled", ["on", "включено", "zapnuto"]),
    ("end", ["end", "конец", "konec"]),
    ("endpoint", ["endpoint", "получатель", "příjemce"]),
    ("ends_at", ["end", "окончание", "konec"]),
    ("event_ids", ["event ids", "id событий", "id událostí"]),
    ("event_log", ["event log", "журнал событий", "záznam událostí"]),
    ("event_types", ["own types of events", "свои типы событий", "vlastní typy událostí"]),
    ("events", ["events", "события", "události"]),
    ("events_per_day", ["events per day", "событий в день", "událostí denně"]),
    ("events_per_month", ["events per month", "событий в месяц", "událostí měsíčně"]),
    ("events_per_second", ["events per second", "событий в секунду", "událostí za sekundu"]),
    ("exclude_action", ["but for the actions", "кроме действий", "kromě akcí"]),
    ("exclude_category", ["but for the categories", "кроме категорий", "kromě kategorií"]),
    ("exclude_class", ["but for the classes", "кроме классов", "kromě tříd"]),
    ("exclude_type", ["but for the types of events", "кроме типов событий", "kromě typů událostí"]),
    ("exempt", ["exempt from the checks", "освобождён от проверок", "vyňat z kontrol"]),
    ("expires_at", ["valid until", "действует до", "platí do"]),
    ("extra", ["extra", "дополнительно", "další údaje"]),
    ("failed_sign_ins", ["failed sign-ins", "неудачные входы", "neúspěšná přihlášení"]),
    ("figure", ["figure", "показатель", "ukazatel"]),
    ("figures", ["figures", "показатели", "ukazatele"]),
    ("first_at", ["first", "первое", "první"]),
    ("first_day", ["first day", "первый день", "první den"]),
    ("first_seen_at", ["first seen", "впервые замечен", "poprvé viděn"]),
    ("first_sign_in_at", ["first sign-in", "первый вход", "první přihlášení"]),
    ("format", ["format", "формат", "formát"]),
    ("geo", ["geo", "место", "místo"]),
    ("group", ["group", "группа", "skupina"]),
    ("group series", ["groups over time", "группы по времени", "skupiny v čase"]),
    ("grouping", ["grouping", "группировка", "seskupení"]),
    ("groups", ["groups", "группы", "skupiny"]),
    ("id", ["id", "id", "id"]),
    ("include_deactivated", ["with the deactivated", "с деактивированными", "včetně deaktivovaných"]),
    ("interval", ["interval", "интервал", "interval"]),
    ("intervals", ["intervals", "интервалы", "intervaly"]),
    ("ip", ["IP address", "IP-адрес", "IP adresa"]),
    ("ips", ["IP addresses", "IP-адреса", "IP adresy"]),
    ("key", ["key", "ключ", "klíč"]),
    ("key_2", ["key 2", "ключ 2", "klíč 2"]),
    ("key_id", ["key id", "id ключа", "id klíče"]),
    ("kind", ["kind", "вид", "druh"]),
    ("label", ["name", "название", "označení"]),
    ("languages", ["languages", "языки", "jazyky"]),
    ("last_activity_at", ["last activity", "последняя активность", "poslední aktivita"]),
    ("last_at", ["last", "последнее", "poslední"]),
    ("last_day", ["last day", "последний день", "poslední den"]),
    ("last_seen_at", ["last seen", "последний раз замечен", "naposledy viděn"]),
    ("last_sign_in_at", ["last sign-in", "последний вход", "poslední přihlášení"]),
    ("level", ["level", "уровень", "úroveň"]),
    ("limit", ["limit", "предел", "limit"]),
    ("limits", ["limits", "пределы", "limity"]),
    ("location", ["location", "локация", "pobočka"]),
    ("logging", ["logging of activity", "регистрация активности", "zaznamenávání aktivity"]),
    ("marked", ["marked by a violation", "с отметкой о нарушении", "s označením porušení"]),
    ("max_level", ["worst level", "наивысший уровень", "nejvyšší úroveň"]),
    ("message_id", ["message id", "id сообщения", "id zprávy"]),
    ("min_level", ["least level", "наименьший уровень", "nejnižší úroveň"]),
    ("model", ["model", "модель", "model"]),
    ("module", ["module", "модуль", "modul"]),
    ("name", ["name", "имя", "jméno"]),
    ("not_restorable_reason", ["why it can't be restored", "почему нельзя восстановить", "proč nelze obnovit"]),
    ("note", ["note", "примечание", "poznámka"]),
    ("object", ["object", "объект", "objekt"]),
    ("object types", ["types of objects", "типы объектов", "typy objektů"]),
    ("object_id", ["object id", "объект", "objekt"]),
    ("object_type", ["object type", "тип объекта", "typ objektu"]),
    ("objects", ["objects", "объекты", "objekty"]),
    ("occurred_at", ["time", "время", "čas"]),
    ("open", ["goes on", "продолжается", "trvá"]),
    ("order", ["order", "порядок", "pořadí"]),
    ("os", ["OS", "ОС", "OS"]),
    ("other", ["other", "остальное", "ostatní"]),
    ("outcome", ["outcome", "исход", "výsledek"]),
    ("owner", ["owner", "ответственное лицо", "odpovědná osoba"]),
    ("payload", ["payload", "данные", "data"]),
    ("permissions", ["permissions", "разрешения", "oprávnění"]),
    ("place", ["place", "место", "místo"]),
    ("plan", ["plan", "тарифный план", "tarif"]),
    ("points", ["points", "отметки", "body"]),
    ("previous", ["previous", "прежний период", "předchozí období"]),
    ("profile", ["profile", "профиль", "profil"]),
    ("proposed_days", ["proposed days", "предложено дней", "navrženo dní"]),
    ("proxy_header", ["proxy header", "заголовок прокси", "hlavička proxy"]),
    ("q", ["words", "слова", "slova"]),
    ("queries_per_second", ["queries per second", "запросов в секунду", "dotazů za sekundu"]),
    ("query_burst", ["queries at once", "запросов сразу", "dotazů najednou"]),
    ("quotas", ["quotas", "квоты", "kvóty"]),
    ("reason", ["reason", "причина", "důvod"]),
    ("received_at", ["received", "получено", "přijato"]),
    ("received_before", ["received before", "получено до", "přijato před"]),
    ("records", ["records", "записи", "záznamy"]),
    ("relative", ["share", "доля", "podíl"]),
    ("repeat_seconds", ["repeat after, s", "повтор через, с", "opakovat po, s"]),
    ("resolution", ["resolution", "разбиение", "dělení"]),
    ("restorable", ["restorable", "можно восстановить", "lze obnovit"]),
    ("restore_endpoint", ["endpoint for restoring", "адрес для восстановления", "adresa pro obnovení"]),
    ("retention", ["retention", "хранение", "uchovávání"]),
    ("review", ["review", "рассмотрение", "prověření"]),
    ("reviewed", ["reviewed", "рассмотрено", "prověřeno"]),
    ("revoked_at", ["revoked", "отозвано", "odvoláno"]),
    ("role", ["role", "роль", "role"]),
    ("ru", ["Russian", "русский", "ruština"]),
    ("rule", ["rule", "правило", "pravidlo"]),
    ("rule_version", ["rule version", "версия правила", "verze pravidla"]),
    ("rules", ["rules", "правила", "pravidla"]),
    ("secrets", ["signing secrets", "секреты подписи", "podpisová tajemství"]),
    ("seen", ["seen", "замечено", "zjištěno"]),
    ("sentence", ["sentence", "предложение", "věta"]),
    ("series", ["over time", "по времени", "v čase"]),
    ("session", ["session", "сеанс", "relace"]),
    ("session_key", ["session key", "ключ сеанса", "klíč relace"]),
    ("sessions", ["sessions", "сеансы", "relace"]),
    ("sign-ins", ["sign-ins", "входы", "přihlášení"]),
    ("sign_ins", ["sign-ins", "входы", "přihlášení"]),
    ("signals", ["signals", "сигналы", "signály"]),
    ("signed_in", ["signed in", "вход выполнен", "přihlášení proběhlo"]),
    ("signed_out", ["signed out", "выход выполнен", "odhlášení proběhlo"]),
    ("signed_out_at", ["signed out", "выход", "odhlášení"]),
    ("sort", ["order", "порядок", "pořadí"]),
    ("source", ["source", "источник", "zdroj"]),
    ("sql", ["SQL queries", "запросы SQL", "dotazy SQL"]),
    ("start", ["start", "начало", "začátek"]),
    ("started_at", ["start", "начало", "začátek"]),
    ("starts_at", ["start", "начало", "začátek"]),
    ("state", ["state", "состояние", "stav"]),
    ("statistics", ["statistics", "статистика", "statistika"]),
    ("status", ["status", "статус", "stav"]),
    ("tenant", ["tenant", "организация", "organizace"]),
    ("tenant_statistics", ["tenant statistics", "статистика организации", "statistika organizace"]),
    ("text", ["text", "текст", "text"]),
    ("time_zone", ["time zone", "часовой пояс", "časové pásmo"]),
    ("timeline", ["timeline", "хронология", "časová osa"]),
    ("title", ["title", "заголовок", "název"]),
    ("top", ["largest groups", "наибольших групп", "největších skupin"]),
    ("totals", ["totals", "всего", "celkem"]),
    ("track", ["track", "дорожка", "stopa"]),
    ("trusted_proxies", ["trusted proxies", "доверенные прокси", "důvěryhodné proxy"]),
    ("type", ["type", "тип", "typ"]),
    ("unit", ["unit", "единица", "jednotka"]),
    ("unreviewed_violations", ["unreviewed violations", "нерассмотренные нарушения", "neprověřená porušení"]),
    ("url", ["link", "ссылка", "odkaz"]),
    ("url_templates", ["templates of links", "шаблоны ссылок", "šablony odkazů"]),
    ("user", ["user", "пользователь", "uživatel"]),
    ("user_id", ["user id", "пользователь", "uživatel"]),
    ("user_ids", ["user ids", "id пользователей", "id uživatelů"]),
    ("users", ["users", "пользователи", "uživatelé"]),
    ("users_min", ["users at least", "пользователей не меньше", "uživatelů nejméně"]),
    ("value", ["value", "значение", "hodnota"]),
    ("version", ["version", "версия", "verze"]),
    ("views", ["views", "просмотры", "zobrazení"]),
    ("violation", ["violation", "нарушение", "porušení"]),
    ("violation_id", ["violation id", "id нарушения", "id porušení"]),
    ("violations", ["violations", "нарушения", "porušení"]),
    ("week_start", ["first day of the week", "первый день недели", "první den týdne"]),
    ("window_at", ["window", "окно", "okno"]),
    ("yaml", ["text of the rule", "текст правила", "text pravidla"]),
];

/// Returns the name of a table, a file or a column, with colons between its parts; a name that is not known stays as it is.
pub(crate) fn name(name: &str, lang: Lang) -> String {
    if let Some(whole) = known(name, lang) {
        return whole.to_owned();
    }
    let parts: Vec<&str> = name.split('.').map(|part| known(part, lang).unwrap_or(part)).collect();
    parts.join(": ")
}

/// The word for one name, if there is one.
pub(crate) fn known(name: &str, lang: Lang) -> Option<&'static str> {
    let at = NAMES.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    NAMES.get(at).map(|(_, words)| of(lang, *words))
}

/// What a column of a CSV file is called. In English as in JSON, so that a program that reads a file by names asks for `lang=en`.
pub(super) fn key(column: &'static str, lang: Lang) -> Cow<'static, str> {
    if lang == Lang::En { column.into() } else { name(column, lang).into() }
}

/// A word that stands for a value. In brackets, so that none is taken for a value that is the same.
pub(crate) fn word(word: Word, lang: Lang) -> &'static str {
    match word {
        Word::Nothing => of(lang, ["(none)", "(не указано)", "(neuvedeno)"]),
        Word::Others => of(lang, ["(all others)", "(все остальные)", "(všechny ostatní)"]),
    }
}

/// Yes or no.
pub(super) fn flag(flag: bool, lang: Lang) -> &'static str {
    if flag { of(lang, ["yes", "да", "ano"]) } else { of(lang, ["no", "нет", "ne"]) }
}

/// A number with the language's decimal sign.
pub(super) fn number(number: f64, lang: Lang) -> String {
    let text = number.to_string();
    if lang == Lang::En { text } else { text.replace('.', ",") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn texts(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                texts(&path, all);
            } else {
                // What tests name is no file's.
                all.push_str(std::fs::read_to_string(path).unwrap().split("#[cfg(test)]").next().unwrap());
            }
        }
    }

    /// P16: every column and table of a file has its words in each language.
    #[test]
    fn all_names_have_words() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0), "they are found by their order");
        let mut all = String::new();
        texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let mut names = 0;
        for mark in ["Column::new(\"", "columns!(\"", ".whole(\"", ">(\"", ".page(\"", "export(format, \""] {
            for rest in all.split(mark).skip(1) {
                let name = rest.split('"').next().unwrap();
                if mark == ">(\"" && !rest[name.len()..].starts_with("\")?;") {
                    continue;
                }
                names += 1;
                for part in name.split('/').next().unwrap().split('.') {
                    let word = known(part, Lang::En);
                    assert!(word.is_some_and(|word| !word.contains(['_', '.'])), "{part} of {name} has no words");
                }
            }
        }
        assert!(names > 100, "{names}");
    }

    /// P16: no two columns of a file have the same name.
    #[test]
    fn columns_are_told_apart() {
        let mut all = String::new();
        texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let mut tables = 0;
        for table in all.split("const COLUMNS: &'static [Column]").skip(1) {
            let columns = table.split(';').next().unwrap().split("Column::new(\"").skip(1);
            let columns: Vec<&str> = columns.map(|rest| rest.split('"').next().unwrap()).collect();
            tables += usize::from(columns.len() > 1);
            for lang in Lang::ALL {
                let mut names: Vec<String> = columns.iter().map(|column| name(column, lang)).collect();
                names.sort_unstable();
                names.dedup();
                assert_eq!(names.len(), columns.len(), "{lang}: {columns:?}");
            }
        }
        assert!(tables > 10, "{tables}");
    }

    #[test]
    fn names_in_languages() {
        assert_eq!(name("place.country", Lang::En), "place: country");
        assert_eq!(key("place.country", Lang::En), "place.country");
        assert_eq!(name("place.country", Lang::Cs), "místo: země");
        assert_eq!(name("unheard_of", Lang::Ru), "unheard_of");
        assert_eq!(number(-0.5, Lang::Cs), "-0,5");
    }
}
