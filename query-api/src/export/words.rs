//! Names in the reader's language: headings of files, names of tables and columns, of parameters, and of the product's own settings.
//! English is the names themselves, as in the JSON answer, so that a program that reads a file by them asks for `lang=en`.

use schemas::catalogue::Lang;

use crate::export::table::Word;
use crate::log::words::of;

/// Names, in Russian and Czech, in the order of their letters.
const NAMES: &[(&str, &str, &str)] = &[
    ("About", "О файле", "O souboru"),
    ("about", "что", "co"),
    ("access", "доступ", "přístup"),
    ("action", "действие", "akce"),
    ("actions", "действия", "akce"),
    ("active", "активен", "aktivní"),
    ("activities", "действия пользователя", "činnosti uživatele"),
    ("actor", "исполнитель", "kdo"),
    ("actor_email", "эл. почта исполнителя", "e-mail toho, kdo"),
    ("actor_id", "исполнитель", "kdo"),
    ("actor_kind", "вид исполнителя", "druh toho, kdo"),
    ("alert-deliveries", "доставка оповещений", "doručení upozornění"),
    ("all", "все", "vše"),
    ("at", "когда", "kdy"),
    ("attempt", "попытка", "pokus"),
    ("backfill", "из истории", "z historie"),
    ("browser", "браузер", "prohlížeč"),
    ("burst", "событий сразу", "událostí najednou"),
    ("by", "кем", "kým"),
    ("category", "категория", "kategorie"),
    ("change", "изменение", "změna"),
    ("changed", "изменённое поле", "změněné pole"),
    ("changed_from", "прежнее значение", "předchozí hodnota"),
    ("changed_to", "новое значение", "nová hodnota"),
    ("changes", "изменения", "změny"),
    ("channel", "канал", "kanál"),
    ("channels", "каналы", "kanály"),
    ("city", "город", "město"),
    ("class", "класс", "třída"),
    ("classes", "классы", "třídy"),
    ("clipped_end", "обрезано в конце", "na konci zkráceno"),
    ("clipped_start", "обрезано в начале", "na začátku zkráceno"),
    ("compare", "сравнение", "srovnání"),
    ("confidence", "уверенность", "jistota"),
    ("configuration", "изменения настроек", "změny nastavení"),
    ("context", "контекст", "kontext"),
    ("count", "количество", "počet"),
    ("counted", "учтено", "započteno"),
    ("countries", "страны", "země"),
    ("country", "страна", "země"),
    ("cs", "чешский", "čeština"),
    ("date", "дата", "datum"),
    ("days", "дни", "dny"),
    ("details", "подробности", "podrobnosti"),
    ("detection", "правила и ограничения", "pravidla a omezení"),
    ("device", "устройство", "zařízení"),
    ("device kinds", "виды устройств", "druhy zařízení"),
    ("device_confidence", "уверенность в устройстве", "jistota zařízení"),
    ("device_id", "id устройства", "id zařízení"),
    ("device_kind", "вид устройства", "druh zařízení"),
    ("devices", "устройства", "zařízení"),
    ("disabled", "выключено", "vypnuto"),
    ("distinct", "разные", "různé"),
    ("duration", "длительность", "trvání"),
    ("duration_ms", "длительность, мс", "trvání, ms"),
    ("edits", "изменения полей", "změny polí"),
    ("email", "эл. почта", "e-mail"),
    ("en", "английский", "angličtina"),
    ("enabled", "включено", "zapnuto"),
    ("end", "конец", "konec"),
    ("endpoint", "получатель", "příjemce"),
    ("ends_at", "окончание", "konec"),
    ("event_ids", "id событий", "id událostí"),
    ("event_log", "журнал событий", "záznam událostí"),
    ("event_types", "свои типы событий", "vlastní typy událostí"),
    ("events", "события", "události"),
    ("events_per_day", "событий в день", "událostí denně"),
    ("events_per_month", "событий в месяц", "událostí měsíčně"),
    ("events_per_second", "событий в секунду", "událostí za sekundu"),
    ("exclude_action", "кроме действий", "kromě akcí"),
    ("exclude_category", "кроме категорий", "kromě kategorií"),
    ("exclude_class", "кроме классов", "kromě tříd"),
    ("exclude_type", "кроме типов событий", "kromě typů událostí"),
    ("expires_at", "действует до", "platí do"),
    ("extra", "дополнительно", "další údaje"),
    ("failed_sign_ins", "неудачные входы", "neúspěšná přihlášení"),
    ("figure", "показатель", "ukazatel"),
    ("figures", "показатели", "ukazatele"),
    ("first_at", "первое", "první"),
    ("first_day", "первый день", "první den"),
    ("first_seen_at", "впервые замечен", "poprvé viděn"),
    ("first_sign_in_at", "первый вход", "první přihlášení"),
    ("format", "формат", "formát"),
    ("geo", "место", "místo"),
    ("group", "группа", "skupina"),
    ("group series", "группы по времени", "skupiny v čase"),
    ("grouping", "группировка", "seskupení"),
    ("groups", "группы", "skupiny"),
    ("id", "id", "id"),
    ("include_deactivated", "с деактивированными", "včetně deaktivovaných"),
    ("interval", "интервал", "interval"),
    ("intervals", "интервалы", "intervaly"),
    ("ip", "IP-адрес", "IP adresa"),
    ("ips", "IP-адреса", "IP adresy"),
    ("key", "ключ", "klíč"),
    ("key_2", "ключ 2", "klíč 2"),
    ("key_id", "id ключа", "id klíče"),
    ("kind", "вид", "druh"),
    ("label", "название", "označení"),
    ("languages", "языки", "jazyky"),
    ("last_activity_at", "последняя активность", "poslední aktivita"),
    ("last_at", "последнее", "poslední"),
    ("last_day", "последний день", "poslední den"),
    ("last_seen_at", "последний раз замечен", "naposledy viděn"),
    ("last_sign_in_at", "последний вход", "poslední přihlášení"),
    ("level", "уровень", "úroveň"),
    ("limit", "предел", "limit"),
    ("limits", "лимиты", "limity"),
    ("location", "локация", "pobočka"),
    ("logging", "регистрация активности", "zaznamenávání aktivity"),
    ("marked", "с отметкой о нарушении", "s označením porušení"),
    ("message_id", "id сообщения", "id zprávy"),
    ("min_level", "наименьший уровень", "nejnižší úroveň"),
    ("model", "модель", "model"),
    ("module", "модуль", "modul"),
    ("name", "имя", "jméno"),
    ("not_restorable_reason", "почему нельзя восстановить", "proč nelze obnovit"),
    ("note", "примечание", "poznámka"),
    ("object", "объект", "objekt"),
    ("object types", "типы объектов", "typy objektů"),
    ("object_id", "объект", "objekt"),
    ("object_type", "тип объекта", "typ objektu"),
    ("objects", "объекты", "objekty"),
    ("occurred_at", "время", "čas"),
    ("open", "продолжается", "trvá"),
    ("order", "порядок", "pořadí"),
    ("os", "ОС", "OS"),
    ("other", "остальное", "ostatní"),
    ("outcome", "исход", "výsledek"),
    ("owner", "ответственное лицо", "odpovědná osoba"),
    ("payload", "данные", "data"),
    ("permissions", "разрешения", "oprávnění"),
    ("place", "место", "místo"),
    ("plan", "тарифный план", "tarif"),
    ("points", "отметки", "body"),
    ("previous", "прежний период", "předchozí období"),
    ("profile", "профиль", "profil"),
    ("proposed_days", "предложено дней", "navrženo dní"),
    ("proxy_header", "заголовок прокси", "hlavička proxy"),
    ("q", "слова", "slova"),
    ("queries_per_second", "запросов в секунду", "dotazů za sekundu"),
    ("query_burst", "запросов сразу", "dotazů najednou"),
    ("quotas", "квоты", "kvóty"),
    ("reason", "причина", "důvod"),
    ("received_at", "получено", "přijato"),
    ("received_before", "получено до", "přijato před"),
    ("records", "записи", "záznamy"),
    ("relative", "доля", "podíl"),
    ("repeat_seconds", "повтор через, с", "opakovat po, s"),
    ("resolution", "разбиение", "dělení"),
    ("restorable", "можно восстановить", "lze obnovit"),
    ("restore_endpoint", "адрес для восстановления", "adresa pro obnovení"),
    ("retention", "хранение", "uchovávání"),
    ("review", "рассмотрение", "prověření"),
    ("reviewed", "рассмотрено", "prověřeno"),
    ("revoked_at", "отозвано", "odvoláno"),
    ("role", "роль", "role"),
    ("ru", "русский", "ruština"),
    ("rule", "правило", "pravidlo"),
    ("rule_version", "версия правила", "verze pravidla"),
    ("rules", "правила", "pravidla"),
    ("secrets", "секреты подписи", "podpisová tajemství"),
    ("seen", "замечено", "zjištěno"),
    ("sentence", "предложение", "věta"),
    ("series", "по времени", "v čase"),
    ("session", "сеанс", "relace"),
    ("session_key", "ключ сеанса", "klíč relace"),
    ("sessions", "сеансы", "relace"),
    ("sign-ins", "входы", "přihlášení"),
    ("sign_ins", "входы", "přihlášení"),
    ("signals", "сигналы", "signály"),
    ("signed_in", "вход выполнен", "přihlášení proběhlo"),
    ("signed_out", "выход выполнен", "odhlášení proběhlo"),
    ("signed_out_at", "выход", "odhlášení"),
    ("source", "источник", "zdroj"),
    ("sql", "запросы SQL", "dotazy SQL"),
    ("start", "начало", "začátek"),
    ("started_at", "начало", "začátek"),
    ("starts_at", "начало", "začátek"),
    ("state", "состояние", "stav"),
    ("statistics", "статистика", "statistika"),
    ("status", "статус", "stav"),
    ("tenant", "организация", "organizace"),
    ("tenant_statistics", "статистика организации", "statistika organizace"),
    ("text", "текст", "text"),
    ("time_zone", "часовой пояс", "časové pásmo"),
    ("timeline", "хронология", "časová osa"),
    ("title", "заголовок", "název"),
    ("top", "наибольших групп", "největších skupin"),
    ("totals", "всего", "celkem"),
    ("track", "дорожка", "stopa"),
    ("trusted_proxies", "доверенные прокси", "důvěryhodné proxy"),
    ("type", "тип", "typ"),
    ("unit", "единица", "jednotka"),
    ("unreviewed_violations", "нерассмотренные нарушения", "neprověřená porušení"),
    ("url", "ссылка", "odkaz"),
    ("url_templates", "шаблоны ссылок", "šablony odkazů"),
    ("user", "пользователь", "uživatel"),
    ("user_id", "пользователь", "uživatel"),
    ("user_ids", "id пользователей", "id uživatelů"),
    ("users", "пользователи", "uživatelé"),
    ("users_min", "пользователей не меньше", "uživatelů nejméně"),
    ("value", "значение", "hodnota"),
    ("version", "версия", "verze"),
    ("views", "просмотры", "zobrazení"),
    ("violation", "нарушение", "porušení"),
    ("violation_id", "id нарушения", "id porušení"),
    ("violations", "нарушения", "porušení"),
    ("week_start", "первый день недели", "první den týdne"),
    ("window_at", "окно", "okno"),
    ("yaml", "текст правила", "text pravidla"),
];

/// The name of a table, a file or a column, whose parts are told with a colon; a name that is not known is as it is.
pub(crate) fn name(name: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return name.to_owned();
    }
    let parts: Vec<&str> = name.split('.').map(|part| known(part, lang).unwrap_or(part)).collect();
    parts.join(": ")
}

/// The word for one name, if there is one.
pub(crate) fn known(name: &str, lang: Lang) -> Option<&'static str> {
    let at = NAMES.binary_search_by(|(known, ..)| known.cmp(&name)).ok()?;
    let (name, ru, cs) = NAMES.get(at)?;
    Some(of(lang, [name, ru, cs]))
}

/// A word that stands for a value. In brackets, so that none is taken for a value that is the same.
pub(super) fn word(word: Word, lang: Lang) -> &'static str {
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
                    assert!(known(part, Lang::Cs).is_some(), "{part} of {name} has no words");
                }
            }
        }
        assert!(names > 100, "{names}");
    }

    #[test]
    fn names_in_languages() {
        assert_eq!(name("place.country", Lang::En), "place.country");
        assert_eq!(name("place.country", Lang::Cs), "místo: země");
        assert_eq!(name("unheard_of", Lang::Ru), "unheard_of");
        assert_eq!(number(-0.5, Lang::Cs), "-0,5");
    }
}
